/* What is taken from the world around: clocks, network, chance, timers, warnings. */

/**
 * Everything the library takes from the world around it: clocks, network, chance and timers.
 *
 * Pass your own to `createResourceServer({ runtime })` to hold time still in a test, or to send
 * requests through a proxy.
 *
 * @example
 * ```ts
 * import { createResourceServer, systemRuntime } from '@verifier-guard/core'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org',
 *   audience: 'https://orders.example.org',
 *   runtime: { ...systemRuntime, now: () => Date.parse('2026-01-01T00:00:00Z') },
 * })
 * ```
 */
export interface Runtime {
  /** The wall clock, in milliseconds since 1970. Decides on `exp`, `nbf` and `iat`. */
  readonly now: () => number
  /** A clock that is never stepped, in milliseconds. Measures ages and back-off. */
  readonly monotonic: () => number
  /** Sends one HTTP request. The library follows no redirects and bounds time and size itself. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  /** A number from 0 up to 1, for jitter; it never makes a secret. */
  readonly random: () => number
  /** Bytes that cannot be guessed: for secrets. */
  readonly randomBytes: (length: number) => Uint8Array
  /**
   * Calls back once after `delay` milliseconds, or sooner where that is longer than timers last,
   * without keeping the process alive; returns the way to call it off.
   */
  readonly schedule: (callback: () => void, delay: number) => () => void
  /** Warns the developer of something that works but is likely not meant. */
  readonly warn: (message: string) => void
}

/** The longest delay that timers take: a longer one would make them fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * The runtime of the process: its clocks, its global `fetch`, its timers. A global that is replaced
 * later, as by a fake clock, is the one in use.
 */
export const systemRuntime: Runtime = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  fetch: (url: string, init?: RequestInit) => globalThis.fetch(url, init),
  random: () => Math.random(),
  randomBytes: (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  schedule: (callback: () => void, delay: number) => {
    const timer: unknown = setTimeout(callback, Math.min(delay, LONGEST_DELAY))
    // Timers are objects on Node and numbers on the web; only the former can keep a process alive.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer)
      (timer as NodeJS.Timeout).unref()
    return () => clearTimeout(timer as NodeJS.Timeout)
  },
  warn: (message: string) => {
    const { process: host, console: log } = globalThis as {
      process?: Partial<NodeJS.Process>
      console: Console
    }
    if (typeof host?.emitWarning === 'function') host.emitWarning(message, 'VerifierGuardWarning')
    else log.warn(`VerifierGuardWarning: ${message}`)
  },
})

/** Whether this is the runtime of Cloudflare Workers, which is not as others are. */
export const isOnCloudflareWorkers =
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ===
  'Cloudflare-Workers'

/** A pause, in milliseconds, that can be cut short. */
export function pause(
  { schedule }: Pick<Runtime, 'schedule'>,
  delay: number,
): { readonly ended: Promise<void>; readonly cancel: () => void } {
  let cancel = () => {}
  const ended = new Promise<void>((resolve) => {
    const cancelTimer = schedule(resolve, delay)
    cancel = () => (cancelTimer(), resolve())
  })
  return { ended, cancel }
}

/**
 * Waits for work so long and no longer.
 *
 * @param limit in milliseconds
 * @param late makes what to throw, or to return, when the time is over
 */
export function withTimeout<T>(
  { schedule }: Pick<Runtime, 'schedule'>,
  work: Promise<T>,
  limit: number,
  late: () => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      void new Promise<T>((answer) => answer(late())).then(resolve, reject)
    }
    const cancel = schedule(giveUp, limit)
    void work.then(resolve, reject).finally(cancel)
  })
}

/**
 * A built-in module of Node, or `undefined` elsewhere; asked for at run time, so that no bundle
 * holds an import of it. Its type comes from the caller: an application may lack `@types/node`, and
 * reads the declaration of this function all the same.
 */
export function builtinModule<Module>(name: `node:${string}`): Module | undefined {
  // Its stand-in for `node:crypto` takes no ready keys; WebCrypto is what that runtime is made for.
  if (isOnCloudflareWorkers) return undefined
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } })
    .process
  return host?.getBuiltinModule?.(name) as Module | undefined
}

/** The processor cores that this process may use; one where that is not known. */
export const cores = builtinModule<typeof import('node:os')>('node:os')?.availableParallelism() ?? 1
