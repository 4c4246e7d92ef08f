/* How long to pause after failures. */

/** How long to pause after a failure, in milliseconds. */
export interface Pause {
  /** Until the next attempt in the background. */
  readonly renewal: number
  /** Until a request may cause an attempt. */
  readonly demand: number
}

/** What a back-off goes by, in milliseconds. */
export interface BackOff {
  /** The first pause; each one doubles, with jitter down to half. */
  readonly first: number
  readonly longest: number
  /** No request waits out a longer one: it may cause an attempt this often. */
  readonly longestDemand: number
  /** No server's `Retry-After` silences this process for longer. */
  readonly longestRetryAfter: number
}

/**
 * The pause after a failure.
 *
 * @param failures in a row, from 1
 * @param retryAfter what the server asked for, in milliseconds
 * @param chance from 0 up to 1, so that processes that failed together do not try again together
 */
export function backOff(
  { first, longest, longestDemand, longestRetryAfter }: BackOff,
  {
    failures,
    retryAfter = 0,
    chance,
  }: { failures: number; retryAfter?: number | undefined; chance: number },
): Pause {
  const delay = Math.min(longest, first * 2 ** Math.min(failures - 1, 30)) * (0.5 + 0.5 * chance)
  const asked = Math.min(retryAfter, longestRetryAfter)
  return {
    renewal: Math.max(asked, delay),
    demand: Math.max(asked, Math.min(delay, longestDemand)),
  }
}
