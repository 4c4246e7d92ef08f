import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_NAMES } from '../src/events.js'
import {
  createTokenSource,
  type TokenRequestTrace,
  type TokenSourceEvents,
  type TokenSourceListeners,
} from '../src/index.js'
import { closing, failureOf, holdRuntime, record } from './support.js'

const issuer = 'https://login.example.org'
const SECRET = 'hunter2'
const TOKEN = 'token-of-the-test'

/** A source at an authorization server that is nothing but this `fetch`. */
function start(fetch: () => Promise<Response>, events: TokenSourceListeners = {}) {
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const tokens = closing(
    createTokenSource({
      authorizationServer: issuer,
      tokenEndpoint: `${issuer}/token`,
      clientId: 'me',
      clientSecret: SECRET,
      scope: 'orders:read',
      events,
      runtime: { ...holdRuntime(), fetch, warn },
    }),
  )
  return { tokens, warnings }
}
const good = () =>
  Promise.resolve(Response.json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 900 }))
const refusing = () => Promise.resolve(Response.json({ error: 'invalid_client' }, { status: 401 }))

/** Subscribes until the end of the test. */
const subscriptions: (() => void)[] = []
afterEach(() => subscriptions.splice(0).forEach((end) => end()))
function subscribe(name: string, listener: (message: unknown) => void): void {
  channel(name).subscribe(listener)
  subscriptions.push(() => channel(name).unsubscribe(listener))
}

describe('an event', () => {
  it('reaches the listener of its name, with times in seconds', async () => {
    const { recorded, events } = record()
    const { tokens } = start(good, events)
    tokens.dropToken(await tokens.getToken())
    const parameters = { scope: 'orders:read' }
    const expiresAt = holdRuntime().now() / 1_000 + 900
    expect(recorded).toEqual([
      { event: 'tokenObtained', issuer, parameters, expiresAt, tries: 1 },
      { event: 'tokenDropped', issuer, parameters },
    ])
  })

  it('of a failure says how long no request leaves, in seconds', async () => {
    const { recorded, events } = record()
    const error = await failureOf(start(refusing, events).tokens.getToken())
    expect(recorded).toMatchObject([
      { event: 'tokenRequestFailed', error, tries: 1, covered: false },
    ])
    const { pause } = recorded[0] as unknown as TokenSourceEvents['tokenRequestFailed']
    expect(pause).toBeGreaterThan(0.5)
    expect(pause).toBeLessThanOrEqual(1)
  })

  it.each(EVENT_NAMES)('%s has a diagnostics channel and a row in the README', (name) => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8')
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'))
  })

  it('is published on its diagnostics channel, without anything secret', async () => {
    const published: unknown[] = []
    for (const name of EVENT_NAMES)
      subscribe(`verifier-guard:client:${name}`, (event) => published.push([name, event]))
    const { tokens } = start(good)
    tokens.dropToken(await tokens.getToken())
    await failureOf(start(refusing).tokens.getToken())
    expect(published).toMatchObject([
      ['tokenObtained', { issuer }],
      ['tokenDropped', { issuer }],
      ['tokenRequestFailed', { issuer, error: { code: 'token_request_refused' } }],
    ])
    expect(JSON.stringify(published)).not.toMatch(/hunter2|token-of-the-test/)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('log is full')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('log is away'))],
  ])('costs no token when its listener %s', async (_, tokenObtained) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const { tokens, warnings } = start(good, { tokenObtained })
    expect(await tokens.getToken()).toBe(TOKEN)
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    expect(warnings).toEqual([
      'a listener of the event "tokenObtained" threw RangeError; it should not',
    ])
  })

  it.each([
    ['of another name', { token_obtained: () => {} }, 'found "token_obtained"'],
    ['that is no function', { tokenObtained: 'log' }, '"events.tokenObtained"'],
  ])('refuses a listener %s', async (_, events, found) => {
    const error = await failureOf(() => start(good, events as TokenSourceListeners))
    expect(error.code).toBe('invalid_option')
    expect(error.message).toContain(found)
  })
})

test('an open source answers on the channel for gauges, and a closed one does not', async () => {
  const ask = () => {
    const states: object[] = []
    channel('verifier-guard:client:state').publish(states)
    return states
  }
  expect(ask()).toEqual([])
  const { tokens } = start(good)
  await tokens.getToken()
  expect(ask()).toEqual([{ issuer, health: tokens.health() }])
  tokens.close()
  expect(ask()).toEqual([])
})

describe('a token request', () => {
  const NAME = 'verifier-guard:client:token-request'
  const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

  function listen() {
    const heard: string[] = []
    const contexts = new Set<object>()
    for (const part of PARTS) {
      subscribe(`tracing:${NAME}:${part}`, (context) => {
        heard.push(part)
        contexts.add(context as object)
      })
    }
    return { heard, contexts }
  }

  it('is traced from start to end, without the token', async () => {
    const { heard, contexts } = listen()
    await start(good).tokens.getToken()
    expect(heard).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect([...contexts]).toEqual([{ issuer }])
  })

  it('is traced with its failure', async () => {
    const { heard, contexts } = listen()
    await failureOf(start(refusing).tokens.getToken())
    expect(heard).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    const error: unknown = expect.objectContaining({ code: 'token_request_refused' })
    expect([...contexts]).toEqual([{ issuer, error }])
  })

  it('runs within what is bound to its start, such as a span', async () => {
    const spans = new AsyncLocalStorage<TokenRequestTrace>()
    const { start: began } = tracingChannel<TokenRequestTrace>(NAME)
    began.bindStore(spans)
    subscriptions.push(() => began.unbindStore(spans))
    let seen: unknown
    const { tokens } = start(() => {
      seen = spans.getStore()
      return good()
    })
    await tokens.getToken()
    expect(seen).toEqual({ issuer })
    expect(spans.getStore()).toBeUndefined()
  })
})
