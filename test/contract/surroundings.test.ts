import { systemRuntime } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import type { Running } from './application.js'
import { send } from './send.js'
import { applications } from './surroundings.js'

const verifier = createDevVerifier()
/** Told by the test when the token has expired. */
let timers: (() => void)[] = []
let ahead = 0
const runtime = {
  ...systemRuntime,
  fetch: verifier.fetch,
  now: () => systemRuntime.now() + ahead,
  schedule: (callback: () => void) => {
    timers.push(callback)
    return () => void (timers = timers.filter((other) => other !== callback))
  },
}
const options = { issuer: verifier.issuer, profile: 'eudistack', runtime } as const
const bearer = () => ({ authorization: `Bearer ${verifier.mint()}` })

describe.each(Object.entries(applications))('%s', (_, start) => {
  let app: Running
  beforeAll(async () => {
    app = await start(options)
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
    const { status, headers: answered } = await send(`${app.url}/stream`, 'OPTIONS', headers)
    expect(status).toBe(204)
    expect(answered['access-control-allow-origin']).toBeDefined()
    expect(answered['www-authenticate']).toBeUndefined()
  })

  test('a refusal can be read by the page that caused it', async () => {
    const { status, headers } = await send(`${app.url}/stream`, 'GET', { origin: 'https://shop.example.org' })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer')
    expect(headers['access-control-allow-origin']).toBeDefined()
  })

  test('a path that is left out is open, whatever the token', async () => {
    const { status, body } = await send(`${app.url}/health`, 'GET', { authorization: 'Bearer rubbish' })
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
    expect((await send(`${app.url}/stream`, 'GET', headers)).status).toBe(401)
  })

  test('a stream begins before the token expires, and ends when it does', async () => {
    const response = await fetch(`${app.url}/stream`, { headers: bearer() })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('first')
    ahead = 3_600_000
    for (const expire of timers) expire()
    expect((await reader.read()).value).toBe('last')
    expect((await reader.read()).done).toBe(true)
  })
})
