/* Bounds how often something may happen: so many at once, then one in a while. */
import type { Runtime } from './runtime.js'

/** Lets something happen a number of times at once, and from then on at a steady pace. */
export interface TokenBucket {
  /** Takes one; false when there is none left. */
  take(): boolean
  /** Milliseconds until there is one. */
  wait(): number
  /** Puts back one that was not used up after all. */
  giveBack(): void
}

/** Makes a full bucket of so many, refilled with one in so many milliseconds. */
export function createTokenBucket(
  { monotonic }: Pick<Runtime, 'monotonic'>,
  { size, every }: { readonly size: number; readonly every: number },
): TokenBucket {
  let left = size
  let filledAt = monotonic()

  function fill(): void {
    const now = monotonic()
    left = Math.min(size, left + (now - filledAt) / every)
    filledAt = now
  }

  return {
    take() {
      fill()
      if (left < 1) return false
      left -= 1
      return true
    },
    wait() {
      fill()
      return left >= 1 ? 0 : (1 - left) * every
    },
    giveBack() {
      left = Math.min(size, left + 1)
    },
  }
}
