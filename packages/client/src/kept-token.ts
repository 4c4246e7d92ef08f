/*
 * One token, for one set of parameters: asked for once however many wait, renewed ahead of its end,
 * replaced when an API refuses it. Token request in, usable token out.
 */
import { backOff, Kept, type KeepPolicy } from '@verifier-guard/core/support'
import { closedError, type TokenSourceError } from './errors.js'
import { publicParameters, type SentParameters } from './parameters.js'
import type { TokenRequest } from './request.js'
import type { Settings } from './settings.js'
import { inSeconds, epochSeconds, SECOND } from './time.js'
import { BACK_OFF, timingOf } from './timing.js'
import { tried, triesOf, type TriedToken } from './tries.js'

/** The state of a kept token. */
export interface KeptTokenState {
  readonly usable: boolean
  /** Seconds since 1970. */
  readonly expiresAt: number | undefined
  /** Why the last request failed, until one succeeds. */
  readonly error: TokenSourceError | undefined
}

/**
 * How long a token is kept that does not say when it ends, in milliseconds (RFC 6749 §5.1 only
 * recommends `expires_in`). For ever would hand out dead tokens, and not at all would make every
 * call a token request; few authorization servers issue tokens that live for less, and an API that
 * refuses one has it replaced.
 */
const ASSUMED_LIFETIME = 60 * SECOND
/**
 * Tokens are not replaced more often than this, so that an API that refuses them all causes no
 * flood of token requests.
 */
const DROP_INTERVAL = 10 * SECOND

/** A token that is kept for as long as it is good. */
export class KeptToken {
  readonly #kept: Kept<TriedToken>
  readonly #settings: Settings
  readonly #publicParameters: ReturnType<typeof publicParameters>
  /** Refused by an API: used only while no other one can be fetched. */
  #refused: string | undefined
  #droppedAt = -Infinity

  constructor(request: TokenRequest, parameters: SentParameters, settings: Settings) {
    this.#settings = settings
    this.#publicParameters = publicParameters(parameters)
    this.#kept = new Kept(
      (signal) => tried((each) => request(parameters, each), settings, signal),
      policy(settings),
      settings.runtime,
      {
        fetched: (token) => this.#obtained(token),
        failed: (error, retryIn) => this.#failed(error as TokenSourceError, retryIn),
      },
    )
  }

  /** The token at hand, or a promise of the one that is being asked for. */
  get(): string | Promise<string> {
    const token = this.#kept.fresh()
    return token === undefined || token.value === this.#refused ? this.#obtain() : token.value
  }

  /**
   * Replaces a token that an API refused as invalid. Returns whether asking again may bring another
   * one.
   */
  drop(value: string): boolean {
    if (this.#kept.current?.value !== value || this.#refused === value) return true
    const now = this.#settings.runtime.monotonic()
    if (now - this.#droppedAt < DROP_INTERVAL) return false
    this.#droppedAt = now
    this.#refused = value
    this.#settings.emit('tokenDropped', { parameters: this.#publicParameters })
    return true
  }

  /** Whether a request for it is under way, for a caller or ahead of its end. */
  get isPending(): boolean {
    return this.#kept.isUnderWay
  }

  state(): KeptTokenState {
    const token = this.#kept.current
    return {
      usable: token !== undefined,
      expiresAt: epochSeconds(token?.expiresAt),
      error: this.#kept.lastFailure as TokenSourceError | undefined,
    }
  }

  /** Keeps the token no longer, without breaking off a request that a caller may wait for. */
  release(): void {
    this.#kept.release()
  }

  close(): void {
    this.#kept.close()
  }

  async #obtain(): Promise<string> {
    if (!this.#kept.isPausing) await this.#kept.refresh()
    const { current: token, lastFailure } = this.#kept
    const error = lastFailure as TokenSourceError | undefined
    if (token === undefined) throw error ?? closedError()
    // One API's refusal must not cost the others a good token while the Verifier cannot be reached.
    if (token.value === this.#refused && error?.retryable === false) throw error
    return token.value
  }

  #obtained({ expiresAt, tries }: TriedToken): void {
    this.#refused = undefined
    const obtained = {
      parameters: this.#publicParameters,
      expiresAt: epochSeconds(expiresAt),
      tries,
    }
    this.#settings.emit('tokenObtained', obtained)
  }

  #failed(error: TokenSourceError, retryIn: number): void {
    this.#settings.emit('tokenRequestFailed', {
      parameters: this.#publicParameters,
      error,
      tries: triesOf(error),
      pause: inSeconds(retryIn),
      covered: this.#kept.current !== undefined,
    })
  }
}

function policy({ runtime }: Settings): KeepPolicy<TriedToken> {
  return {
    renewal: 'whileUsed',
    // It is over when either clock says so: the wall clock may be set back, and the other one
    // stands still while a machine is suspended.
    ageByWallClock: true,
    life({ lifetime = ASSUMED_LIFETIME, arrivedAfter }) {
      const { renewAfter, usableFor } = timingOf(lifetime, runtime.random())
      const end = arrivedAfter + usableFor
      return { renewAfter: arrivedAfter + renewAfter, staleAfter: end, endsAfter: end }
    },
    pause(failure, failures) {
      const { retryable, retryAfter } = failure as TokenSourceError
      return backOff(BACK_OFF[retryable ? 'outage' : 'refusal'], {
        failures,
        retryAfter: retryAfter === undefined ? undefined : retryAfter * SECOND,
        chance: runtime.random(),
      })
    },
  }
}
