/*
 * Fetches the keys of a Verifier and keeps them: fresh, through outages, and no longer than that.
 * Address or metadata in, published keys out (RFC 7517 §5, RFC 8414 §2).
 */
import type { Emitter } from '../kit/events.js'
import { backOff } from '../kit/back-off.js'
import { getJson, HttpFailure, type HttpFailureReason } from '../kit/http.js'
import { Kept, type KeepPolicy } from '../kit/kept.js'
import { LRUCache } from '../kit/lru-cache.js'
import type { Runtime } from '../kit/runtime.js'
import { createTrace } from '../kit/tracing.js'
import type { AlgorithmRow } from '../jwt/algorithms.js'
import type { JwkSet, PublishedKey } from '../jwt/key.js'
import type { KeyLocation, KeySetLimits } from '../options/options.js'
import {
  changes,
  describeUnusable,
  identity,
  indexKeys,
  NO_KEYS,
  shown,
  type KeyIndex,
} from './key-index.js'
import { endpoint, fetchMetadata } from './metadata.js'

/** What remote keys are made of. */
export interface RemoteKeySources {
  readonly issuer: string
  /** The issuer or template in the options; `undefined` for one that a lookup answered for. */
  readonly configuredAs: string | undefined
  readonly keysAt: Exclude<KeyLocation, { keys: JwkSet }>
  readonly algorithms: readonly AlgorithmRow[]
  readonly limits: KeySetLimits
  readonly runtime: Runtime
  readonly emitter: Emitter
  /** Whether a caller may have invented the issuer: then nothing is fetched but on request. */
  readonly isUnverified: boolean
}

const fetches = createTrace('key-fetch')

const SECOND = 1_000
const BACK_OFF = { first: SECOND, longest: 60 * SECOND, longestDemand: 2 * SECOND }
/** Without keys nothing can be decided meanwhile, so a Verifier can't silence this for as long. */
const LONGEST_RETRY_AFTER = { withKeys: 300 * SECOND, withoutKeys: 120 * SECOND }
/**
 * Invented key ids can't keep a genuine new key out: the next fetch is two seconds away at most.
 */
const DEMAND = { size: 4, every: 2 * SECOND }
/**
 * Without keys every request waits: a Verifier that is just starting is asked again so soon. One
 * that a caller may have invented is not.
 */
const RESEND_AFTER = SECOND
/**
 * A key set without any usable key is confirmed after so long. Without an answer by the end of the
 * limit, it counts as confirmed.
 */
const CONFIRM = { after: 10 * SECOND, limit: 60 * SECOND }
/** Keys that are remembered beyond their time in the set. */
const MAX_SEEN = 100
/** Of thousands of key ids, events hold a sample. */
const MAX_REPORTED = 100

/** A key set in which there is no usable key: the Verifier may have withdrawn its only one. */
class NoUsableKeys extends HttpFailure {
  constructor(found: string) {
    super('unusable', `expected a JWK Set with usable keys, found ${found}`)
  }
}

/** Keeps the keys of one Verifier. Nothing is fetched before it is asked for. */
export function keepKeys(options: RemoteKeySources): Kept<KeyIndex> {
  const { issuer, configuredAs, algorithms, limits, runtime, emitter } = options
  const fetchDocument = documentFetcher(options, () => keys)
  const withdrawal = createWithdrawal(() => keys, options)
  const keys: Kept<KeyIndex> = new Kept(
    async (signal) =>
      fetches.run(
        () => ({ issuer, configuredAs }),
        async () => readKeys(await fetchDocument(signal), algorithms, keys.current),
      ),
    keyPolicy(limits, runtime, withdrawal),
    runtime,
    {
      fetched(next, previous) {
        withdrawal.isOff()
        emitter.emit('keySetRefreshed', { issuer, keys: next.keys.size, ignored: next.ignored })
        emitChanges(options, previous, next)
      },
      failed(failure, retryIn) {
        emitFailure(options, { failure, failures: keys.failures, retryIn })
        if (failure instanceof NoUsableKeys) withdrawal.isStated()
      },
      becameStale: () => emitter.emit('keySetStale', { issuer, age: keys.age / SECOND }),
    },
    !options.isUnverified,
  )
  return keys
}

/** What went wrong, as the failure of an HTTP exchange. */
export function asHttpFailure(failure: unknown): HttpFailure {
  if (failure instanceof HttpFailure) return failure
  return new HttpFailure('unreachable', 'the key set could not be read', { cause: failure })
}

type Events = Pick<RemoteKeySources, 'issuer' | 'emitter'>

function emitChanges({ issuer, emitter }: Events, previous: KeyIndex | undefined, next: KeyIndex) {
  const { added, removed } = changes(previous, next)
  if (added.length + removed.length > 0)
    emitter.emit('keysChanged', { issuer, added: kids(added), removed: kids(removed) })
}

/** @param retryIn in milliseconds */
function emitFailure(
  { issuer, emitter }: Events,
  { failure, failures, retryIn }: { failure: unknown; failures: number; retryIn: number },
): void {
  const { reason, message } = asHttpFailure(failure)
  emitter.emit('keySetFailed', { issuer, failures, reason, message, retryIn: retryIn / SECOND })
}

interface Withdrawal {
  /** Milliseconds until another answer confirms it. */
  confirmIn(): number
  /** Notes a set without any usable key. */
  isStated(): void
  /** Notes a usable key. */
  isOff(): void
}

/**
 * Ends the keys when the Verifier publishes none that can be used (RFC 7517 §5). One mistaken
 * answer must not stop an API: until a second answer confirms it, the keys stand, for a minute at
 * most.
 */
