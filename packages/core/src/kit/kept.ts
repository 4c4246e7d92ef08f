/*
 * A fetched value that is kept: one fetch at a time for all who wait, renewed ahead of its age,
 * tried again with back-off after failures, served stale up to a limit, closed. What differs from
 * one kept value to the next is its policy, as data.
 */
import type { Pause } from './back-off.js'
import { pause, type Runtime } from './runtime.js'
import { singleFlight, worksInBackground, type SingleFlight } from './single-flight.js'
import { createTokenBucket, type TokenBucket } from './token-bucket.js'

/** When a value changes its state, in milliseconds from the moment at which it was asked for. */
export interface Life {
  /** It is due: renewed in the background, so that no request waits. */
  readonly renewAfter: number
  /** It is stale: used only while no newer one can be fetched. */
  readonly staleAfter: number
  /** It expires: not used any more. */
  readonly endsAfter: number
}

/** How a value is kept. */
export interface KeepPolicy<T> {
  readonly life: (value: T) => Life
  /** What renews it: a timer, a timer while it is used, or its use alone. */
  readonly renewal: 'always' | 'whileUsed' | 'onUse'
  readonly pause: (failure: unknown, failures: number, hasValue: boolean) => Pause
  /** How often requests may cause a fetch that is not due: see {@link Kept.renewed}. */
  readonly demand?: { readonly size: number; readonly every: number }
  /**
   * Whether a value has something never seen before: then the request that caused the fetch was
   * right, and costs no part of the budget.
   */
  readonly hasMore?: (value: T, previous: T | undefined) => boolean
  /** Whether it also ages by the wall clock, which goes on while a machine is suspended. */
  readonly ageByWallClock?: boolean
}

/** What a kept value reports. */
export interface KeepEvents<T> {
  readonly fetched?: (value: T, previous: T | undefined) => void
  /** @param retryIn milliseconds until the next attempt in the background */
  readonly failed?: (failure: unknown, retryIn: number) => void
  /** Once an outage: the value in use is stale. */
  readonly becameStale?: () => void
}

interface Held<T> {
  readonly value: T
  readonly life: Life
  readonly askedAt: Moment
}

interface Moment {
  readonly monotonic: number
  readonly wall: number
}

/** When more requests than this wait for a fetch that is not due yet, a young value serves them. */
const MAX_WAITING = 1_000
/** A value is young for so many milliseconds. */
const YOUNG = 1_000

/** A value that is fetched when it is needed, and kept. */
export class Kept<T> {
  readonly #load: (signal: AbortSignal) => Promise<T>
  readonly #policy: KeepPolicy<T>
  readonly #runtime: Runtime
  readonly #events: KeepEvents<T>
  readonly #flight: SingleFlight<void>
  readonly #demand: TokenBucket | undefined
  readonly #aborts = new Set<AbortController>()
  #held: Held<T> | undefined
  #attempts = 0
  /** The attempt that brought the value at hand. */
  #accepted = 0
  #failures = 0
  #lastFailure: unknown
  #retryAt = -Infinity
  #beganAt = -Infinity
  #hasReportedStale = false
  #used = false
  #waiting = 0
  #byTimer: boolean
  #isClosed = false
  #nextRenewal: Promise<void> | undefined
  /** There while a timer is set. */
  #cancelTimer: (() => void) | undefined
  #endPause = () => {}

  /**
   * @param byTimer whether timers renew the value from the start, or from {@link renewByTimer} on
   */
  constructor(
    load: (signal: AbortSignal) => Promise<T>,
    policy: KeepPolicy<T>,
    runtime: Runtime,
    events: KeepEvents<T> = {},
    byTimer = policy.renewal !== 'onUse',
  ) {
    this.#load = load
    this.#policy = policy
    this.#runtime = runtime
    this.#events = events
    this.#byTimer = byTimer
    this.#flight = singleFlight(() => this.#attempt(), runtime)
    this.#demand = policy.demand && createTokenBucket(runtime, policy.demand)
  }

