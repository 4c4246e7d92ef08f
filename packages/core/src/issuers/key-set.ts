/*
 * The keys of one Verifier that may have signed a token. Key id in, published keys out: at once
 * while they are at hand, later when they have to be fetched first.
 */
import type { AlgorithmRow } from '../jwt/algorithms.js'
import type { JwkSet, PublishedKey } from '../jwt/key.js'
import { quote } from '../kit/display.js'
import { configurationError, Denial } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import type { HttpFailure } from '../kit/http.js'
import type { Kept } from '../kit/kept.js'
import type { Later } from '../kit/later.js'
import { LRUCache } from '../kit/lru-cache.js'
import { pause, withTimeout, type Runtime } from '../kit/runtime.js'
import type { KeyLocation, KeySetLimits } from '../options/options.js'
import {
  candidates,
  describeUnusable,
  indexKeys,
  NO_KEYS,
  shown,
  type KeyIndex,
} from './key-index.js'
import { asHttpFailure, keepKeys } from './remote-key-set.js'

/** The state of a key set. */
export interface KeySetHealth {
  readonly issuer: string
  /** `ready`: fresh keys; `degraded`: the last attempt to renew them failed; `down`: no keys. */
  readonly status: 'ready' | 'degraded' | 'down'
  readonly keys: number
  /**
   * Seconds since the keys were asked for; absent before the first success and for keys from the
   * configuration.
   */
  readonly age?: number
  /** Failed attempts in a row. */
  readonly failures: number
  /** What the last of them said. */
  readonly lastFailure?: string
}

/** The keys of one Verifier. */
export interface KeySet {
  /**
   * The keys that may have signed a token.
   *
   * @param mayRefetch whether an id that is not known may cause a fetch
   * @throws {Denial} `key_unknown`, `keys_unavailable`
   */
  find(kid: string | undefined, mayRefetch: boolean): Later<readonly PublishedKey[]>
  /**
   * The keys under an id by now, besides those tried: a key may be replaced under its id.
   *
   * @throws {Denial} `keys_unavailable` when the Verifier can't be asked
   */
  findReplaced(
    kid: string | undefined,
    tried: readonly PublishedKey[],
  ): Later<readonly PublishedKey[]>
  /** Whether a key is still one of these: false also while newer keys should be waited for. */
  holds(key: PublishedKey): boolean
  /**
   * Notes that a signature holds by one of the keys: the issuer is real, its keys worth renewing.
   */
  confirm(): void
  /** Fetches the keys unless they are at hand. @throws {Denial} `keys_unavailable` */
  ready(): Promise<void>
  health(): KeySetHealth
  /** Ends timers; the keys are renewed by their use from now on. */
  release(): void
  /** Ends fetches, timers and the use of the keys. */
  close(): void
}

/** What a key set is made of. */
export interface KeySetParts {
  readonly issuer: string
  /** The issuer or template in the options; `undefined` for one that a lookup answered for. */
  readonly configuredAs: string | undefined
  readonly keysAt: KeyLocation
  readonly algorithms: readonly AlgorithmRow[]
  readonly limits: KeySetLimits
  readonly runtime: Runtime
  readonly emitter: Emitter
  /** Whether a caller may have invented the issuer: then its keys are fetched on request only. */
  readonly isUnverified: boolean
}

/** Makes the key set of one Verifier; nothing is fetched before it is asked for. */
export function createKeySet({ keysAt, ...options }: KeySetParts): KeySet {
  if ('keys' in keysAt) return staticKeySet(options, keysAt.keys)
  const set: RemoteKeySet = {
    ...options,
    keys: keepKeys({ ...options, keysAt }),
    option: 'jwksUri' in keysAt ? 'jwksUri' : 'issuer',
    lookedFor: new LRUCache({ max: MAX_LOOKED_FOR }),
  }
  return {
    find: (kid, mayRefetch) => find(set, kid, mayRefetch),
    findReplaced: (kid, tried) => findReplaced(set, kid, tried),
    holds: (key) => set.keys.fresh()?.keys.has(key) === true,
    confirm: () => set.keys.renewByTimer(),
    ready: async () => void (set.keys.current ?? (await firstKeys(set))),
    health: () => health(set),
    release: () => set.keys.release(),
    close: () => set.keys.close(),
  }
}

