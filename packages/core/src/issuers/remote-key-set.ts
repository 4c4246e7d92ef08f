/*
 * Fetches the keys of a Verifier and keeps them: fresh, through outages, and no longer than that.
 * Address or metadata in, published keys out (RFC 7517 §5, RFC 8414 §2).
 */
import type { Emitter } from '../kit/events.js'
import { backOff } from '../kit/back-off.js'
import { getJson, HttpFailure } from '../kit/http.js'
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
  /** Whether anybody may have invented the issuer: then nothing is fetched but on request. */
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
/** Keys that are remembered beyond their time in the set. */
const MAX_SEEN = 100
/** Of thousands of key ids, events hold a sample. */
const MAX_REPORTED = 100

/** Keeps the keys of one Verifier. Nothing is fetched before it is asked for. */
export function keepKeys(options: RemoteKeySources): Kept<KeyIndex> {
  const { issuer, configuredAs, algorithms, limits, runtime, emitter } = options
  const fetchDocument = documentFetcher(options, () => keys.failures > 0)
  const keys: Kept<KeyIndex> = new Kept(
    async (signal) =>
      fetches.run(
        () => ({ issuer, configuredAs }),
        async () => readKeys(await fetchDocument(signal), algorithms, keys.current),
      ),
    keyPolicy(limits, runtime),
    runtime,
    {
      fetched(next, previous) {
        emitter.emit('keySetRefreshed', { issuer, keys: next.keys.size, ignored: next.ignored })
        const { added, removed } = changes(previous, next)
        if (added.length + removed.length > 0)
          emitter.emit('keysChanged', { issuer, added: kids(added), removed: kids(removed) })
      },
      failed(failure, retryIn) {
        const { message } = asHttpFailure(failure)
        const { failures } = keys
        emitter.emit('keySetFailed', { issuer, failures, message, retryIn: retryIn / SECOND })
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

function keyPolicy({ maxAge, maxStale }: KeySetLimits, runtime: Runtime): KeepPolicy<KeyIndex> {
  return {
    renewal: 'always',
    demand: DEMAND,
    isNews: newsOf(),
    life: () => ({
      renewAfter: maxAge * (0.8 + 0.1 * runtime.random()),
      staleAfter: maxAge,
      endsAfter: maxStale,
    }),
    pause: (failure, failures, hasKeys) =>
      backOff(
        {
          ...BACK_OFF,
          longestRetryAfter: LONGEST_RETRY_AFTER[hasKeys ? 'withKeys' : 'withoutKeys'],
        },
        { failures, retryAfter: asHttpFailure(failure).retryAfter, chance: runtime.random() },
      ),
  }
}

/** Keys that replicas publish in turn are news once. */
function newsOf(): (next: KeyIndex, previous: KeyIndex | undefined) => boolean {
  const seen = new LRUCache<string, true>({ max: MAX_SEEN })
  return (next, previous) => {
    const names = changes(previous, next).added.map(({ jwk }) => identity(jwk))
    const news = names.filter((name) => !seen.has(name))
    for (const name of names) seen.set(name, true)
    return news.length > 0
  }
}

function readKeys(
  document: unknown,
  algorithms: readonly AlgorithmRow[],
  previous: KeyIndex | undefined,
): KeyIndex {
  const index = indexKeys(document, algorithms, previous)
  if (typeof index !== 'string' && index.keys.size > 0) return index
  const found = typeof index === 'string' ? index : describeUnusable(index, algorithms)
  throw new HttpFailure('unusable', `expected a JWK Set with usable keys, found ${found}`)
}

/**
 * The way to the key set document. Its address is looked up again from time to time and after every
 * failure of the keys, and outlives the metadata by `maxStale` at most.
 */
function documentFetcher(
  { keysAt, limits, runtime }: RemoteKeySources,
  isDoubtful: () => boolean,
): (signal: AbortSignal) => Promise<unknown> {
  const address =
    'jwksUri' in keysAt
      ? () => keysAt.jwksUri
      : keptAddress(keysAt.discovery, limits, runtime, isDoubtful)
  return async (signal) => {
    const url = await address(signal)
    const accept = 'application/jwk-set+json, application/json'
    return getJson(runtime, { url, ...limits, signal, headers: { accept } })
  }
}

function keptAddress(
  issuer: string,
  limits: KeySetLimits,
  runtime: Runtime,
  isDoubtful: () => boolean,
): (signal: AbortSignal) => Promise<string> {
  const address = new Kept(
    async (signal) =>
      endpoint(await fetchMetadata(issuer, limits, runtime, signal), 'jwks_uri', limits),
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
  )
  return async (signal) => {
    signal.addEventListener('abort', () => address.close(), { once: true })
    if (address.isStale || isDoubtful()) await address.refresh()
    const { current } = address
    if (current === undefined) throw address.lastFailure
    return current
  }
}

function kids(keys: readonly PublishedKey[]): readonly (string | undefined)[] {
  return keys.slice(0, MAX_REPORTED).map(({ jwk }) => shown(jwk.kid))
}
