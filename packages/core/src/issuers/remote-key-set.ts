import type { AlgorithmRow } from '../jwt/algorithms.js'
import { Denial } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import { getJson, HttpFailure } from '../kit/http.js'
import type { JwkSet, PublishedKey } from '../jwt/key.js'
import type { KeyOrigin, KeySetLimits } from '../options/options.js'
import { all, changes, distrust, identity, indexKeys, shown, type KeyIndex } from './key-index.js'
import { endpoint, fetchMetadata } from './metadata.js'
import { sharesWork, type Runtime } from '../kit/runtime.js'

/** What a key source is made of. */
export interface KeySourceOptions {
  readonly issuer: string
  readonly origin: Exclude<KeyOrigin, { keys: JwkSet }>
  readonly rows: readonly AlgorithmRow[]
  readonly limits: KeySetLimits
  readonly runtime: Runtime
  readonly emitter: Emitter
  /** Whether nothing is fetched but on request until {@link KeySource.keepFresh} is called. */
  readonly onTrial: boolean
}

/**
 * The keys as they were last fetched, fetched anew ahead of their expiry and again after failures.
 */
export interface KeySource {
  /** The keys in use; `undefined` before the first success and after the maximum staleness. */
  index(): KeyIndex | undefined
  /** Milliseconds since the last success. */
  age(): number
  /** Failed attempts since then. */
  failures(): number
  /** Whether an attempt failed so recently that requests must not cause another. */
  inBackOff(): boolean
  /**
   * Fetches now, or joins the fetch under way; never rejects. @returns whether it brought keys that
   * were never there before
   */
  refresh(): Promise<boolean>
  /** The fetch under way. */
  inFlight(): Promise<boolean> | undefined
  /** The refusal for a token that can't be judged now. */
  unavailable(): Denial
  lastFailure(): string | undefined
  /** Keeps the keys fresh in the background from now on, where that was put off. */
  keepFresh(): void
  /** Calls off the fetch under way and every timer, and gives up the keys. */
  close(): void
}

const SECOND = 1_000
const LONGEST_BACK_OFF = 60 * SECOND
/**
 * Requests that need a key need not wait out a long back-off: they may cause an attempt this often.
 */
const LONGEST_BACK_OFF_ON_DEMAND = 2 * SECOND
const LONGEST_RETRY_AFTER = 300 * SECOND
/** Without keys nothing can be judged meanwhile. */
const LONGEST_RETRY_AFTER_WITHOUT_KEYS = 120 * SECOND
/** Keys that are remembered beyond their time in the set. */
const MAX_SEEN = 100

/** Makes the key source of one Verifier; nothing is fetched before it is asked to. */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { issuer, origin, rows, limits, runtime, emitter } = options
  const fetchDocument = documentFetcher(origin, limits, runtime)
  const neverSeen = createNovelty()
  let closed = false
  let index: KeyIndex | undefined
  let fetchedAt = 0
  let failures = 0
  let lastFailure: HttpFailure | undefined
  let retryAt = 0
  let inFlight: Promise<boolean> | undefined
  let stale = false
  let { onTrial } = options
  let callOff = () => {}
  let cancelRefresh = () => {}
  let cancelExpiry = () => {}

  function refresh(): Promise<boolean> {
    cancelRefresh()
    if (closed) return Promise.resolve(false)
    if (!sharesWork) inFlight = undefined
    inFlight ??= attempt().finally(() => (inFlight = undefined))
    return inFlight
  }

  async function attempt(): Promise<boolean> {
    // Made for each fetch: Cloudflare Workers allow none outside a request, nor that of another
    // one.
    const abort = new AbortController()
    callOff = () => abort.abort()
    try {
      return accept(await fetchDocument(abort.signal, failures > 0))
    } catch (error) {
      return fail(error)
    }
  }

  function accept(document: unknown): boolean {
    if (closed) return false
    const next = indexKeys(document, rows, index)
    if (typeof next === 'string')
      throw new HttpFailure('unusable', `expected a JWK Set with usable keys, found ${next}`)
    const { added, removed } = changes(index, next)
    distrust(removed)
    index = next
    fetchedAt = runtime.monotonic()
    failures = 0
    lastFailure = undefined
    stale = false
    expireIn(limits.maxStale)
    refreshIn(limits.maxAge * (0.8 + 0.1 * runtime.random()))
    emitter.emit('keySetRefreshed', { issuer, keys: next.size, ignored: next.ignored })
    if (added.length + removed.length > 0)
      emitter.emit('keysChanged', { issuer, added: kids(added), removed: kids(removed) })
    return added.filter(neverSeen).length > 0
  }

  function fail(error: unknown): boolean {
    if (closed) return false
    failures += 1
    lastFailure =
      error instanceof HttpFailure
        ? error
        : new HttpFailure('unreachable', 'the key set could not be read', { cause: error })
    const backOff =
      Math.min(LONGEST_BACK_OFF, SECOND * 2 ** (failures - 1)) * (0.5 + 0.5 * runtime.random())
    const longest = current() === undefined ? LONGEST_RETRY_AFTER_WITHOUT_KEYS : LONGEST_RETRY_AFTER
    const asked = Math.min(lastFailure.retryAfter ?? 0, longest)
    const pause = Math.max(asked, backOff)
    retryAt = runtime.monotonic() + Math.max(asked, Math.min(backOff, LONGEST_BACK_OFF_ON_DEMAND))
    refreshIn(pause)
    emitter.emit('keySetFailed', {
      issuer,
      failures,
      message: lastFailure.message,
      retryIn: pause / SECOND,
    })
    if (!stale && current() !== undefined && age() >= limits.maxAge) {
      stale = true
      emitter.emit('keySetStale', { issuer, age: age() / SECOND })
    }
    return false
  }

  function refreshIn(delay: number): void {
    cancelRefresh()
    if (!onTrial) cancelRefresh = runtime.schedule(() => void refresh(), delay)
  }

  function expireIn(delay: number): void {
    cancelExpiry()
    // Timers may come early, and much too early for delays of many days.
    cancelExpiry = runtime.schedule(() => current() && expireIn(limits.maxStale - age()), delay)
  }

  /**
   * A withdrawn key can't be told from a valid one while the Verifier is out of reach, so no key
   * outlives the maximum staleness.
   */
  function current(): KeyIndex | undefined {
    // The timer may also come late, on a machine that was suspended.
    if (age() >= limits.maxStale) expire()
    return index
  }

  function expire(): void {
    distrust(all(index))
    index = undefined
  }

  const age = () => runtime.monotonic() - fetchedAt
  return {
    index: current,
    age,
    failures: () => failures,
    inBackOff: () => failures > 0 && runtime.monotonic() < retryAt,
    refresh,
    inFlight: () => (sharesWork ? inFlight : undefined),
    unavailable: () => unavailable(options, lastFailure, retryAt - runtime.monotonic()),
    lastFailure: () => lastFailure?.message,
    keepFresh() {
      if (!onTrial || closed) return
      onTrial = false
      if (inFlight === undefined) refreshIn(Math.max(0, limits.maxAge * 0.8 - age()))
    },
    close() {
      closed = true
      callOff()
      cancelRefresh()
      cancelExpiry()
      expire()
    },
  }
}