type Common = Omit<KeySetParts, 'keysAt'>

interface RemoteKeySet extends Common {
  readonly keys: Kept<KeyIndex>
  /** The option that says where the keys are. */
  readonly option: 'jwksUri' | 'issuer'
  /** When the keys were asked for in which a key id was last looked for in vain. */
  readonly lookedFor: LRUCache<string, number>
}

/** Key ids looked for in vain that are remembered, and for how long, in milliseconds. */
const MAX_LOOKED_FOR = 1_000
const UNKNOWN_FOR = 1_000
/** Longer key ids than any Verifier has are not remembered. */
const MAX_KID_LENGTH = 256

function staticKeySet({ issuer, algorithms }: Common, document: JwkSet): KeySet {
  let index = indexKeys(document, algorithms)
  if (typeof index === 'string' || index.keys.size === 0)
    throw configurationError(
      '"keys" to be a JWK Set with usable keys',
      typeof index === 'string' ? index : describeUnusable(index, algorithms),
      'check their kty, crv, use and alg, and leave private members out',
    )
  const current = () => index as KeyIndex
  return {
    find: (kid) => stated(current(), kid),
    findReplaced: () => [],
    holds: (key) => current().keys.has(key),
    confirm: () => {},
    ready: () => Promise.resolve(),
    health: () => ({ issuer, status: 'ready', keys: current().keys.size, failures: 0 }),
    release: () => {},
    close: () => void (index = NO_KEYS),
  }
}

function find(
  set: RemoteKeySet,
  kid: string | undefined,
  mayRefetch: boolean,
): Later<readonly PublishedKey[]> {
  const index = set.keys.fresh()
  if (index !== undefined) return inIndex(set, index, kid, mayRefetch)
  const { monotonic } = set.runtime
  const began = monotonic()
  return inTime(
    set,
    newestKeys(set).then((keys) => {
      // What was asked for since this request began is as new as what a further fetch would bring.
      const isNew = monotonic() - set.keys.age >= began
      return isNew ? foundOrNoted(set, keys, kid) : inIndex(set, keys, kid, mayRefetch)
    }),
  )
}

function inIndex(
  set: RemoteKeySet,
  index: KeyIndex,
  kid: string | undefined,
  mayRefetch: boolean,
): Later<readonly PublishedKey[]> {
  const keys = candidates(index, kid)
  if (keys.length > 0) return keys
  // A key id may have been published since; without one there is nothing to look for.
  const { monotonic } = set.runtime
  const wasLookedFor = monotonic() - (set.lookedFor.get(kid ?? '') ?? -Infinity) < UNKNOWN_FOR
  if (kid === undefined || !mayRefetch || wasLookedFor) throw unknownKey(index, kid)
  return inTime(set, publishedSince(set, kid))
}

async function publishedSince(set: RemoteKeySet, kid: string): Promise<readonly PublishedKey[]> {
  const isAnswered = await set.keys.renewed()
  const { current, failures } = set.keys
  if (!isAnswered || failures > 0 || current === undefined) throw unavailable(set)
  return foundOrNoted(set, current, kid)
}

/** The keys under an id; one that is not there is not looked for again at once. */
function foundOrNoted(
  { lookedFor, runtime, keys }: RemoteKeySet,
  index: KeyIndex,
  kid: string | undefined,
): readonly PublishedKey[] {
  const isMissing = candidates(index, kid).length === 0
  if (isMissing && kid !== undefined && kid.length <= MAX_KID_LENGTH)
    lookedFor.set(kid, runtime.monotonic() - keys.age)
  return found(index, kid)
}

function findReplaced(
  set: RemoteKeySet,
  kid: string | undefined,
  tried: readonly PublishedKey[],
): Later<readonly PublishedKey[]> {
  const others = () =>
    candidates(set.keys.current ?? NO_KEYS, kid).filter((key) => !tried.includes(key))
  if (others().length > 0) return others()
  // Any caller can forge signatures: a fetch that is not due is not waited for.
  return inTime(set, set.keys.renewed(false)).then((isAnswered) => {
    // Whether a key was replaced that can't be looked for now is not known.
    if (others().length === 0 && (!isAnswered || set.keys.failures > 0)) throw unavailable(set)
    return others()
  })
}

