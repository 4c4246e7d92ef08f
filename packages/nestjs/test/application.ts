import type { INestApplication, ModuleMetadata } from '@nestjs/common'
import { Test, type TestingModuleBuilder } from '@nestjs/testing'
import type { Server } from 'node:http'
import { createDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { systemRuntime, type ResourceServerOptions } from '../src/index.js'

/** A Verifier within the process, and the options that trust it. */
export function createWorld(): {
  readonly verifier: DevVerifier
  readonly options: ResourceServerOptions
} {
  const verifier = createDevVerifier()
  const runtime = { ...systemRuntime, fetch: verifier.fetch }
  return { verifier, options: { issuer: verifier.issuer, profile: 'eudistack', runtime } }
}

/** Starts an application without listening. */
export async function start(
  metadata: ModuleMetadata,
  change = (builder: TestingModuleBuilder) => builder,
  adapt = (_: INestApplication): void => undefined,
): Promise<INestApplication<Server>> {
  const module = await change(Test.createTestingModule(metadata)).compile()
  const app = module.createNestApplication<INestApplication<Server>>({ logger: false })
  adapt(app)
  return app.init()
}
