import 'reflect-metadata'
import { Injectable, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { startDevVerifier } from '@verifier-guard/dev-verifier'
import type { TokenSource, TokenSourceOptions } from '../../src/index.js'
import { InjectTokens, TokenSourceModule } from '../../src/nestjs.js'
import { startBoundApi } from '../bound-api.js'
import { closing, failureOf } from '../support.js'

class Caller {
  constructor(readonly tokens: TokenSource) {}
}
Injectable()(Caller)
InjectTokens()(Caller, undefined, 0)

const CONFIGURATION = Symbol('configuration')

async function startVerifier() {
  const verifier = closing(await startDevVerifier())
  const { credential, privateKey } = verifier.issueMachineCredential()
  return {
    verifier,
    options: { verifier: verifier.issuer, credential, privateKey: privateKey.hex, tries: 1 },
  }
}

async function startApplication(tokens: ReturnType<typeof TokenSourceModule.forRoot>) {
  class App {}
  Module({ imports: [tokens], providers: [Caller] })(App)
  return closing(
    await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false }),
  )
}

describe('TokenSourceModule', () => {
  it('provides one source, and closes it with the application', async () => {
    const { verifier, options } = await startVerifier()
    const application = await startApplication(TokenSourceModule.forRoot(options))
    const { tokens } = application.get(Caller)
    expect(typeof (await tokens.getToken())).toBe('string')
    expect(verifier.requests.token).toBe(1)
    await application.close()
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'closed' })
  })

  it('has tokens for the last requests of the application', async () => {
    const { options } = await startVerifier()
    class Leaving {
      token: string | undefined
      constructor(readonly tokens: TokenSource) {}
      beforeApplicationShutdown = async () => {
        this.token = await this.tokens.getToken()
      }
    }
    Injectable()(Leaving)
    InjectTokens()(Leaving, undefined, 0)
    class App {}
    Module({ imports: [TokenSourceModule.forRoot(options)], providers: [Leaving] })(App)
    const application = await NestFactory.createApplicationContext(App, { logger: false })
    const leaving = application.get(Leaving)
    await application.close()
    expect(typeof leaving.token).toBe('string')
  })

  it('takes its options from other providers', async () => {
    const { options } = await startVerifier()
    class Configuration {}
    Module({
      providers: [{ provide: CONFIGURATION, useValue: options }],
      exports: [CONFIGURATION],
    })(Configuration)
    const application = await startApplication(
      TokenSourceModule.forRootAsync({
        imports: [Configuration],
        inject: [CONFIGURATION],
        useFactory: (configuration: TokenSourceOptions) => configuration,
      }),
    )
    expect(typeof (await application.get(Caller).tokens.getToken())).toBe('string')
  })

  it('provides a source of bound tokens, with one key for the whole application', async () => {
    const api = await startBoundApi()
    const verifier = closing(await startDevVerifier({ profile: 'oauth' }))
    const { did, privateKey } = verifier.issueMachineCredential()
    const application = await startApplication(
      TokenSourceModule.forRoot({
        authorizationServer: verifier.issuer,
        clientId: did,
        privateKey: privateKey.hex,
        allowedOrigins: [api.origin],
        dpop: true,
      }),
    )
    const { tokens } = application.get(Caller)
    for (let call = 0; call < 2; call += 1)
      expect((await tokens.fetch(`${api.origin}/orders`)).status).toBe(200)
    expect(new Set(api.seen.map(({ jkt }) => jkt)).size).toBe(1)
  })

  it('stops the start of an application with a wrong key', async () => {
    const { verifier, options } = await startVerifier()
    const privateKey = verifier.issueMachineCredential().privateKey.hex
    const start = startApplication(TokenSourceModule.forRoot({ ...options, privateKey }))
    expect(await failureOf(start)).toMatchObject({ code: 'key_mismatch' })
  })

  it('stops the start of an application whose signer fails, as a KMS without permission does', async () => {
    const { options } = await startVerifier()
    const { privateKey: _, ...rest } = options
    const sign = () => Promise.reject(new Error('AccessDeniedException'))
    const signer = { alg: 'ES256', sign } as const
    const start = startApplication(TokenSourceModule.forRoot({ ...rest, signer }))
    expect(await failureOf(start)).toMatchObject({ code: 'signer_failed', retryable: true })
  })

  it('lets an application start while the Verifier is away', async () => {
    const { verifier, options } = await startVerifier()
    verifier.fail('token', 'refuse')
    const application = await startApplication(TokenSourceModule.forRoot(options))
    expect(application.get(Caller).tokens.health()).toMatchObject({ status: 'down' })
  })
})