/**
 * How long requests wait for newer keys where those at hand are stale for want of a timer, in
 * milliseconds.
 */
const PATIENCE = 1_000

/**
 * Keys that are withdrawn should not pass, nor a Verifier that hangs hold up those it published.
 */
async function newestKeys(set: RemoteKeySet): Promise<KeyIndex> {
  const { keys, runtime } = set
  if (keys.current === undefined) return firstKeys(set)
  const patience = PATIENCE - keys.underWayFor
  if (!keys.isPausing && patience > 0) {
    const { ended, cancel } = pause(runtime, patience)
    await Promise.race([keys.refresh(), ended])
    cancel()
    if (keys.isStale && keys.failures === 0) keys.abandon(undefined)
  }
  return keys.current ?? firstKeys(set)
}

async function firstKeys(set: RemoteKeySet): Promise<KeyIndex> {
  if (!set.keys.isPausing) await set.keys.refresh()
  const { current } = set.keys
  if (current === undefined) throw unavailable(set)
  return current
}

/** A request waits for keys no longer than one fetch may take, whatever it waits behind. */
function inTime<T>(set: RemoteKeySet, work: Promise<T>): Promise<T> {
  return withTimeout(set.runtime, work, set.limits.timeout, async () => {
    // The failure of the fetch itself, due at the same moment, says more.
    await pause(set.runtime, 0).ended
    throw unavailable(set)
  })
}

function health({ issuer, keys }: RemoteKeySet): KeySetHealth {
  const { current = NO_KEYS, failures, lastFailure, age } = keys
  const count = current.keys.size
  return {
    issuer,
    status: count === 0 ? 'down' : failures > 0 ? 'degraded' : 'ready',
    keys: count,
    ...(count > 0 && { age: age / 1_000 }),
    failures,
    ...(failures > 0 && { lastFailure: asHttpFailure(lastFailure).message }),
  }
}

function found(index: KeyIndex, kid: string | undefined): readonly PublishedKey[] {
  const keys = candidates(index, kid)
  if (keys.length === 0) throw unknownKey(index, kid)
  return keys
}

/** A key that the application states without an id, as PEM has none, may be that of any token. */
function stated(index: KeyIndex, kid: string | undefined): readonly PublishedKey[] {
  const named = candidates(index, kid)
  return named.length > 0 ? named : (index.byKid.get(undefined) ?? found(index, kid))
}

function unknownKey(index: KeyIndex, kid: string | undefined): Denial {
  const ignored = index.ignored.find((key) => kid !== undefined && key.kid === shown(kid))
  return new Denial('key_unknown', {
    check: 'key-set',
    expected:
      kid === undefined
        ? `a "kid", since the Verifier publishes ${index.keys.size} keys`
        : 'a "kid" that the Verifier publishes',
    actual: quote(kid),
    hint: ignored
      ? `the Verifier publishes it, but it can't be used: ${ignored.why}`
      : 'the token may come from another environment, or its key was withdrawn',
  })
}

/** The refusal of a token that can't be decided on now. */
function unavailable({ issuer, keys, option }: RemoteKeySet): Denial {
  const failure = keys.failures > 0 ? asHttpFailure(keys.lastFailure) : undefined
  const reason = {
    check: 'key-set',
    expected: `the keys of ${issuer}`,
    actual: `none ${failure ? `(${failure.message})` : 'within the time that a request may wait'}`,
    hint: `the token was not verified; ${remedy(failure, option)}`,
  }
  return new Denial('keys_unavailable', reason, { retryAfter: Math.max(1, keys.retryIn / 1_000) })
}

function remedy(failure: HttpFailure | undefined, option: string): string {
  if (failure === undefined || failure.reason === 'unreachable' || failure.reason === 'timeout')
    return 'check that this process can reach the Verifier'
  if (failure.status === 429 || (failure.status ?? 0) >= 500)
    return 'the Verifier has an outage, and is asked again'
  return `there was an answer, so check the option "${option}", and the Verifier`
}
