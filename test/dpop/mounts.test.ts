import { createServer, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  auth as express,
  createResourceServer,
  protectUpgrade,
  requiredRule,
  systemRuntime,
  type HeaderFields,
} from '@verifier-guard/express'
import { auth as fastify } from '@verifier-guard/fastify'
import { auth as hono, authOf as callerOnHono, requiredBinding } from '@verifier-guard/fetch/hono'
import { auth as koa } from '@verifier-guard/koa'
import createExpress from 'express'
import createFastify from 'fastify'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import Koa from 'koa'
import { WebSocket, WebSocketServer } from 'ws'
import { send } from '../contract/send.js'
import { mint, RESOURCE, trust } from './api.js'
import { createHolder } from './holder.js'

const holder = createHolder()
const options = { ...trust, resource: RESOURCE, events: { denied: () => {} } }
const nonce = { secrets: ['a-secret-that-all-instances-share-0001'] }

/** Fields with a token and a proof for this URL. */
function shown(url: string, more: object = {}) {
  const token = mint({ cnf: { jkt: holder.jkt } }, Math.floor(Date.now() / 1_000))
  return { authorization: `DPoP ${token}`, dpop: holder.proof({ url, token, ...more }) }
}

const servers: Server[] = []
afterAll(() => servers.forEach((server) => server.close()))

async function listen(server: Server): Promise<string> {
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a proof is made for the whole path', () => {
  test('Express: routers within routers, with a guard on each', async () => {
    const inner = createExpress.Router().use(express(options))
    inner.get('/me', (_req, res) => void res.json({}))
    const outer = createExpress.Router().use(express(options)).use('/v1', inner)
    const url = await listen(createServer(createExpress().use('/api', outer)))
    const status = async (path: string) =>
      (await send(`${url}/api/v1/me`, 'GET', shown(RESOURCE + path))).status
    expect(await status('/api/v1/me')).toBe(200)
    expect(await status('/v1/me')).toBe(401)
    expect(await status('/me')).toBe(401)
  })

  test('Express: one resource server behind two guards uses the proof up once', async () => {
    const shared = createResourceServer(options)
    const app = createExpress().use('/api', express(shared)).use('/api/me', express(shared))
    app.get('/api/me', (_req, res) => void res.json({}))
    const url = await listen(createServer(app))
    const fields = shown(`${RESOURCE}/api/me`)
    expect((await send(`${url}/api/me`, 'GET', fields)).status).toBe(200)
    expect((await send(`${url}/api/me`, 'GET', fields)).status).toBe(401)
  })

  test('Koa: an application that is mounted in another sees less of the path', async () => {
    const app = new Koa()
    app.use((ctx, next) => {
      ctx.path = ctx.path.slice('/api'.length)
      return next()
    })
    app.use(koa(options))
    app.use((ctx) => void (ctx.body = {}))
    const url = await listen(
      createServer((request, response) => void app.callback()(request, response)),
    )
    const ask = (path: string) => send(`${url}/api/me?a=b`, 'GET', shown(RESOURCE + path))
    expect((await ask('/api/me')).status).toBe(200)
    expect((await ask('/me')).status).toBe(401)
  })

  test('Fastify: a URL that is rewritten', async () => {
    const app = createFastify({ rewriteUrl: ({ url }) => url!.replace('/api', '') })
    await app.register(fastify(options))
    app.get('/me', () => ({}))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    expect((await send(`${url}/api/me`, 'GET', shown(`${RESOURCE}/api/me`))).status).toBe(200)
    expect((await send(`${url}/api/me`, 'GET', shown(`${RESOURCE}/me`))).status).toBe(401)
    await app.close()
  })

  test('Hono: an application that is mounted in another states the path in "resource"', async () => {
    const inner = new Hono().use(hono({ ...options, resource: `${RESOURCE}/api` }))
    inner.get('/me', (c) => c.json({}))
    const app = new Hono().mount('/api', inner.fetch)
    const headers = shown(`${RESOURCE}/api/me`)
    expect((await app.request('http://127.0.0.1/api/me', { headers })).status).toBe(200)
  })
})

