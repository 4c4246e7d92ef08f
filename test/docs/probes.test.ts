import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import type { Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import type { FastifyInstance } from 'fastify'
import type { Hono } from 'hono'
import type Koa from 'koa'
import type { Express } from 'express'
import type { AddressInfo, Server } from 'node:net'
import ts from 'typescript'
import { root } from './snippets.js'

/*
 * Runs the recipes of the page on probes, as they stand there.
 */
const page = readFileSync(join(root, 'packages/core/docs/probes.md'), 'utf8')
const recipes = new Map(
  [...page.matchAll(/^## (.*)\n\n```ts\n([^]*?)^```$/gm)].map(([, name, code]) => [name!, code!]),
)

type Exports = Readonly<Record<string, unknown>>
type Running = { readonly url: string; readonly close: () => Promise<unknown> }

const started: { close(): void }[] = []

/** Runs a recipe with the development Verifier in place of the one that it names. */
function run(code: string, issuer: string): Exports {
  const { outputText } = ts.transpileModule(
    // A recipe runs as long as its process: what it makes is handed out, to be closed here.
    `${code.replace('https://verifier.example.org/verifier', issuer)}\nstarted.push(resourceServer)`,
    {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        esModuleInterop: true,
      },
    },
  )
  const exports = {}
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page's own code
  const recipe = new Function('exports', 'require', 'started', outputText) as (
    ...its: unknown[]
  ) => void
  recipe(exports, require, started)
  return exports
}

async function listening(server: Server): Promise<Running> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

const HOST = { port: 0, hostname: '127.0.0.1' }

/** How what a recipe exports is started. */
const START: Readonly<Record<string, (exported: Exports) => Promise<Running>>> = {
  Express: ({ app }) => listening((app as Express).listen(0, '127.0.0.1')),
  Koa: ({ app }) => listening((app as Koa).listen(0, '127.0.0.1')),
  Hono: ({ app }) => listening(serve({ fetch: (app as Hono).fetch, ...HOST })),
  Fastify: async ({ app }) => {
    const fastify = app as FastifyInstance
    return {
      url: await fastify.listen({ port: 0, host: '127.0.0.1' }),
      close: () => fastify.close(),
    }
  },
  NestJS: async ({ AppModule }) => {
    const nest = await NestFactory.create(AppModule as Type, { logger: false })
    await nest.listen(0, '127.0.0.1')
    return { url: await nest.getUrl(), close: () => nest.close() }
  },
}

const ignore = () => {}
let verifier: DevVerifier
beforeAll(async () => {
  // The recipes listen to no event: without this, each of them would warn of the outage.
  subscribe('verifier-guard:keySetFailed', ignore)
  verifier = await startDevVerifier()
})
afterAll(async () => {
  for (const resourceServer of started) resourceServer.close()
  unsubscribe('verifier-guard:keySetFailed', ignore)
  await verifier.close()
})

test('there is a recipe for each framework', () => {
  expect([...recipes.keys()].sort()).toEqual(Object.keys(START).sort())
})

describe.each([...recipes])('the recipe for %s', (name, code) => {
  const ask = async (url: string) => {
    const response = await fetch(url)
    return [response.status, await response.json()] as const
  }

  test('answers both probes, without a token', async () => {
    const { url, close } = await START[name]!(run(code, verifier.issuer))
    try {
      let answer = await ask(`${url}/ready`)
      while (answer[0] === 503) answer = await ask(`${url}/ready`)
      expect(answer).toEqual([200, { status: 'ready' }])
      expect(await ask(`${url}/live`)).toEqual([200, { status: 'live' }])
      // The recipe for NestJS has no other route.
      expect((await fetch(`${url}/offers`)).status).toBe(name === 'NestJS' ? 404 : 401)
    } finally {
      await close()
    }
  })

  test('is live but not ready while there are no keys', async () => {
    verifier.fail('jwks', 'status-503')
    const { url, close } = await START[name]!(run(code, verifier.issuer))
    try {
      expect(await ask(`${url}/live`)).toEqual([200, { status: 'live' }])
      expect(await ask(`${url}/ready`)).toEqual([503, { status: 'down' }])
    } finally {
      verifier.heal()
      await close()
    }
  })
})
