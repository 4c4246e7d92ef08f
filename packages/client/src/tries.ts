/*
 * Asks for a token, and again after failures that are soon over: what one caller notices as a
 * single request. Token request in, token out.
 */
import { backOff } from '@verifier-guard/core/support'
import { closedError, type TokenSourceError } from './errors.js'
import type { ObtainedToken } from './response.js'
import type { Settings } from './settings.js'
import { SECOND } from './time.js'
import { MAX_WAIT, RETRY } from './timing.js'

/** A token, and what it took. */
export interface TriedToken extends ObtainedToken {
  /** Milliseconds since 1970, by the wall clock; `undefined` where it does not say. */
  readonly expiresAt: number | undefined
  /** Milliseconds from the first try to its arrival. */
  readonly arrivedAfter: number
  readonly tries: number
}

const spent = new WeakMap<TokenSourceError, number>()

/** How many tries ended with this failure. */
export function triesOf(failure: TokenSourceError): number {
  return spent.get(failure) ?? 0
}

/**
 * Tries as often as the settings say.
 *
 * @param signal ends the waiting between two tries
 * @throws {TokenSourceError} of the last try; see {@link triesOf}
 */
export async function tried(
  request: (signal: AbortSignal) => Promise<ObtainedToken>,
  { runtime, tries }: Settings,
  signal: AbortSignal,
): Promise<TriedToken> {
  const began = runtime.monotonic()
  for (let number = 1; ; number += 1) {
    if (signal.aborted) throw closedError()
    try {
      const token = await request(signal)
      const expiresAt = token.lifetime === undefined ? undefined : runtime.now() + token.lifetime
      return { ...token, expiresAt, arrivedAfter: runtime.monotonic() - began, tries: number }
    } catch (thrown) {
      const failure = thrown as TokenSourceError
      const pause = pauseAfter(failure, number, runtime.random())
      const isLast = !failure.retryable || number >= tries || pause > MAX_WAIT
      if (isLast) {
        spent.set(failure, number)
        throw failure
      }
      await runtime.sleep(pause, signal)
    }
  }
}

function pauseAfter({ retryAfter }: TokenSourceError, failures: number, random: number): number {
  if (retryAfter !== undefined) return retryAfter * SECOND
  return backOff(RETRY, { failures, chance: random }).renewal
}
