import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage } from 'node:http'
import { connect, createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ResourceServerOptions } from '@verifier-guard/core'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { trust } from '../dpop/api.js'
import { createApi } from './api.js'
import { call, partsOf } from './call.js'
import { bearerToken, bindTo, CA, createIdentity, createSelfSigned } from './clients.js'

const server = createIdentity('api')
const client = createIdentity('client')
const stranger = createIdentity('stranger')
const selfSigned = createSelfSigned()

/** What the documents say of Node's own TLS. */
const tls = {
  key: server.key,
  cert: server.cert,
  ca: CA,
  requestCert: true,
  rejectUnauthorized: false,
}
const options: ResourceServerOptions = {
  ...trust,
  certificate: 'socket',
  events: { denied: () => {} },
}
const { resourceServer, decide, ends, listening } = createApi(options)
afterAll(() => Promise.all(ends.map((end) => end())))

const bound = bindTo(client.thumbprint)
const cases = [
  ['its own client', bound, client, 200, 'accepted'],
  ['another client', bound, stranger, 401, 'certificate_mismatch'],
  ['a client without a certificate', bound, undefined, 401, 'certificate_missing'],
  ['a certificate that signs itself', bindTo(selfSigned.thumbprint), selfSigned, 200, 'accepted'],
  ['a bearer token without a certificate', bearerToken(), undefined, 200, 'accepted'],
  ['a bearer token with one', bearerToken(), stranger, 200, 'accepted'],
] as const

describe('HTTP/1.1', () => {
  let port = 0
  beforeAll(async () => {
    port = await listening(createServer(tls, decide))
  })

  test.each(cases)('%s', async (_, token, as, status, text) => {
    expect(await call({ port, token, as })).toMatchObject({ status, text })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a session of %s that goes on has the certificate it began with',
    async (version) => {
      const first = await call({ port, token: bound, as: client, version })
      expect(first).toMatchObject({ text: 'accepted', isReused: false })
      const { session } = first
      for (const as of [client, undefined, stranger]) {
        const again = { port, as, version, session }
        expect(await call({ ...again, token: bound })).toMatchObject({
          text: 'accepted',
          isReused: true,
        })
        const others = bindTo(stranger.thumbprint)
        expect(await call({ ...again, token: others })).toMatchObject({
          text: 'certificate_mismatch',
          isReused: true,
        })
      }
    },
  )
})

test('HTTP/2', async () => {
  const port = await listening(createSecureServer(tls, decide))
  const found: unknown[] = []
  for (const [, token, as] of cases) {
    const session = connect(`https://127.0.0.1:${port}`, {
      ca: CA,
      ...partsOf(as),
    })
    const stream = session.request({ authorization: `Bearer ${token}` })
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
    found.push([headers[':status'], (await stream.toArray()).join('')])
    session.close()
  }
  expect(found).toEqual(cases.map(([, , , status, text]) => [status, text]))
})

test('the handshake of a WebSocket', async () => {
  const upgrade = onExpress.protectUpgrade(options, (_: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  )
  const port = await listening(createServer(tls).on('upgrade', upgrade))
  const found: unknown[] = []
  for (const [, token, as] of cases) {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' }
    found.push((await call({ port, token, as, headers })).status)
  }
  expect(found).toEqual(cases.map(([, , , status]) => (status === 200 ? 101 : status)))
})

test('without TLS there is no certificate, whatever the request states', async () => {
  const port = await listening(createPlainServer(decide))
  const response = await fetch(`http://127.0.0.1:${port}`, {
    headers: { authorization: `Bearer ${bound}`, 'client-cert': 'a', 'x-client-cert': 'a' },
  })
  expect(await response.text()).toBe('certificate_missing')
  const web = new Request('https://api.example.org', {
    headers: { authorization: `Bearer ${bound}` },
  })
  await expect(resourceServer.authenticate(web)).rejects.toMatchObject({
    code: 'certificate_missing',
    reason: { hint: expect.stringMatching(/behind a proxy, name the field/) as unknown },
  })
})

describe('in a framework', () => {
  const starts: Readonly<Record<string, () => Promise<number> | number>> = {
    express: () => {
      const app = express().set('env', 'production')
      app.use(onExpress.auth(options)).get('/', (_, response) => void response.send('accepted'))
      return listening(createServer(tls, app))
    },
    koa: () => {
      const app = new Koa()
        .use(onKoa.auth(options))
        .use((context) => void (context.body = 'accepted'))
      const handle = app.callback()
      return listening(createServer(tls, (...both) => void handle(...both)))
    },
    fastify: async () => {
      const app = fastify({ https: tls })
      await app.register(onFastify.auth(options))
      app.get('/', () => 'accepted')
      await app.listen({ port: 0, host: '127.0.0.1' })
      ends.push(() => app.close())
      return (app.server.address() as AddressInfo).port
    },
  }

  test.each(Object.keys(starts))('%s', async (name) => {
    const port = await starts[name]!()
    for (const [, token, as, status] of cases)
      expect(await call({ port, token, as })).toMatchObject({ status })
  })

  test("a function gets the framework's own request", async () => {
    const found: unknown[] = []
    const seen = (name: string) => ({
      ...options,
      certificate: (own: object) => {
        found.push([name, ...['res', 'ctx', 'server', 'env'].filter((member) => member in own)])
        return client.certificate.raw
      },
    })
    const hono = new Hono().use(onHono.auth(seen('hono'))).get('/', (c) => c.text('accepted'))
    const koa = new Koa().use(onKoa.auth(seen('koa'))).callback()
    const app = fastify()
    await app.register(onFastify.auth(seen('fastify')))
    const ask = async (port: number) => {
      const headers = { authorization: `Bearer ${bound}` }
      return (await fetch(`http://127.0.0.1:${port}`, { headers })).status
    }
    await app.inject({ url: '/', headers: { authorization: `Bearer ${bound}` } })
    await app.close()
    await ask(await listening(createPlainServer((...both) => void koa(...both))))
    await hono.request('/', { headers: { authorization: `Bearer ${bound}` } })
    await ask(await listening(createPlainServer(express().use(onExpress.auth(seen('express'))))))
    expect(found).toEqual([
      ['fastify', 'server'],
      ['koa', 'res'],
      ['hono', 'res', 'env'],
      ['express', 'res'],
    ])
  })
})
