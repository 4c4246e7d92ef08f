import { worksInBackground } from '@verifier-guard/core/support'
import { closedError, TokenSourceError } from './errors.js'
import { tellableParameters, type TokenParameters } from './parameters.js'
import type { TokenRequest } from './request.js'
import type { ObtainedToken } from './response.js'
import type { Settings } from './settings.js'
import { inSeconds, moment, SECOND } from './time.js'
import { backOff, pauseAfterTry, timingOf } from './timing.js'

/** How a kept token fares. */
export interface KeptTokenState {
  readonly usable: boolean
  /** Seconds since 1970. */
  readonly expiresAt: number | undefined
  /** Why the last request failed, until one succeeds. */
  readonly error: TokenSourceError | undefined
}

interface HeldToken {
  readonly value: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined
  readonly usableFor: number
  /**
   * By the wall clock and by the one that is never stepped: the token is over when either says so.
   */
  readonly arrival: { readonly wall: number; readonly monotonic: number }
  /** Refused by an API: used only if no other can be had. */
  doubted: boolean
}

/**
 * How long a token is kept that does not say when it ends, in milliseconds (RFC 6749 §5.1 only
 * recommends `expires_in`). For ever would hand out dead tokens, and not at all would make every
 * call a token request; few authorization servers issue tokens that live for less, and an API that
 * refuses one has it replaced.
 */
const ASSUMED_LIFETIME = 60_000
/** A longer pause is not waited out while somebody waits for the token. */
const LONGEST_WAIT = 2_000
/** No `Retry-After` silences a client for longer. */
const LONGEST_SILENCE = 300_000
/**
 * Tokens are not replaced more often than this, so that an API that refuses them all causes no
 * flood of token requests.
 */
const DROP_INTERVAL = 10_000

/**
 * One token, for one set of parameters: asked for once however many wait, renewed ahead, replaced
 * when an API refuses it.
 */
export class KeptToken {
  readonly #request: TokenRequest
  readonly #parameters: TokenParameters
  readonly #told: Omit<TokenParameters, 'parameters'>
  readonly #options: Settings

  #held: HeldToken | undefined
  #pending: Promise<string> | undefined
  #error: TokenSourceError | undefined
  #failures = 0
  #silentUntil = -Infinity
  #droppedAt = -Infinity
  #used = false
  #renewalDue = false
  #closed = false
  #letGo = false
  #callOffAttempt = () => {}
  #callOffRenewal = () => {}

  constructor(request: TokenRequest, parameters: TokenParameters, options: Settings) {
    this.#request = request
    this.#parameters = parameters
    this.#told = tellableParameters(parameters)
    this.#options = options
  }

