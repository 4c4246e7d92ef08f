import type { Runtime } from '@verifier-guard/core'

const NOON = Date.parse('2026-01-01T12:00:00Z')

/** Two clocks and the timers of a runtime, all of which stand still until they are moved. */
export interface Clock extends Pick<Runtime, 'now' | 'monotonic' | 'schedule'> {
  /** Lets time pass: both clocks move, and timers that fall due call back in their order. */
  pass(seconds: number): Promise<void>
  /** Lets time pass for a process that is suspended: no timer calls back. */
  sleep(seconds: number): void
  /** Steps the wall clock alone, as an operator or NTP does. */
  step(seconds: number): void
  /** Delays of the timers that are set, in milliseconds. */
  timers(): readonly number[]
}

/** Makes a clock that stands still at noon. */
export function createClock(): Clock {
  let elapsed = 0
  let stepped = 0
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  async function pass(seconds: number): Promise<void> {
    const end = elapsed + seconds * 1_000
    for (;;) {
      await settle()
      const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      timers.delete(next)
      elapsed = Math.max(elapsed, next.at)
      next.callback()
    }
    elapsed = end
  }

  return {
    now: () => NOON + elapsed + stepped,
    monotonic: () => elapsed,
    schedule(callback, delay) {
      const timer = { at: elapsed + delay, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    pass,
    sleep: (seconds) => void (elapsed += seconds * 1_000),
    step: (seconds) => void (stepped += seconds * 1_000),
    timers: () => [...timers].map(({ at }) => at - elapsed),
  }
}

/**
 * Lets everything run that needs no more time: promises, streams, callbacks of the thread pool that
 * have come in.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