/**
 * The way to the key set document: its address is looked up again from time to time and after every
 * failure, never pinned for good.
 */
function documentFetcher(
  origin: KeySourceOptions['origin'],
  limits: KeySetLimits,
  runtime: Runtime,
) {
  let known: { readonly jwksUri: string; readonly at: number } | undefined

  async function address(signal: AbortSignal, doubtful: boolean): Promise<string> {
    if ('jwksUri' in origin) return origin.jwksUri
    // Half the age, so that each refresh ahead of expiry follows a Verifier that moved its keys.
    if (known !== undefined && !doubtful && runtime.monotonic() - known.at < limits.maxAge / 2)
      return known.jwksUri
    try {
      const metadata = await fetchMetadata(origin.discovery, limits, runtime, signal)
      known = { jwksUri: endpoint(metadata, 'jwks_uri', limits), at: runtime.monotonic() }
    } catch (failure) {
      if (known === undefined) throw failure
    }
    return known.jwksUri
  }

  return async function fetchDocument(signal: AbortSignal, doubtful: boolean): Promise<unknown> {
    const url = await address(signal, doubtful)
    const accept = 'application/jwk-set+json, application/json'
    return getJson(runtime, { url, ...limits, signal, headers: { accept } })
  }
}

/**
 * Tells keys that were there before, in the set of one replica and not in that of another, from new
 * ones.
 */
function createNovelty(): (key: PublishedKey) => boolean {
  const seen = new Set<string>()
  return ({ jwk }) => {
    const name = identity(jwk)
    if (seen.has(name)) return false
    if (seen.size >= MAX_SEEN) seen.clear()
    seen.add(name)
    return true
  }
}

function unavailable(
  { issuer, origin }: Pick<KeySourceOptions, 'issuer' | 'origin'>,
  failure: HttpFailure | undefined,
  pause: number,
): Denial {
  const reason = {
    check: 'key-set',
    expected: `the keys of ${issuer}`,
    actual:
      failure === undefined
        ? 'none within the time that a request may wait'
        : `none (${failure.message})`,
    hint: `no token was judged; ${remedy(failure, 'jwksUri' in origin ? 'jwksUri' : 'issuer')}`,
  }
  return new Denial('keys_unavailable', reason, { retryAfter: Math.max(SECOND, pause) })
}

function remedy(failure: HttpFailure | undefined, option: string): string {
  if (failure === undefined || failure.reason === 'unreachable' || failure.reason === 'timeout')
    return 'check that this process can reach the Verifier'
  if (failure.status === 429 || (failure.status ?? 0) >= 500)
    return 'the Verifier has trouble of its own, and is asked again'
  return `there was an answer, so check the option "${option}", and the Verifier`
}

/** The ids of some keys; of thousands, a sample. */
function kids(keys: readonly PublishedKey[]): readonly (string | undefined)[] {
  return keys.slice(0, MAX_SEEN).map(({ jwk }) => shown(jwk.kid))
}
