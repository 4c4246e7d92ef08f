import { getRequestListener } from '@hono/node-server'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import * as ofHono from '@verifier-guard/fetch/hono'
import * as ofKoa from '@verifier-guard/koa'
import express4 from 'express4'
import express5 from 'express'
import Fastify, { type FastifyPluginCallback } from 'fastify'
import { Hono, type MiddlewareHandler } from 'hono'
import Koa from 'koa'
import type { Running } from './application.js'
import { listen } from './drivers/listen.js'
import { send } from './send.js'

const verifier = createDevVerifier()
const runtime = { ...ofExpress.systemRuntime, fetch: verifier.fetch }
const options = { issuer: verifier.issuer, profile: 'eudistack', runtime } as const
const bearer = { authorization: `Bearer ${verifier.mint({ tenant: 'kpmg' })}` }

/** What stands before a handler: a guard, called or not, or a requirement. */
type Before =
  'auth' | 'auth()' | 'auth(), optional' | 'requiredScopes' | 'requiredScopes()' | 'nothing'
type Read = 'optionalAuthOf' | 'authOf'

/** An application that answers who calls, with the errors that its framework got to see. */
interface Application extends Running {
  readonly seen: readonly unknown[]
}

const who = (auth: ofExpress.AuthContext | undefined) => auth?.tenant ?? 'nobody'

/** What a user who can't write it otherwise than wrong would put there. */
function handlerOf<T>(
  before: Before,
  { auth, requiredScopes }: Pick<typeof ofExpress, 'requiredScopes'> & { readonly auth: unknown },
): T[] {
  const make = auth as (...parameters: unknown[]) => unknown
  const handlers: Readonly<Record<Before, () => unknown[]>> = {
    auth: () => [make],
    'auth()': () => [make(options)],
    'auth(), optional': () => [make(options, { optional: true })],
    requiredScopes: () => [requiredScopes],
    'requiredScopes()': () => [requiredScopes('orders:read')],
    nothing: () => [],
  }
  return handlers[before]() as T[]
}

function onExpress(express: typeof express5) {
  return async (before: Before, read: Read): Promise<Application> => {
    const seen: unknown[] = []
    const app = express().set('env', 'production')
    for (const handler of handlerOf<express5.RequestHandler>(before, ofExpress)) app.use(handler)
    app.get('/', (req, res) => void res.send(who(ofExpress[read](req))))
    app.use(
      ((error, _req, _res, next) => (
        seen.push(error),
        next(error)
      )) as express5.ErrorRequestHandler,
    )
    return { ...(await listen(app)), seen }
  }
}

const frameworks: Readonly<Record<string, (before: Before, read: Read) => Promise<Application>>> = {
  'express 4': onExpress(express4),
  'express 5': onExpress(express5),
  koa: async (before, read) => {
    const seen: unknown[] = []
    const app = new Koa<ofKoa.AuthState>().on('error', (error) => seen.push(error))
    for (const handler of handlerOf<Koa.Middleware>(before, ofKoa as never)) app.use(handler)
    app.use((ctx) => void (ctx.body = who(ofKoa[read](ctx))))
    return { ...(await listen(app.callback())), seen }
  },
  fastify: async (before, read) => {
    const seen: unknown[] = []
    const app = Fastify()
    app.addHook('onError', (_request, _reply, error, done) => (seen.push(error), done()))
    const [handler] = handlerOf<ofFastify.Handler & FastifyPluginCallback>(
      before,
      ofFastify as never,
    )
    if (before.startsWith('auth(')) await app.register(handler!)
    app.get('/', before.startsWith('auth(') || !handler ? {} : { onRequest: handler }, (request) =>
      who(ofFastify[read](request)),
    )
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close(), seen }
  },
  hono: async (before, read) => {
    const seen: unknown[] = []
    const app = new Hono()
    app.use(async (c, next) => {
      await next()
      if (c.error !== undefined) seen.push(c.error)
    })
    for (const handler of handlerOf<MiddlewareHandler>(before, ofHono as never)) app.use(handler)
    app.get('/', (c) => c.text(who(ofHono[read](c))))
    return { ...(await listen(getRequestListener(app.fetch))), seen }
  },
}

async function ask(start: () => Promise<Application>, headers = {}) {
  const app = await start()
  const { status, body } = await send(`${app.url}/`, 'GET', headers)
  await app.close()
  return { status, body, messages: app.seen.map((error) => (error as Error).message) }
}

// Where the last resorts of Express and Hono tell the operator.
beforeAll(() => void jest.spyOn(console, 'error').mockReturnValue())
afterAll(() => jest.restoreAllMocks())

describe.each(Object.entries(frameworks))('%s', (_, start) => {
  const misconfigured = async (before: Before, read: Read = 'optionalAuthOf') => {
    const { status, body, messages } = await ask(() => start(before, read), bearer)
    expect(status).toBe(500)
    // Nothing of the message, nor of the place in the code.
    expect(body).not.toMatch(/auth|required|optionalAuthOf|orders|\.[jt]s\b/)
    expect(messages).toHaveLength(1)
    return messages[0]
  }

  test('optionalAuthOf gives the caller, behind either guard', async () => {
    const caller = { status: 200, body: 'kpmg', messages: [] }
    expect(await ask(() => start('auth()', 'optionalAuthOf'), bearer)).toEqual(caller)
    expect(await ask(() => start('auth(), optional', 'optionalAuthOf'), bearer)).toEqual(caller)
  })

  test('optionalAuthOf gives undefined for nobody', async () => {
    expect(await ask(() => start('auth(), optional', 'optionalAuthOf'))).toEqual({
      status: 200,
      body: 'nobody',
      messages: [],
    })
  })

  test('authOf names optionalAuthOf where nobody was let in', async () => {
    const { status, messages } = await ask(() => start('auth(), optional', 'authOf'))
    expect(status).toBe(500)
    expect(messages).toEqual([
      expect.stringContaining('use optionalAuthOf(…), or auth({ … }) without "optional"'),
    ])
  })

  test.each<Read>(['optionalAuthOf', 'authOf'])('%s without a guard is a mistake', async (read) => {
    expect(await misconfigured('nothing', read)).toContain('put auth({ … }) ahead of the route')
  })

  test('a requirement without a guard is a mistake', async () => {
    expect(await misconfigured('requiredScopes()')).toContain('put auth({ … }) ahead of the route')
  })

  test('auth that is not called says so', async () => {
    expect(await misconfigured('auth')).toContain('call it: auth({ … })')
  })

  test('a requirement that is not called says so', async () => {
    expect(await misconfigured('requiredScopes')).toContain('call it: requiredScopes(…)')
  })
})

describe('fastify, besides', () => {
  test('auth registered without being called says so', () => {
    expect(() => ofFastify.auth(Fastify() as never, {})).toThrow('call it: auth({ … })')
  })

  test('optionalAuthOf gives undefined on a route that its config opens', async () => {
    const app = Fastify().register(ofFastify.auth(options))
    app.register((scope, _, done) => {
      scope.get('/', { config: { auth: false } }, (request) =>
        who(ofFastify.optionalAuthOf(request)),
      )
      done()
    })
    expect((await app.inject('/')).body).toBe('nobody')
  })
})

test('options with a wrong member are options still', () => {
  expect(() => ofExpress.auth({ ...options, headers: {} } as never)).toThrow(
    'found "headers": check the spelling',
  )
})
