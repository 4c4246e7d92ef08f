/** Tokens are renewed this long before their end, or a tenth of their life, whichever is longer. */
const RENEWAL_LEAD = 30_000
/** A token this near to its end is not handed out: it must not expire on its way. */
const FLIGHT_TIME = 10_000

const FIRST_PAUSE = 200
const FIRST_BACK_OFF = 1_000
/**
 * An outage is over sooner or later, and callers should notice soon; a refusal lasts until somebody
 * acts.
 */
const LONGEST_BACK_OFF = { retryable: 10_000, refused: 60_000 } as const

/** When to do what with a token, in milliseconds from its arrival. */
export interface Timing {
  readonly renewAfter: number
  readonly usableFor: number
}

/**
 * @param lifetime milliseconds the token lives from its arrival.
 * @param chance a number from 0 up to 1: renews up to a fifth of the lead earlier, so that a fleet
 *   that started together does not renew together.
 */
export function timingOf(lifetime: number, chance: number): Timing {
  // A short life must leave some time to use the token.
  const lead = Math.min(Math.max(RENEWAL_LEAD, lifetime / 10), lifetime / 3)
  return {
    renewAfter: lifetime - lead * (1 + chance / 5),
    usableFor: lifetime - Math.min(FLIGHT_TIME, lifetime / 4),
  }
}

/**
 * The pause before the next try of one request, in milliseconds: 200, 400, 800 … with jitter down
 * to half.
 */
export function pauseAfterTry(number: number, chance: number): number {
  return jitter(FIRST_PAUSE * 2 ** (number - 1), chance)
}

/**
 * How long no request leaves after one has failed for good, in milliseconds: 1 s, doubling up to a
 * limit, with jitter down to half.
 */
export function backOff(
  { retryable }: { readonly retryable: boolean },
  failures: number,
  chance: number,
): number {
  const limit = LONGEST_BACK_OFF[retryable ? 'retryable' : 'refused']
  return jitter(Math.min(limit, FIRST_BACK_OFF * 2 ** Math.min(failures - 1, 10)), chance)
}

function jitter(delay: number, chance: number): number {
  return (delay * (1 + chance)) / 2
}