  /**
   * The value for use without waiting: fresh, or stale in an outage. `undefined` when a newer one
   * should be waited for, or there is none. Its use renews it in the background once it is due.
   */
  fresh(): T | undefined {
    this.#used = true
    const held = this.#held
    if (held === undefined) return undefined
    const age = this.#ageOf(held)
    if (age < held.life.renewAfter) return held.value
    const mayRenew = !this.isPausing && !this.#isClosed
    if (mayRenew && worksInBackground && this.#cancelTimer === undefined) void this.refresh()
    if (age < held.life.staleAfter) return held.value
    const isOutage = this.#failures > 0 && (worksInBackground || !mayRenew)
    return isOutage && age < held.life.endsAfter ? held.value : undefined
  }

  /** The value at hand, however stale; `undefined` without one, or once it has ended. */
  get current(): T | undefined {
    const held = this.#held
    return held !== undefined && this.#ageOf(held) < held.life.endsAfter ? held.value : undefined
  }

  /** Milliseconds since the value at hand was asked for. */
  get age(): number {
    return this.#held === undefined ? Infinity : this.#ageOf(this.#held)
  }

  get isStale(): boolean {
    return this.#held === undefined || this.#ageOf(this.#held) >= this.#held.life.staleAfter
  }

  /** Failures in a row, since the last success. */
  get failures(): number {
    return this.#failures
  }

  get lastFailure(): unknown {
    return this.#lastFailure
  }

  /** Whether an attempt failed so recently that requests must not cause another. */
  get isPausing(): boolean {
    return this.retryIn > 0
  }

  /** Milliseconds until requests may cause an attempt. */
  get retryIn(): number {
    return this.#failures === 0 ? 0 : Math.max(0, this.#retryAt - this.#runtime.monotonic())
  }

  /** Whether a fetch is under way that others could wait for. */
  get isUnderWay(): boolean {
    return this.#flight.current !== undefined
  }

  /** Milliseconds since the fetch under way began; zero where none is known to be. */
  get underWayFor(): number {
    return this.isUnderWay ? this.#runtime.monotonic() - this.#beganAt : 0
  }

  /** Fetches now, or joins the fetch under way. Never rejects: ask for what came of it. */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#cancelRenewal()
    return this.#flight.run()
  }

  /** Keeps a value that came another way, as if it had been fetched now. */
  put(value: T): void {
    this.#accept(value, this.#now(), (this.#attempts += 1))
  }

