import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import Koa from 'koa'
import WebSocket, { WebSocketServer } from 'ws'
import { send } from './send.js'
import { closing, listening, portOf, trusting } from './served.js'

const verifier = createDevVerifier()
const options = trusting(verifier)

type Fields = IncomingMessage['headers']

/** As the page on tokens in other places has it, for Node's frameworks. */
function move(headers: Fields): void {
  const pair = headers.cookie?.split('; ').find((one) => one.startsWith('access_token='))
  if (pair !== undefined) headers.authorization ??= `Bearer ${pair.slice('access_token='.length)}`
  const forwarded = headers['x-forwarded-authorization']
  if (typeof forwarded === 'string') headers.authorization = forwarded
}

const applications: Readonly<Record<string, () => Promise<Server>>> = {
  express: () => {
    const app = express()
    app.use((req, _res, next) => (move(req.headers), next()))
    app.use(onExpress.auth(options)).get('/', (_req, res) => void res.send('in'))
    return listening(createServer(app))
  },
  koa: () => {
    const app = new Koa()
    app.silent = true
    app.use((ctx, next) => (move(ctx.req.headers), next()))
    app.use(onKoa.auth(options)).use((ctx) => void (ctx.body = 'in'))
    const answer = app.callback()
    return listening(createServer((request, response) => void answer(request, response)))
  },
  fastify: async () => {
    const app = Fastify()
    app.addHook('onRequest', (request, _, done) => (move(request.raw.headers), done()))
    await app.register(onFastify.auth, options)
    app.get('/', () => 'in')
    await app.listen({ port: 0, host: '127.0.0.1' })
    return closing(app.server)
  },
  hono: () => {
    const app = new Hono()
    app.use((c, next) => {
      const token = getCookie(c, 'access_token')
      const forwarded = c.req.header('x-forwarded-authorization')
      const headers = new Headers(c.req.raw.headers)
      if (token !== undefined && !headers.has('authorization'))
        headers.set('authorization', `Bearer ${token}`)
      if (forwarded !== undefined) headers.set('authorization', forwarded)
      c.req.raw = new Request(c.req.raw, { headers })
      return next()
    })
    app.use(onHono.auth(options)).get('/', (c) => c.text('in'))
    const answer = getRequestListener(app.fetch)
    return listening(createServer((request, response) => void answer(request, response)))
  },
}

describe.each(Object.entries(applications))(
  '%s, with tokens moved ahead of the guard',
  (_, start) => {
    let server: Server
    beforeAll(async () => void (server = await start()))

    test.each<[string, () => Record<string, string>, number]>([
      ['a cookie', () => ({ cookie: `a=1; access_token=${verifier.mint()}` }), 200],
      ['a cookie with a bad token', () => ({ cookie: 'access_token=bad' }), 401],
      ['a cookie of another name', () => ({ cookie: `xaccess_token=${verifier.mint()}` }), 401],
      [
        'a bad token in the field, beside a good cookie',
        () => ({ authorization: 'Bearer bad', cookie: `access_token=${verifier.mint()}` }),
        401,
      ],
      [
        "a gateway's field beside a token of its own",
        () => ({
          authorization: 'Bearer of.the.gateway',
          'x-forwarded-authorization': `Bearer ${verifier.mint()}`,
        }),
        200,
      ],
      ['nothing', () => ({}), 401],
    ])('%s', async (_, headers, status) => {
      expect((await send(`http://127.0.0.1:${portOf(server)}/`, 'GET', headers())).status).toBe(
        status,
      )
    })
  },
)

test.each<[string, () => string[], string]>([
  ['a token', () => ['bearer', verifier.mint()], 'known over bearer'],
  ['a bad token', () => ['bearer', 'bad'], '401'],
  ['none', () => ['chat'], '401'],
])('a WebSocket with %s as subprotocol', async (_, protocols, outcome) => {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('bearer') ? 'bearer' : false),
  })
  const upgrade = onExpress.protectUpgrade(
    options,
    (request: IncomingMessage, socket: Duplex, head: Buffer, auth) =>
      sockets.handleUpgrade(request, socket, head, (client) =>
        client.send(auth === undefined ? 'anonymous' : 'known'),
      ),
  )
  const server = await listening(
    createServer().on('upgrade', (request, socket, head) => {
      const [scheme, token] = (request.headers['sec-websocket-protocol'] ?? '').split(/, */)
      if (scheme === 'bearer' && token !== undefined) {
        request.headers.authorization ??= `Bearer ${token}`
        request.headers['sec-websocket-protocol'] = 'bearer'
      }
      upgrade(request, socket, head)
    }),
  )
  const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}`, protocols())
  client.on('error', () => {})
  const found = await new Promise((resolve) => {
    client.on('message', (message: Buffer) =>
      resolve(`${message.toString()} over ${client.protocol}`),
    )
    client.on('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)))
  })
  expect(found).toBe(outcome)
  client.terminate()
})