function createWithdrawal(
  keys: () => Kept<KeyIndex>,
  { runtime, ...options }: RemoteKeySources,
): Withdrawal {
  let statedAt: number | undefined
  const confirmIn = () =>
    Math.max(0, CONFIRM.after + (statedAt ?? runtime.monotonic()) - runtime.monotonic())
  return {
    confirmIn,
    isOff: () => void (statedAt = undefined),
    isStated() {
      statedAt ??= runtime.monotonic()
      const { current } = keys()
      if (confirmIn() > 0) return keys().shorten({ staleIn: CONFIRM.after, endsIn: CONFIRM.limit })
      keys().shorten({ staleIn: 0, endsIn: 0 })
      if (current !== undefined) emitChanges(options, current, NO_KEYS)
    },
  }
}

function keyPolicy(
  { maxAge, maxStale }: KeySetLimits,
  runtime: Runtime,
  withdrawal: Withdrawal,
): KeepPolicy<KeyIndex> {
  return {
    renewal: 'always',
    demand: DEMAND,
    hasMore: hasNewKeys(),
    life: () => ({
      renewAfter: maxAge * (0.8 + 0.1 * runtime.random()),
      staleAfter: maxAge,
      endsAfter: maxStale,
    }),
    pause(failure, failures, hasKeys) {
      const longestRetryAfter = LONGEST_RETRY_AFTER[hasKeys ? 'withKeys' : 'withoutKeys']
      const { retryAfter } = asHttpFailure(failure)
      const chance = runtime.random()
      const pause = backOff({ ...BACK_OFF, longestRetryAfter }, { failures, retryAfter, chance })
      const isToConfirm = hasKeys && failure instanceof NoUsableKeys
      return isToConfirm ? { ...pause, renewal: withdrawal.confirmIn() } : pause
    },
  }
}

/** Keys that replicas publish in turn are new once. */
function hasNewKeys(): (next: KeyIndex, previous: KeyIndex | undefined) => boolean {
  const seen = new LRUCache<string, true>({ max: MAX_SEEN })
  return (next, previous) => {
    const names = changes(previous, next).added.map(({ jwk }) => identity(jwk))
    const isAnyNew = names.some((name) => !seen.has(name))
    for (const name of names) seen.set(name, true)
    return isAnyNew
  }
}

function readKeys(
  document: unknown,
  algorithms: readonly AlgorithmRow[],
  previous: KeyIndex | undefined,
): KeyIndex {
  const index = indexKeys(document, algorithms, previous)
  if (typeof index === 'string')
    throw new HttpFailure('unusable', `expected a JWK Set, found ${index}`)
  if (index.keys.size === 0) throw new NoUsableKeys(describeUnusable(index, algorithms))
  return index
}

/**
 * The way to the key set document. Its address is looked up again from time to time and after every
 * failure of the keys, and outlives the metadata by `maxStale` at most.
 */
function documentFetcher(
  options: RemoteKeySources,
  keys: () => Kept<KeyIndex>,
): (signal: AbortSignal) => Promise<unknown> {
  const { keysAt, limits, runtime, isUnverified } = options
  const mayResend = () => !isUnverified && keys().current === undefined
  const patience = () => (mayResend() ? { resendAfter: RESEND_AFTER } : {})
  const address =
    'jwksUri' in keysAt
      ? () => keysAt.jwksUri
      : keptAddress(keysAt.discovery, options, keys, patience)
  return async (signal) => {
    const url = await address(signal)
    const accept = 'application/jwk-set+json, application/json'
    return getJson(runtime, { url, ...limits, ...patience(), signal, headers: { accept } })
  }
}

/** Answers that are in JSON, and do not name the address: the Verifier has left it. */
const LEFT: readonly HttpFailureReason[] = ['other_issuer', 'unusable']

function keptAddress(
  issuer: string,
  { limits, runtime, ...options }: RemoteKeySources,
  keys: () => Kept<KeyIndex>,
  patience: () => { readonly resendAfter?: number },
): (signal: AbortSignal) => Promise<string> {
  const address: Kept<string> = new Kept(
    async (signal) => {
      const metadata = await fetchMetadata(issuer, { ...limits, ...patience() }, runtime, signal)
      return endpoint(metadata, 'jwks_uri', limits)
    },
    {
      renewal: 'onUse',
      // Half the age, so that each refresh ahead of expiry follows a Verifier that moved its keys.
      life: () => ({
        renewAfter: limits.maxAge / 2,
        staleAfter: limits.maxAge / 2,
        endsAfter: limits.maxStale,
      }),
      // The keys' own back-off governs both.
      pause: () => ({ renewal: Infinity, demand: 0 }),
    },
    runtime,
    {
      failed(failure) {
        if (LEFT.includes(asHttpFailure(failure).reason)) address.shorten({ staleIn: 0, endsIn: 0 })
        // Without an address the keys fail as well, and report it.
        if (address.current !== undefined)
          emitFailure(options, { failure, failures: address.failures, retryIn: limits.maxAge })
      },
    },
  )
  return async (signal) => {
    signal.addEventListener('abort', () => address.close(), { once: true })
    if (address.isStale || keys().failures > 0) await address.refresh()
    const { current } = address
    if (current === undefined) throw address.lastFailure
    return current
  }
}

function kids(keys: readonly PublishedKey[]): readonly (string | undefined)[] {
  return keys.slice(0, MAX_REPORTED).map(({ jwk }) => shown(jwk.kid))
}
