import { HttpFailure } from '../kit/http.js'
import { sharesWork, type Runtime } from '../kit/runtime.js'
import { fetchStatusList, type ListSource, type StatusList } from './list.js'

/** How long a list is used; times in milliseconds. */
export interface HoldingLimits {
  /**
   * Age at which a list is not used any more without asking again; asked for in the background
   * ahead of it.
   */
  readonly maxAge: number
  /** How long requests are let through, on the last list or none, when no new one can be had. */
  readonly openFor: number
}

/** What is known of a list at a moment. */
export type Holding =
  | { readonly list: StatusList }
  /** No list, and the time in which that is forgiven is not over. */
  | { readonly open: true }
  | { readonly unavailable: string; readonly retryAfter: number }

/** One status list, kept for as long as it holds. */
export interface HeldList {
  /** What is known at once, or, when the list has to be fetched first, then. */
  get(): Holding | Promise<Holding>
}

/**
 * Share of the maximum age after which a list is fetched again in the background, so that no
 * request waits for it.
 */
const AHEAD = 0.8
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000

/**
 * Keeps a status list: one fetch at a time, refreshed ahead of its age by the requests that use it,
 * with pauses after failures.
 */
export function holdList(
  source: ListSource,
  { maxAge, openFor }: HoldingLimits,
  runtime: Runtime,
): HeldList {
  let list: StatusList | undefined
  let fetchedAt = 0
  let failures = 0
  let failingSince = 0
  let retryAt = 0
  let failure = 'none yet'
  let inFlight: Promise<void> | undefined

  const age = () => runtime.monotonic() - fetchedAt
  const isFresh = () => list !== undefined && age() < maxAge && runtime.now() < list.validUntil

  function refresh(): Promise<void> {
    if (!sharesWork) inFlight = undefined
    inFlight ??= fetchStatusList(source, runtime)
      .then(accept, fail)
      .finally(() => (inFlight = undefined))
    return inFlight
  }

  function accept(fetched: StatusList): void {
    list = fetched
    fetchedAt = runtime.monotonic()
    failures = 0
  }

  function fail(error: unknown): void {
    const now = runtime.monotonic()
    if (failures === 0) failingSince = now
    failures += 1
    failure = error instanceof HttpFailure ? error.message : 'a list that could not be read'
    const pause =
      Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)) * (0.5 + 0.5 * runtime.random())
    if (failures === 1 && openFor > 0)
      runtime.warn(`${failure}; requests pass without it for up to ${openFor / 1_000} s`)
    retryAt =
      now +
      Math.max(
        pause,
        Math.min(LONGEST_PAUSE, (error instanceof HttpFailure && error.retryAfter) || 0),
      )
  }

  function settled(): Holding {
    if (isFresh()) return { list: list! }
    // The time to forgive begins when the list ran out, or, without one, when the first try failed.
    const since =
      list === undefined ? failingSince : Math.min(fetchedAt + maxAge, runtime.monotonic())
    if (runtime.monotonic() - since < openFor) return list === undefined ? { open: true } : { list }
    return {
      unavailable: failure,
      retryAfter: Math.max(FIRST_PAUSE, retryAt - runtime.monotonic()),
    }
  }

  function get(): Holding | Promise<Holding> {
    const mayAsk = failures === 0 || runtime.monotonic() >= retryAt
    if (isFresh()) {
      if (mayAsk && age() >= maxAge * AHEAD) void refresh()
      return { list: list! }
    }
    const asked = mayAsk ? refresh() : undefined
    const known = settled()
    // Who is let through anyway need not wait for the next try to fail.
    return asked === undefined || (failures > 0 && !('unavailable' in known))
      ? known
      : asked.then(settled)
  }

  return { get }
}
