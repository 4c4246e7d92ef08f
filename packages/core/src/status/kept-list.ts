/*
 * Keeps one status list: fetched when it is first asked for, renewed by its use, until it expires.
 * Nothing in, what is known of the list out.
 */
import { backOff } from '../kit/back-off.js'
import { printable } from '../kit/display.js'
import type { Emitter } from '../kit/events.js'
import { HttpFailure } from '../kit/http.js'
import { Kept } from '../kit/kept.js'
import { andThen, type Later } from '../kit/later.js'
import type { Runtime } from '../kit/runtime.js'
import { createTrace } from '../kit/tracing.js'
import type { StatusListSettings } from '../options/status-lists.js'
import { fetchStatusList, type ListSource, type StatusList } from './list.js'

/** The state of a status list. */
export interface StatusListHealth {
  /** The address of the list. */
  readonly list: string
  /** `ready`: a fresh list; `degraded`: an outage that `openFor` forgives; `down`: no list. */
  readonly status: 'ready' | 'degraded' | 'down'
  /** Seconds since the list was asked for; absent without one. */
  readonly age?: number
  /** Failed attempts in a row. */
  readonly failures: number
  /** What the last of them said. */
  readonly lastFailure?: string
}

/** What is known of a list at a moment. */
export type Knowledge =
  | { readonly list: StatusList }
  /** No list, and the time in which that is forgiven is not over. */
  | { readonly open: true }
  | { readonly unavailable: string; readonly retryAfter: number }

/** One status list, kept for as long as it holds. */
export interface KeptList {
  /** What is known at once, or, when the list has to be fetched first, then. */
  get(): Later<Knowledge>
  health(): StatusListHealth
  close(): void
}

/** What a kept list needs of its server. */
export interface Surroundings {
  readonly limits: Pick<StatusListSettings, 'maxAge' | 'openFor'>
  readonly runtime: Runtime
  readonly emitter: Emitter
}

const fetches = createTrace('status-fetch')

const SECOND = 1_000
const BACK_OFF = {
  first: SECOND,
  longest: 60 * SECOND,
  longestDemand: 2 * SECOND,
  longestRetryAfter: 120 * SECOND,
}
/** Share of the age after which a list is renewed by its use, so that no request waits for it. */
const AHEAD = 0.8
/** A signer that lets its list be kept for less does not have it fetched more often. */
const SHORTEST_AGE = SECOND

/** Keeps a status list. */
export function keepList(source: ListSource, around: Surroundings): KeptList {
  const { openFor } = around.limits
  const { monotonic } = around.runtime
  const kept = keptList(source, around)
  let failingSince = -Infinity

  function known(): Knowledge {
    const { current: list, failures, lastFailure, retryIn, age } = kept
    if (failures === 0) failingSince = -Infinity
    else if (failingSince === -Infinity) failingSince = monotonic()
    if (list !== undefined) return { list }
    // Where there was a list, its own end is the end.
    const isForgiven = age === Infinity && failures > 0 && monotonic() - failingSince < openFor
    if (isForgiven) return { open: true }
    return { unavailable: reasonOf(lastFailure), retryAfter: Math.max(1, retryIn / SECOND) }
  }

  return {
    get() {
      const list = kept.fresh()
      if (list !== undefined) return { list }
      const before = known()
      if (kept.isPausing) return before
      // A request that passes anyway need not wait for the next attempt to fail.
      const asked = kept.refresh()
      const isForgiven = kept.failures > 0 && !('unavailable' in before)
      return isForgiven ? before : andThen(asked, known)
    },
    health: () => healthOf(source.url, kept, known()),
    close: () => kept.close(),
  }
}

function keptList(
  source: ListSource,
  { limits, runtime, emitter }: Surroundings,
): Kept<StatusList> {
  const { maxAge, openFor } = limits
  const list = printable(source.url)
  const kept: Kept<StatusList> = new Kept(
    async (signal) =>
      fetches.run(
        () => ({ list }),
        () => fetchStatusList(source, runtime, signal),
      ),
    {
      renewal: 'onUse',
      // The signer's dates are of the wall clock.
      ageByWallClock: true,
      life({ validUntil, ttl }) {
        const mayKeep = Math.max(ttl, SHORTEST_AGE)
        const staleAfter = Math.min(maxAge, mayKeep, validUntil - runtime.now())
        return { renewAfter: staleAfter * AHEAD, staleAfter, endsAfter: staleAfter + openFor }
      },
      pause: (failure, failures) =>
        backOff(BACK_OFF, {
          failures,
          retryAfter: failure instanceof HttpFailure ? failure.retryAfter : undefined,
          chance: runtime.random(),
        }),
    },
    runtime,
    {
      fetched: () => emitter.emit('statusListRefreshed', { list }),
      failed: (failure, retryIn) =>
        emitter.emit('statusListFailed', {
          list,
          failures: kept.failures,
          message: reasonOf(failure) + (openFor > 0 ? forgiven(openFor) : ''),
          retryIn: retryIn / SECOND,
        }),
    },
  )
  return kept
}

function healthOf(url: string, kept: Kept<StatusList>, known: Knowledge): StatusListHealth {
  const { current, failures, lastFailure, age } = kept
  const isReady = current !== undefined && failures === 0
  return {
    list: printable(url),
    status: isReady ? 'ready' : 'unavailable' in known ? 'down' : 'degraded',
    ...(current !== undefined && { age: age / SECOND }),
    failures,
    ...(failures > 0 && { lastFailure: reasonOf(lastFailure) }),
  }
}

function forgiven(openFor: number): string {
  return `; requests pass without it for up to ${openFor / SECOND} s`
}

function reasonOf(failure: unknown): string {
  if (failure === undefined) return 'none yet'
  return failure instanceof HttpFailure ? failure.message : 'a list that could not be read'
}
