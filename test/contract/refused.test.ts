import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import express, { type ErrorRequestHandler } from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { send } from './send.js'
import { closing, listening, portOf, trusting } from './served.js'

const verifier = createDevVerifier()
const options = trusting(verifier)

const who = (auth: onExpress.AuthContext | undefined) => (auth ? 'known' : 'anonymous')

/** Goes on as if nothing had happened. */
const forgive: ErrorRequestHandler = (_error, _req, _res, next) => next()

function onExpressBy(make: typeof express) {
  const app = make().set('env', 'production')
  app.use(onExpress.auth(options, { optional: true }), forgive)
  app.get('/who', (req, res) => void res.send(who(onExpress.optionalAuthOf(req))))
  app.get('/asked', onExpress.requiredScopes('a'), (_req, res) => void res.send('asked'))
  return listening(createServer(app))
}

/** Applications whose error handling goes on after a refusal, and asks for the caller. */
const applications: Readonly<Record<string, () => Promise<Server>>> = {
  'Express 5': () => onExpressBy(express),
  'Express 4': () => onExpressBy(express4 as unknown as typeof express),
  Koa: () => {
    const app = new Koa()
    app.silent = true
    app.use(async (ctx, next) => {
      await next().catch(() => undefined)
      ctx.body = who(onKoa.optionalAuthOf(ctx))
    })
    app.use(onKoa.auth(options, { optional: true }))
    const answer = app.callback()
    return listening(createServer((request, response) => void answer(request, response)))
  },
  Fastify: async () => {
    const app = Fastify()
    app.setErrorHandler((_error, request, reply) =>
      reply.code(200).send(who(onFastify.optionalAuthOf(request))),
    )
    await app.register(onFastify.auth(options, { optional: true }))
    app.get('/who', (request) => who(onFastify.optionalAuthOf(request)))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return closing(app.server)
  },
  Hono: () => {
    const app = new Hono()
    app.use(async (c, next) => {
      await next()
      c.res = new Response(who(onHono.optionalAuthOf(c)))
    })
    app.use(onHono.auth(options, { optional: true })).get('/who', (c) => c.text('in'))
    const answer = getRequestListener(app.fetch)
    return listening(createServer((request, response) => void answer(request, response)))
  },
}

describe.each(Object.entries(applications))(
  '%s, with error handling that goes on',
  (name, start) => {
    let server: Server
    beforeAll(async () => void (server = await start()))
    const ask = (path: string, headers = {}) =>
      send(`http://127.0.0.1:${portOf(server)}${path}`, 'GET', headers)

    test('a bad token is never an anonymous caller', async () => {
      const { status, headers, body } = await ask('/who', { authorization: 'Bearer bad' })
      expect(body).not.toContain('anonymous')
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toContain('error="invalid_token"')
    })

    test('no token at all is one, and a good one is known', async () => {
      expect(await ask('/who')).toMatchObject({ status: 200, body: 'anonymous' })
      const good = { authorization: `Bearer ${verifier.mint()}` }
      expect(await ask('/who', good)).toMatchObject({ status: 200, body: 'known' })
    })

    if (name.startsWith('Express'))
      test('a requirement refuses a refused request again', async () => {
        const { status } = await ask('/asked', { authorization: 'Bearer bad' })
        expect(status).toBe(401)
      })
  },
)

/** Trusts the same Verifier, for another API: its tokens are refused here. */
const elsewhere = { ...options, audience: 'https://other.example.org' }
const good = () => ({ authorization: `Bearer ${verifier.mint()}` })

describe('a caller that a guard allowed and one within refused is no caller any more', () => {
  test('Express', async () => {
    const app = express().use(onExpress.auth(options))
    app.use(onExpress.auth(elsewhere), forgive)
    app.use((req, res) => void res.send(who((req as onExpress.GuardedRequest).auth)))
    const server = await listening(createServer(app))
    expect((await send(`http://127.0.0.1:${portOf(server)}/`, 'GET', good())).body).toBe(
      'anonymous',
    )
  })

  test('Koa', async () => {
    const app = new Koa<onKoa.AuthState>()
    app.use(async (ctx, next) => {
      await next().catch(() => undefined)
      ctx.body = who(ctx.state.auth)
    })
    app.use(onKoa.auth(options)).use(onKoa.auth(elsewhere))
    const answer = app.callback()
    const server = await listening(
      createServer((request, response) => void answer(request, response)),
    )
    expect((await send(`http://127.0.0.1:${portOf(server)}/`, 'GET', good())).body).toBe(
      'anonymous',
    )
  })

  test('Fastify', async () => {
    const app = Fastify()
    app.setErrorHandler((_error, request, reply) =>
      reply.code(200).send(who((request as onFastify.GuardedRequest).auth)),
    )
    await app.register(onFastify.auth(options))
    await app.register(onFastify.auth(elsewhere))
    app.get('/', () => 'in')
    expect((await app.inject({ url: '/', headers: good() })).body).toBe('anonymous')
    await app.close()
  })

  test('Hono', async () => {
    const app = new Hono<onHono.AuthEnv>()
    app.use(onHono.auth(options)).use(onHono.auth(elsewhere))
    app.get('/', (c) => c.text('in'))
    app.onError((_error, c) => c.text(who(c.var.auth)))
    const answer = await app.request('http://127.0.0.1/', { headers: good() })
    expect(await answer.text()).toBe('anonymous')
  })
})
