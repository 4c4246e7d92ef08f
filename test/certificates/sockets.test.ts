import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage } from 'node:http'
import { connect, createSecureServer, type Http2Server } from 'node:http2'
import { createServer, request } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import type { SecureVersion, TLSSocket } from 'node:tls'
import {
  createResourceServer,
  type GuardError,
  type RequestLike,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onKoa from '@verifier-guard/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { trust } from '../dpop/api.js'
import {
  bearerToken,
  bindTo,
  CA,
  createIdentity,
  createSelfSigned,
  type Identity,
} from './clients.js'

const server = createIdentity('VATES-API')
const client = createIdentity('VATES-CLIENT')
const stranger = createIdentity('VATES-STRANGER')
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
const resourceServer = createResourceServer(options)
const ends: (() => unknown)[] = [() => resourceServer.close()]
afterAll(() => Promise.all(ends.map((end) => end())))

/** What the other side of a request is. */
interface Answering {
  writeHead(status: number): { end(text: string): unknown }
}

/** Answers with the code of the decision. */
function decide(incoming: RequestLike, response: Answering): void {
  const answer = (status: number, code: string) => void response.writeHead(status).end(code)
  resourceServer.authenticate(incoming).then(
    () => answer(200, 'accepted'),
    ({ status, code }: GuardError) => answer(status, code),
  )
}

async function listening(started: Server | Http2Server): Promise<number> {
  ends.push(() => started.close())
  started.listen(0, '127.0.0.1')
  await once(started, 'listening')
  return (started.address() as AddressInfo).port
}

/** How a client calls. */
interface Calling {
  readonly port: number
  readonly token: string
  readonly as?: Identity | undefined
  readonly version?: SecureVersion
  readonly session?: Buffer | undefined
}

/** What came back. */
interface Received {
  readonly status: number | undefined
  readonly text: string
  readonly isReused: boolean
  /** For the next connection. */
  readonly session: Buffer | undefined
}

const partsOf = (as: Identity | undefined) =>
  as === undefined ? {} : { key: as.key, cert: as.cert }

/** Calls over a connection of its own. */
async function call({ port, token, as, version, session }: Calling): Promise<Received> {
  const sent = request({
    port,
    host: '127.0.0.1',
    agent: false,
    ca: CA,
    checkServerIdentity: () => undefined,
    headers: { authorization: `Bearer ${token}` },
    ...partsOf(as),
    ...(version !== undefined && { minVersion: version, maxVersion: version }),
    ...(session !== undefined && { session }),
  })
  let next: Buffer | undefined
  sent.once('socket', (socket) => socket.on('session', (made: Buffer) => (next = made)))
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const isReused = (response.socket as TLSSocket).isSessionReused()
  const text = (await response.toArray()).join('')
  return { status: response.statusCode, text, isReused, session: next }
}

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
      checkServerIdentity: () => undefined,
      ...partsOf(as),
    })
    const stream = session.request({ authorization: `Bearer ${token}` })
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
    found.push([headers[':status'], (await stream.toArray()).join('')])
    session.close()
  }
  expect(found).toEqual(cases.map(([, , , status, text]) => [status, text]))
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
      return listening(createServer(tls, app.callback()))
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
})