  /** The token at hand, or a promise of the one that is being asked for. */
  get(): string | Promise<string> {
    this.#used = true
    const held = this.#held
    if (held === undefined || !this.#isUsable(held)) return this.#obtain()
    if (held.doubted) return this.#obtainInsteadOf(held)
    if (this.#renewalDue) this.#renew()
    return held.value
  }

  /**
   * Tells that an API refused this token as invalid. Returns whether asking again may bring another
   * one.
   */
  drop(value: string): boolean {
    const held = this.#held
    if (held?.value !== value || held.doubted) return true
    const now = this.#options.runtime.monotonic()
    if (now - this.#droppedAt < DROP_INTERVAL) return false
    this.#droppedAt = now
    held.doubted = true
    this.#options.emit('tokenDropped', { parameters: this.#told })
    return true
  }

  /** Whether a request for it is under way, for a caller or ahead of its end. */
  get isPending(): boolean {
    return worksInBackground && this.#pending !== undefined
  }

  state(): KeptTokenState {
    const held = this.#held
    return {
      usable: held !== undefined && this.#isUsable(held),
      expiresAt: moment(held?.expiresAt),
      error: this.#error,
    }
  }

  /** Keeps the token no longer, without breaking off a request that somebody may wait for. */
  letGo(): void {
    this.#letGo = true
    this.#callOffRenewal()
  }

  close(): void {
    this.#closed = true
    this.#callOffRenewal()
    this.#callOffAttempt()
  }

  #obtain(): Promise<string> {
    if (worksInBackground && this.#pending) return this.#pending
    if (this.#error && this.#options.runtime.monotonic() < this.#silentUntil)
      return Promise.reject(this.#error)
    this.#callOffRenewal()
    this.#renewalDue = false
    this.#pending = this.#attempt().finally(() => (this.#pending = undefined))
    return this.#pending
  }

  /** One API's refusal must not cost the others a good token while the Verifier is away. */
  async #obtainInsteadOf(doubted: HeldToken): Promise<string> {
    try {
      return await this.#obtain()
    } catch (failure) {
      if (failure instanceof TokenSourceError && failure.retryable && this.#isUsable(doubted))
        return doubted.value
      throw failure
    }
  }

  async #attempt(): Promise<string> {
    const { runtime, tries } = this.#options
    // Made for each attempt: Cloudflare Workers allow none outside a request, nor that of another
    // one.
    const abort = new AbortController()
    const calledOff = new Promise<void>((resolve) =>
      abort.signal.addEventListener('abort', () => resolve()),
    )
    this.#callOffAttempt = () => abort.abort()
    for (let number = 1; ; number++) {
      if (this.#closed) throw closedError()
      try {
        return this.#accept(await this.#request(this.#parameters, abort.signal), number)
      } catch (thrown) {
        const failure = thrown as TokenSourceError
        const asked = failure.retryAfter
        const pause = asked === undefined ? pauseAfterTry(number, runtime.random()) : asked * SECOND
        if (!failure.retryable || number >= tries || pause > LONGEST_WAIT)
          throw this.#giveUp(failure, number)
        await Promise.race([runtime.sleep(pause), calledOff])
      }
    }
  }

  #accept({ value, lifetime }: ObtainedToken, tries: number): string {
    this.#error = undefined
    this.#failures = 0
    this.#held = this.#hold(value, lifetime)
    const expiresAt = moment(this.#held.expiresAt)
    this.#options.emit('tokenObtained', { parameters: this.#told, expiresAt, tries })
    return value
  }

  #hold(value: string, lifetime: number | undefined): HeldToken {
    const { runtime } = this.#options
    const { renewAfter, usableFor } = timingOf(lifetime ?? ASSUMED_LIFETIME, runtime.random())
    const arrival = { wall: runtime.now(), monotonic: runtime.monotonic() }
    this.#scheduleRenewal(renewAfter)
    const expiresAt = lifetime === undefined ? undefined : arrival.wall + lifetime
    return { value, expiresAt, usableFor, arrival, doubted: false }
  }

  #giveUp(error: TokenSourceError, tries: number): TokenSourceError {
    if (error.code === 'closed') return error
    const { runtime } = this.#options
    this.#error = error
    this.#failures += 1
    const asked = Math.min((error.retryAfter ?? 0) * SECOND, LONGEST_SILENCE)
    const pause = Math.max(asked, backOff(error, this.#failures, runtime.random()))
    this.#silentUntil = runtime.monotonic() + pause
    const { usable: covered } = this.state()
    if (covered && error.retryable) {
      this.#used = true
      this.#scheduleRenewal(pause)
    }
    this.#options.emit('tokenRequestFailed', {
      parameters: this.#told,
      error,
      tries,
      pause: inSeconds(pause),
      covered,
    })
    return error
  }

  #scheduleRenewal(delay: number): void {
    this.#callOffRenewal()
    if (this.#closed || this.#letGo) return
    this.#callOffRenewal = this.#options.runtime.schedule(() => {
      // A token that nobody asked for since the last renewal is renewed when somebody does.
      if (this.#used) this.#renew()
      else this.#renewalDue = true
    }, delay)
  }

  #renew(): void {
    this.#used = false
    this.#renewalDue = false
    // The failure is in `state` and in the event; callers have the token at hand.
    this.#obtain().catch(() => {})
  }

  #isUsable({ arrival, usableFor }: HeldToken): boolean {
    const { runtime } = this.#options
    return (
      runtime.monotonic() - arrival.monotonic < usableFor &&
      runtime.now() - arrival.wall < usableFor
    )
  }
}
