/** Fetches that requests may cause in quick succession before they have to wait. */
const BURST = 4
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 10_000

/**
 * How often requests may cause a key set to be fetched again: a burst at once, then ever longer
 * pauses while nothing new is found.
 */
export interface RefetchBudget {
  /** Milliseconds until the next fetch is allowed. */
  pause(now: number): number
  /**
   * Notes that a fetch was made, and whether it brought new keys. A failed one is not noted:
   * back-off governs failures.
   */
  spend(now: number, fruitful: boolean): void
}

/**
 * Makes the budget of one key set.
 *
 * Invented key ids drain it, but can't keep a genuine new key out: every fetch that they cause
 * brings the whole set, and the next one is never more than ten seconds away.
 */
export function createRefetchBudget(): RefetchBudget {
  let fruitless = 0
  let lastAt = -Infinity
  return {
    pause(now) {
      if (now - lastAt > 2 * LONGEST_PAUSE) fruitless = 0
      const pause =
        fruitless < BURST ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (fruitless - BURST))
      return Math.max(0, lastAt + pause - now)
    },
    spend(now, fruitful) {
      fruitless = fruitful ? 0 : fruitless + 1
      lastAt = now
    },
  }
}
