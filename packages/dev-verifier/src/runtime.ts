import { randomUUID } from 'node:crypto'

/**
 * What the development Verifier takes from the outside world; tests replace it to hold time still.
 */
export interface Runtime {
  /** The time, in milliseconds since 1970. */
  now: () => number
  /** A fresh identifier for `jti` and credential ids. */
  uuid: () => string
  /** Calls back after a delay in milliseconds, and returns a function that cancels it. */
  after: (milliseconds: number, callback: () => void) => () => void
  /** `NODE_ENV`, read once at start. */
  environment: string | undefined
}

/** The real clock, timers and randomness. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  uuid: () => randomUUID(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  environment: process.env['NODE_ENV'],
}

/** Seconds since 1970, as `iat` and `exp` are written. */
export function seconds(runtime: Runtime): number {
  return Math.floor(runtime.now() / 1000)
}
