/*
 * The spans of time that tokens and token requests go by, in milliseconds.
 */
import type { BackOff } from '@verifier-guard/core/support'
import { SECOND } from './time.js'

/** Tokens are renewed this long before their end, or a tenth of their life, whichever is longer. */
const RENEWAL_LEAD = 30 * SECOND
/** A token this near to its end is not handed out: it must not expire on its way. */
const FLIGHT_TIME = 10 * SECOND

/** After a longer pause there is no further try: a caller waits for the token. */
export const MAX_WAIT = 2 * SECOND

/** Between the tries of one request. */
export const RETRY: BackOff = {
  first: 200,
  longest: Infinity,
  longestDemand: Infinity,
  longestRetryAfter: Infinity,
}

const AFTER_FAILURE = { first: SECOND, longestRetryAfter: 300 * SECOND }

/**
 * How long no request leaves after one has failed for good. An outage is over sooner or later, and
 * callers should notice soon; a refusal lasts until an operator acts.
 */
export const BACK_OFF = {
  outage: { ...AFTER_FAILURE, longest: 10 * SECOND, longestDemand: 10 * SECOND },
  refusal: { ...AFTER_FAILURE, longest: 60 * SECOND, longestDemand: 60 * SECOND },
} as const satisfies Record<string, BackOff>

/** When to do what with a token, in milliseconds from its arrival. */
export interface Timing {
  readonly renewAfter: number
  readonly usableFor: number
}

/**
 * @param lifetime milliseconds the token lives from its arrival.
 * @param random a number from 0 up to 1: renews up to a fifth of the lead earlier, so that a fleet
 *   that started together does not renew together.
 */
export function timingOf(lifetime: number, random: number): Timing {
  // A short life must leave some time to use the token.
  const lead = Math.min(Math.max(RENEWAL_LEAD, lifetime / 10), lifetime / 3)
  return {
    renewAfter: lifetime - lead * (1 + random / 5),
    usableFor: lifetime - Math.min(FLIGHT_TIME, lifetime / 4),
  }
}