  /**
   * Waits for the answer to a fetch that begins after this call, for what the value at hand lacks.
   * When requests have used up their budget, the fetch begins a moment later. When too many wait
   * for that, a value that was asked for less than a second ago is the answer. While a pause after
   * failures lasts, any value is.
   *
   * @param mayWait whether a fetch that is not due yet is worth waiting for
   * @returns false when no fetch may begin for this request, and it can't wait for another's
   */
  async renewed(mayWait = true): Promise<boolean> {
    const demand = this.#demand!
    if (this.isPausing || this.#isClosed) return true
    if (!worksInBackground) {
      if (!demand.take()) return this.age < YOUNG
      await this.refresh()
      return true
    }
    const isDue = demand.wait() === 0
    const isCrowded = this.#waiting >= MAX_WAITING && this.age < YOUNG
    if (!isDue && (!mayWait || isCrowded)) return true
    if (!isDue) this.#waiting += 1
    await (this.#nextRenewal ??= this.#renewNext(demand))
    if (!isDue) this.#waiting -= 1
    return true
  }

  /**
   * Counts a fetch that no request waits for any longer as failed, where it ends with the request
   * that began it.
   */
  abandon(failure: unknown): void {
    if (!worksInBackground && !this.#isClosed) this.#fail(failure)
  }

  /** Renews by timers from now on, where that was put off. */
  renewByTimer(): void {
    if (this.#byTimer || this.#isClosed) return
    this.#byTimer = true
    if (this.#flight.current === undefined && this.#held !== undefined)
      this.#renewWhenDue(this.#held)
  }

  /**
   * Makes the value due now, stale in `staleIn` milliseconds and expired in `endsIn`, unless it is
   * sooner.
   */
  shorten({ staleIn, endsIn }: { readonly staleIn: number; readonly endsIn: number }): void {
    const held = this.#held
    if (held === undefined) return
    const age = this.#ageOf(held)
    const life = {
      renewAfter: Math.min(held.life.renewAfter, age),
      staleAfter: Math.min(held.life.staleAfter, age + staleIn),
      endsAfter: Math.min(held.life.endsAfter, age + endsIn),
    }
    this.#held = { ...held, life }
  }

  /** Ends the timers; a fetch under way goes on for the requests that wait for it. */
  release(): void {
    this.#byTimer = false
    this.#cancelRenewal()
  }

  /** Ends fetches, timers and the value. */
  close(): void {
    this.#isClosed = true
    this.#held = undefined
    this.release()
    this.#endPause()
    for (const abort of this.#aborts) abort.abort()
  }

  async #attempt(): Promise<void> {
    const number = (this.#attempts += 1)
    const askedAt = this.#now()
    this.#beganAt = askedAt.monotonic
    // Made for each attempt: Cloudflare Workers allow none outside a request.
    const abort = new AbortController()
    this.#aborts.add(abort)
    try {
      const value = await this.#load(abort.signal)
      if (this.#isLate(number)) return
      this.#accept(value, askedAt, number)
    } catch (error) {
      if (!this.#isLate(number)) this.#fail(error)
    } finally {
      this.#aborts.delete(abort)
    }
  }

  /** An answer that was asked for before the value at hand could bring back what is withdrawn. */
  #isLate(number: number): boolean {
    return this.#isClosed || number < this.#accepted
  }

  #accept(value: T, askedAt: Moment, number: number): void {
    const previous = this.current
    if (this.#policy.hasMore?.(value, previous) === true) this.#demand?.giveBack()
    this.#accepted = number
    const held = { value, askedAt, life: this.#policy.life(value) }
    this.#held = held
    this.#failures = 0
    this.#lastFailure = undefined
    this.#hasReportedStale = false
    this.#renewWhenDue(held)
    this.#events.fetched?.(value, previous)
  }

  #fail(error: unknown): void {
    this.#failures += 1
    this.#lastFailure = error
    const hasValue = this.current !== undefined
    const { renewal, demand } = this.#policy.pause(error, this.#failures, hasValue)
    this.#retryAt = this.#runtime.monotonic() + demand
    // A value that was worth renewing is worth another attempt.
    this.#used ||= hasValue
    if (this.#policy.renewal === 'always' || hasValue) this.#renewIn(renewal)
    this.#events.failed?.(error, renewal)
    if (this.#hasReportedStale || this.current === undefined || !this.isStale) return
    this.#hasReportedStale = true
    this.#events.becameStale?.()
  }

  #renewWhenDue(held: Held<T>): void {
    this.#renewIn(Math.max(0, held.life.renewAfter - this.#ageOf(held)))
  }

  #renewIn(delay: number): void {
    this.#cancelRenewal()
    if (!this.#byTimer || !worksInBackground || delay === Infinity) return
    this.#cancelTimer = this.#runtime.schedule(() => {
      this.#cancelTimer = undefined
      // One that was not used since the last renewal is renewed at its next use.
      const isWanted = this.#policy.renewal === 'always' || this.#used
      this.#used = false
      if (isWanted) void this.refresh()
    }, delay)
  }

  #cancelRenewal(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  async #renewNext(demand: TokenBucket): Promise<void> {
    // The fetch under way may have been answered before what is looked for was published.
    await this.#flight.current
    if (!this.isPausing) await this.#waitFor(demand.wait())
    await this.#flight.current
    this.#nextRenewal = undefined
    // One that failed meanwhile answers for the next: no request waits for both.
    if (this.isPausing) return
    demand.take()
    await this.refresh()
  }

  async #waitFor(delay: number): Promise<void> {
    if (delay === 0) return
    const { ended, cancel } = pause(this.#runtime, delay)
    this.#endPause = cancel
    await ended
  }

  #ageOf({ askedAt }: Held<T>): number {
    const { monotonic, now } = this.#runtime
    const age = monotonic() - askedAt.monotonic
    return this.#policy.ageByWallClock === true ? Math.max(age, now() - askedAt.wall) : age
  }

  #now(): Moment {
    return { monotonic: this.#runtime.monotonic(), wall: this.#runtime.now() }
  }
}
