import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import {
  clientRuntime,
  createTokenSource,
  type ClientRuntime,
  type TokenSource,
  type TokenSourceError,
  type TokenSourceEvents,
  type TokenSourceListeners,
} from '../src/index.js'

/**
 * A runtime whose time moves only when a test moves it, or when the code under test sleeps. The
 * network is the real one.
 */
export interface HeldRuntime extends ClientRuntime {
  /** Lets time pass and fires the timers that fall due, in their order. */
  readonly advance: (milliseconds: number) => void
  /** Every pause taken so far. */
  readonly slept: number[]
  /** Timers not fired yet. */
  readonly timers: () => number
}

export function holdRuntime(start = Date.parse('2026-11-23T12:00:00Z')): HeldRuntime {
  let time = start
  const slept: number[] = []
  const timers = new Set<{ at: number; callback: () => void }>()
  const advance = (milliseconds: number) => {
    const end = time + milliseconds
    for (;;) {
      const [next] = [...timers]
        .filter(({ at }) => at <= end)
        .sort((one, other) => one.at - other.at)
      if (!next) break
      timers.delete(next)
      time = Math.max(time, next.at)
      next.callback()
    }
    time = end
  }
  return {
    ...clientRuntime,
    now: () => time,
    monotonic: () => time,
    random: () => 0.5,
    schedule: (callback, delay) => {
      const timer = { at: time + delay, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    sleep: (delay) => {
      slept.push(delay)
      advance(delay)
      return Promise.resolve()
    },
    advance,
    slept,
    timers: () => timers.size,
  }
}

/** Lets real network traffic go on until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

/** Listeners that keep the events. */
export function record() {
  const recorded: ({ event: keyof TokenSourceEvents } & object)[] = []
  const note = (event: keyof TokenSourceEvents) => (carried: object) =>
    void recorded.push({ event, ...carried })
  const events: TokenSourceListeners = {
    tokenObtained: note('tokenObtained'),
    tokenRequestFailed: note('tokenRequestFailed'),
    tokenDropped: note('tokenDropped'),
    clockLearned: note('clockLearned'),
    credentialExpiring: note('credentialExpiring'),
  }
  const count = (event: keyof TokenSourceEvents) =>
    recorded.filter((one) => one.event === event).length
  return { recorded, events, count }
}

const servers: { close: () => Promise<void> }[] = []

/** Serves on loopback until the end of the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Closes with the test whatever can be closed. */
export function closing<Closable extends { close: () => void | Promise<void> }>(
  closable: Closable,
): Closable {
  servers.push({ close: async () => closable.close() })
  return closable
}

afterEach(async () => {
  for (const server of servers.splice(0).reverse()) await server.close()
})

/**
 * A source of machine tokens, and its Verifier. Time stands still: however long calls take, a token
 * is dropped once and does not expire.
 */
export async function startHeldSource(more: { allowedOrigins: string[]; tries?: number }) {
  const runtime = holdRuntime()
  const verifier = closing(await startDevVerifier({ runtime: { now: runtime.now } }))
  const { credential, privateKey } = verifier.issueMachineCredential()
  const options = { verifier: verifier.issuer, credential, privateKey: privateKey.hex, runtime }
  return { runtime, verifier, tokens: closing(createTokenSource({ ...options, ...more })) }
}

/** A source of tokens that are bound to a key, at a development server of the profile `oauth`. */
export function boundSource(
  verifier: DevVerifier,
  more: { allowedOrigins: string[]; resource?: string },
): TokenSource {
  const { did: clientId, privateKey } = verifier.issueMachineCredential()
  const options = { authorizationServer: verifier.issuer, clientId, privateKey: privateKey.hex }
  return closing(createTokenSource({ ...options, dpop: true, ...more }))
}

export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
}

/** The error a call ends with; fails if it ends well. */
export async function failureOf(
  call: Promise<unknown> | (() => unknown),
): Promise<TokenSourceError> {
  try {
    await (typeof call === 'function' ? call() : call)
  } catch (error) {
    return error as TokenSourceError
  }
  throw new Error('expected a failure')
}

/** A source whose tokens are `t1`, `t2` and so on, and whose time stands still. */
export function numberedTokens(...allowedOrigins: readonly string[]): TokenSource {
  return tokensOf(Infinity, allowedOrigins)
}

/** A source whose only token is `t1`. */
export function refusedTokens(...allowedOrigins: readonly string[]): TokenSource {
  return tokensOf(1, allowedOrigins)
}

function tokensOf(most: number, allowedOrigins: readonly string[]): TokenSource {
  let issued = 0
  const fetch = () => {
    issued += 1
    if (issued > most) return Promise.resolve(new Response('', { status: 403 }))
    const body = { access_token: `t${issued}`, token_type: 'Bearer', expires_in: 900 }
    return Promise.resolve(Response.json(body))
  }
  const authorizationServer = 'https://login.example.org'
  return closing(
    createTokenSource({
      authorizationServer,
      tokenEndpoint: `${authorizationServer}/token`,
      clientId: 'me',
      clientSecret: 'secret',
      allowedOrigins,
      runtime: { ...holdRuntime(), fetch },
    }),
  )
}