describe('Hono: middleware that puts a copy in the place of the request', () => {
  const shared = createResourceServer(options)
  const app = new Hono()
  app.use('/api/*', hono(shared))
  // Without a Content-Length it reads the body, and makes a request of its own.
  app.use(bodyLimit({ maxSize: 1_000 }))
  app.use('/api/twice', hono(shared))
  for (const path of ['/api/once', '/api/twice'])
    app.post(path, requiredBinding('dpop'), async (c) =>
      c.json({ scheme: callerOnHono(c).scheme, body: await c.req.text() }),
    )
  afterAll(() => shared.close())

  test.each(['/api/once', '/api/twice'])('%s: its proof is used up once', async (path) => {
    const headers = shown(RESOURCE + path, { method: 'POST' })
    const post = async () => {
      const body = new Blob(['an order']).stream()
      const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      return app.request(`http://127.0.0.1${path}`, init)
    }
    const answer = await post()
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ scheme: 'DPoP', body: 'an order' })
    expect((await post()).status).toBe(401)
  })
})

describe('protectUpgrade', () => {
  const sockets = new WebSocketServer({ noServer: true })
  const added = new WeakMap<IncomingMessage, HeaderFields>()
  sockets.on('headers', (lines, request) => {
    for (const [name, value] of added.get(request) ?? []) lines.push(`${name}: ${value}`)
  })
  const allButClosed = requiredRule('open', (_, { url }: IncomingMessage) => url !== '/closed')
  const open = async (url: string, headers: Record<string, string>) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers })
    const outcome = await Promise.race([
      once(socket, 'message').then(([message]) => String(message)),
      once(socket, 'unexpected-response').then(([, response]) => response as IncomingMessage),
    ])
    socket.terminate()
    return outcome
  }
  const start = (dpop: object, more: object = {}) =>
    listen(
      createServer().on(
        'upgrade',
        protectUpgrade(
          { ...options, dpop, ...more },
          (request: IncomingMessage, socket: Duplex, head: Buffer, caller, fields) => {
            added.set(request, fields)
            sockets.handleUpgrade(request, socket, head, (client) => client.send(caller!.scheme))
          },
          { requirement: allButClosed },
        ),
      ),
    )

  test('checks the proof of the handshake, and refuses a bound token without one', async () => {
    const url = `${await start({})}/socket`
    const fields = shown(`${RESOURCE}/socket`)
    expect(await open(url, fields)).toBe('DPoP')
    expect(await open(url, fields)).toMatchObject({ statusCode: 401 })
    const bearer = { authorization: fields.authorization.replace('DPoP', 'Bearer') }
    expect(await open(url, bearer)).toMatchObject({ statusCode: 401 })
    expect(await open(url, shown(`${RESOURCE}/other`))).toMatchObject({ statusCode: 401 })
  })

  test('answers with the nonce', async () => {
    const url = `${await start({ nonce })}/socket`
    const refused = (await open(url, shown(`${RESOURCE}/socket`))) as IncomingMessage
    expect(refused.headers['dpop-nonce']).toEqual(expect.any(String))
    const given = { nonce: refused.headers['dpop-nonce'] as string }
    expect(await open(url, shown(`${RESOURCE}/socket`, given))).toBe('DPoP')
  })

  test('§8.2: hands on a new nonce with the handshake, and with a refusal by the requirement', async () => {
    let ahead = 0
    const runtime = { ...systemRuntime, now: () => systemRuntime.now() + ahead }
    const url = await start({ nonce }, { runtime })
    const refused = (await open(`${url}/socket`, shown(`${RESOURCE}/socket`))) as IncomingMessage
    ahead = 200_000
    const given = { nonce: refused.headers['dpop-nonce'] as string }
    const denied = await open(`${url}/closed`, shown(`${RESOURCE}/closed`, given))
    expect(denied).toMatchObject({ statusCode: 403 })
    expect((denied as IncomingMessage).headers['dpop-nonce']).toEqual(expect.any(String))
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, {
      headers: shown(`${RESOURCE}/socket`, given),
    })
    const [{ headers }] = (await once(socket, 'upgrade')) as [IncomingMessage]
    expect(headers['dpop-nonce']).toEqual(expect.any(String))
    socket.terminate()
  })
})

test('the package "dpop", as clients use it, makes proofs that pass', async () => {
  const { generateKeyPair, generateProof, calculateThumbprint } = await import('dpop')
  const keys = await generateKeyPair('ES256')
  const jkt = await calculateThumbprint(keys.publicKey)
  const token = mint({ cnf: { jkt } }, Math.floor(Date.now() / 1_000))
  const app = createExpress().get('/me', express(options), (_req, res) => void res.json({}))
  const url = await listen(createServer(app))
  const dpop = await generateProof(keys, `${RESOURCE}/me`, 'GET', undefined, token)
  expect((await send(`${url}/me`, 'GET', { authorization: `DPoP ${token}`, dpop })).status).toBe(
    200,
  )
})
