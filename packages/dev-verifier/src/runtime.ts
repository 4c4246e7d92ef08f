import { randomUUID } from 'node:crypto'

/**
 * Everything that the development Verifier takes from the world around it.
 *
 * Pass members of your own as option `runtime` to hold time still in a test.
 *
 * @example
 * ```ts
 * import { createDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * createDevVerifier({ runtime: { now: () => Date.parse('2026-01-01T00:00:00Z') } })
 * ```
 */
export interface Runtime {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
  /** A fresh identifier, for `jti` and credential ids. */
  readonly uuid: () => string
  /** Calls back once after `delay` milliseconds; returns the way to call it off. */
  readonly schedule: (callback: () => void, delay: number) => () => void
  /** `NODE_ENV`, read once at start. */
  readonly environment: string | undefined
  /** Warns the developer of something that works but is likely not meant. */
  readonly warn: (message: string) => void
}

/** The runtime of the process: its clock, its timers, its randomness. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  uuid: () => randomUUID(),
  schedule: (callback, delay) => {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
  environment: process.env['NODE_ENV'],
  warn: (message) => process.emitWarning(message, 'DevVerifierWarning'),
}

/** Sends one HTTP request, for the console. */
export const systemFetch: typeof fetch = (input, init) => globalThis.fetch(input, init)

/** Seconds since 1970, as `iat` and `exp` are written. */
export function seconds(runtime: Runtime): number {
  return Math.floor(runtime.now() / 1_000)
}
