import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { systemRuntime } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import WebSocket from 'ws'
import type { Running } from './application.js'
import { send } from './send.js'
import { applications, type Part } from './surroundings.js'

const verifier = createDevVerifier({ issuer: 'https://verifier.example.test' })
const other = createDevVerifier({ issuer: 'https://other.example.test' })
/** Told by the test when the token has expired. */
let timers: (() => void)[] = []
let ahead = 0
const runtime = {
  ...systemRuntime,
  fetch: (input: string, init?: RequestInit) =>
    (input.startsWith(other.issuer) ? other : verifier).fetch(input, init),
  now: () => systemRuntime.now() + ahead,
  schedule: (callback: () => void) => {
    timers.push(callback)
    return () => void (timers = timers.filter((other) => other !== callback))
  },
}
const guards = {
  outer: { issuer: [verifier.issuer, other.issuer], profile: 'eudistack', runtime },
  inner: { issuer: other.issuer, profile: 'eudistack', runtime },
} as const
const bearer = ({ mint } = verifier) => ({ authorization: `Bearer ${mint()}` })
const expire = () => {
  ahead = 3_600_000
  for (const timer of timers) timer()
}
const until = async (met: () => boolean) => {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe.each(Object.entries(applications))('%s', (_, { parts, start }) => {
  let app: Running
  beforeAll(async () => {
    app = await start(guards)
  })
  beforeEach(() => {
    timers = []
    ahead = 0
  })
  afterAll(() => app.close())
  /**
   * Has the keys fetched by a token that is refused all the same: whatever waits from then on waits
   * for a token to expire.
   */
  const warm = async (refuse: (headers: Record<string, string>) => Promise<unknown>) => {
    await refuse({ authorization: `Bearer ${verifier.mint({ claims: { aud: 'somebody else' } })}` })
    timers = []
  }
  const has = (part: Part) => parts.includes(part)

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

  if (has('optional'))
    test('where authentication is optional, nobody gets in and a bad token does not', async () => {
      const ask = async (headers = {}) => {
        const { status, body } = await send(`${app.url}/optional`, 'GET', headers)
        return status === 200 ? body : status
      }
      expect(await ask()).toBe('nobody')
      expect(await ask(bearer())).toBe('somebody')
      expect(await ask({ authorization: 'Bearer rubbish' })).toBe(401)
    })

  if (has('nested'))
    test('a guard within a guard has to be passed, too, and its caller is the one that handlers see', async () => {
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
    leaving.abort()
    await until(() => timers.length === 0)
  })

  if (has('socket'))
    describe('a WebSocket', () => {
      const open = (headers = {}) =>
        new WebSocket(`${app.url.replace('http', 'ws')}/api/socket`, { headers })

      test.each([
        ['without a token', {}, 'Bearer realm="api"'],
        [
          'with a bad one',
          { authorization: 'Bearer rubbish' },
          /^Bearer realm="api", error="invalid_token"/,
        ],
      ])('%s is refused before the handshake', async (_, headers, challenge) => {
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

      test('is closed when its token expires', async () => {
        const socket = open(bearer())
        const [first] = (await once(socket, 'message')) as [Buffer]
        expect(first.toString()).toBe('first')
        expire()
        const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
        expect([code, reason.toString()]).toEqual([4401, 'token expired'])
      })

      test('that closes by itself is waited for no more', async () => {
        await warm((headers) => once(open(headers), 'unexpected-response'))
        const socket = open(bearer())
        await once(socket, 'message')
        expect(timers).toHaveLength(1)
        socket.close()
        await until(() => timers.length === 0)
      })
    })
})
