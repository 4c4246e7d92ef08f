import { EventEmitter, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemRuntime, type AuthContext } from '@verifier-guard/core'
import { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import WebSocket, { WebSocketServer } from 'ws'
import { heard, type Application, type Mount, type Route, type Running } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

const verifier = createDevVerifier({ issuer: 'https://verifier.example.test' })
const other = createDevVerifier({ issuer: 'https://other.example.test' })
/** Called by the test when the token has expired. */
let timers: (() => void)[] = []
let ahead = 0
/** Tells of each timer that is called off. */
const clock = new EventEmitter()
const runtime = {
  ...systemRuntime,
  fetch: (input: string, init?: RequestInit) =>
    (input.startsWith(other.issuer) ? other : verifier).fetch(input, init),
  now: () => systemRuntime.now() + ahead,
  schedule: (callback: () => void) => {
    timers.push(callback)
    return () => {
      if (!timers.includes(callback)) return
      timers = timers.filter((other) => other !== callback)
      clock.emit('called off')
    }
  },
}
const trust = { profile: 'eudistack', runtime, events: heard } as const
const outer = { ...trust, issuer: [verifier.issuer, other.issuer] }
const inner = { ...trust, issuer: other.issuer }

const who = (auth: AuthContext | undefined) => (auth === undefined ? 'anonymous' : 'known')

/** Keeps a socket open until its caller's token expires. */
function greet(socket: WebSocket, auth: AuthContext): void {
  socket.send('first')
  const close = () => socket.close(4401, 'token expired')
  socket.once('close', whenExpired(auth, close, runtime))
}

const orders: Mount = {
  path: '/api',
  options: outer,
  routes: [
    { method: 'get', path: '/stream', stream: runtime },
    { method: 'get', path: '/socket', socket: greet },
  ],
}
const within: Route = {
  method: 'get',
  path: '/inner',
  options: inner,
  handle: ({ authOf }) => authOf().issuer,
}

/** An API as it stands behind a proxy and before browsers: `/health` is open, the rest guarded. */
const applicationOf = (nests: boolean): Application => ({
  cors: true,
  proxied: true,
  mounts: [
    { path: '', routes: [{ method: 'get', path: '/health', handle: () => 'up' }] },
    {
      path: '/optional',
      options: outer,
      authOptions: { optional: true },
      routes: [{ method: 'get', path: '/who', handle: ({ auth }) => who(auth) }],
    },
    { ...orders, routes: [...orders.routes, ...(nests ? [within] : [])] },
  ],
})

/** What refuses sockets before their handshake, on any server of Node. */
function upgrade() {
  const sockets = new WebSocketServer({ noServer: true })
  return protectUpgrade(outer, (request: IncomingMessage, socket: Duplex, head: Buffer, auth) =>
    sockets.handleUpgrade(request, socket, head, (client) => greet(client, auth!)),
  )
}

const bearer = ({ mint } = verifier) => ({ authorization: `Bearer ${mint()}` })
const expire = () => {
  ahead = 3_600_000
  for (const timer of timers) timer()
}

/**
 * Has the keys fetched by a token that is refused all the same: whatever waits from then on waits
 * for a token to expire.
 */
async function warm(refuse: (headers: Record<string, string>) => Promise<unknown>) {
  const token = verifier.mint({ claims: { aud: 'somebody else' } })
  await refuse({ authorization: `Bearer ${token}` })
  timers = []
}

describe.each(driversFor('surroundings'))('$name', (driver) => {
  const nests = !driver.lacks?.includes('nested')
  let app: Running
  beforeAll(async () => {
    app = await driver.build(applicationOf(nests))
    if (!driver.sockets) app.server!.on('upgrade', upgrade())
  })
  beforeEach(() => {
    timers = []
    ahead = 0
  })
  afterAll(() => app.close())

  test('a preflight carries no token and needs none', async () => {
    const headers = {
      origin: 'https://shop.example.org',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const { status, headers: answered } = await send(`${app.url}/api/stream`, 'OPTIONS', headers)
    expect(status).toBe(204)
    expect(answered['access-control-allow-origin']).toBeDefined()
    expect(answered['www-authenticate']).toBeUndefined()
  })

  test('a refusal can be read by the page that caused it', async () => {
    const { status, headers } = await send(`${app.url}/api/stream`, 'GET', {
      origin: 'https://shop.example.org',
    })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="api"')
    expect(headers['access-control-allow-origin']).toBeDefined()
  })

  test.each([
    '/API/stream',
    '/Api/Inner',
    '/api/STREAM',
    '/api//stream',
    '/%61pi/stream',
    '/api/stream/',
  ])('no other spelling of a path gets past the guard: %s', async (path) =>
    expect([401, 404]).toContain((await send(app.url + path, 'GET', {})).status),
  )

  test('a path that is left out is open, whatever the token', async () => {
    const { status, body } = await send(`${app.url}/health`, 'GET', {
      authorization: 'Bearer rubbish',
    })
    expect({ status, body }).toEqual({ status: 200, body: 'up' })
  })

  test('a trusted proxy does not speak for the caller', async () => {
    const headers = {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      forwarded: 'for=127.0.0.1',
      'x-forwarded-user': 'admin',
      'x-forwarded-access-token': verifier.mint(),
    }
    expect((await send(`${app.url}/api/stream`, 'GET', headers)).status).toBe(401)
  })

  test('optional authentication lets an anonymous caller in, and no bad token', async () => {
    const ask = async (headers = {}) => {
      const { status, body } = await send(`${app.url}/optional/who`, 'GET', headers)
      return status === 200 ? body : status
    }
    expect(await ask()).toBe('anonymous')
    expect(await ask(bearer())).toBe('known')
    expect(await ask({ authorization: 'Bearer rubbish' })).toBe(401)
  })

  if (nests)
    test('a guard within a guard decides as well, and handlers see its caller', async () => {
      const ask = (headers = {}) => send(`${app.url}/api/inner`, 'GET', headers)
      expect(await ask(bearer(other))).toMatchObject({ status: 200, body: other.issuer })
      expect((await ask(bearer())).status).toBe(401)
      expect((await ask()).status).toBe(401)
    })

  test('a stream begins before the token expires, and ends when it does', async () => {
    const response = await fetch(`${app.url}/api/stream`, { headers: bearer() })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('first')
    expire()
    expect((await reader.read()).value).toBe('last')
    expect((await reader.read()).done).toBe(true)
  })

  test('a stream whose reader has left waits for nothing any more', async () => {
    await warm((headers) => send(`${app.url}/api/stream`, 'GET', headers))
    const leaving = new AbortController()
    const { body } = await fetch(`${app.url}/api/stream`, {
      headers: bearer(),
      signal: leaving.signal,
    })
    await body!.getReader().read()
    expect(timers).toHaveLength(1)
    const calledOff = once(clock, 'called off')
    leaving.abort()
    await calledOff
    expect(timers).toEqual([])
  })

  describe('a WebSocket', () => {
    const open = (headers = {}) =>
      new WebSocket(`${app.url.replace('http', 'ws')}/api/socket`, { headers })

    test.each([
      ['without a token', {}, 'Bearer realm="api"'],
      [
        'with a bad token',
        { authorization: 'Bearer rubbish' },
        /^Bearer realm="api", error="invalid_token"/,
      ],
    ])('a socket %s is refused before the handshake', async (_, headers, challenge) => {
      const [, answer] = (await once(open(headers), 'unexpected-response')) as [
        unknown,
        IncomingMessage,
      ]
      expect(answer.statusCode).toBe(401)
      expect(answer.headers['www-authenticate']).toEqual(
        typeof challenge === 'string' ? challenge : expect.stringMatching(challenge),
      )
      expect(JSON.parse((await answer.toArray()).join(''))).toHaveProperty('error_description')
    })

    test('a socket is closed when its token expires', async () => {
      const socket = open(bearer())
      const [first] = (await once(socket, 'message')) as [Buffer]
      expect(first.toString()).toBe('first')
      expire()
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
      expect([code, reason.toString()]).toEqual([4401, 'token expired'])
    })

    test('a socket that its client closed waits for nothing any more', async () => {
      await warm((headers) => once(open(headers), 'unexpected-response'))
      const socket = open(bearer())
      await once(socket, 'message')
      expect(timers).toHaveLength(1)
      const calledOff = once(clock, 'called off')
      socket.close()
      await calledOff
      expect(timers).toEqual([])
    })
  })
})
