/*
 * Measures how long it takes to fetch a key set, a status list or a token.
 */
import type { Attributes } from '@opentelemetry/api'
import { OTHER } from './bounded.js'
import type { Instruments } from './instruments.js'
import { errorType } from './outcome.js'
import type { Listeners } from './subscriptions.js'

/** A fetch under way: what core and client say of it, and what is noted here. */
interface Fetch {
  readonly issuer?: string
  readonly configuredAs?: string | undefined
  readonly error?: unknown
  [began]?: number
}

const began = Symbol('began')

/** Makes the listeners for fetches. */
export function watchFetches(
  { record }: Instruments,
  clock: () => number,
  issuerOf: (issuer: string) => string,
): Listeners {
  const named = (issuer: string | undefined) => ({
    issuer: issuer === undefined ? OTHER : issuerOf(issuer),
  })
  return {
    ...timed('key-fetch', clock, (seconds, { configuredAs, error }) =>
      record('verifier_guard.key_set.fetch.duration', seconds, {
        ...named(configuredAs),
        ...failure(error),
      }),
    ),
    ...timed('status-fetch', clock, (seconds, { error }) =>
      record('verifier_guard.status_list.fetch.duration', seconds, failure(error)),
    ),
    ...timed('client:token-request', clock, (seconds, { issuer, error }) =>
      record('verifier_guard.client.token_request.duration', seconds, {
        ...named(issuer),
        ...failure(error),
      }),
    ),
  }
}

function timed(
  name: string,
  clock: () => number,
  ended: (seconds: number, fetch: Fetch) => void,
): Listeners {
  return {
    [`tracing:verifier-guard:${name}:start`]: (fetch: Fetch) => {
      fetch[began] = clock()
    },
    [`tracing:verifier-guard:${name}:asyncEnd`]: (fetch: Fetch) => {
      const { [began]: start } = fetch
      if (start !== undefined) ended((clock() - start) / 1_000, fetch)
    },
  }
}

function failure(error: unknown): Attributes {
  return error === undefined ? {} : { 'error.type': errorType(error) }
}
