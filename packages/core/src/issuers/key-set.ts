import type { AlgorithmRow } from '../jwt/algorithms.js'
import { configurationError, Denial, quote } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import type { JwkSet, PublishedKey } from '../jwt/key.js'
import { all, candidates, distrust, indexKeys, NO_KEYS, shown, type KeyIndex } from './key-index.js'
import type { KeyOrigin, KeySetLimits } from '../options/options.js'
import { createKeySource, type KeySource } from './remote-key-set.js'
import { createRefetch } from './refetch.js'
import { createUnknownIds } from './unknown-ids.js'
import type { Runtime } from '../kit/runtime.js'

/** How a key set fares. */
export interface KeySetHealth {
  readonly issuer: string
  /**
   * `ready`: keys of good age; `degraded`: keys in use while newer ones can't be had; `down`: no
   * keys.
   */
  readonly status: 'ready' | 'degraded' | 'down'
  readonly keys: number
  /**
   * Seconds since the keys were fetched; absent before the first success and for keys from the
   * configuration.
   */
  readonly age?: number
  /** Failed attempts in a row. */
  readonly failures: number
  /** What the last of them said. */
  readonly lastFailure?: string
}

/** The keys of one Verifier, kept fresh. */
export interface KeySet {
  /**
   * The keys that may have signed a token.
   *
   * @param worthAFetch whether an id that is not known may cause the keys to be fetched anew
   * @returns at once while keys are at hand; a promise when they have to be fetched first
   * @throws {Denial} `key_unknown`, `keys_unavailable`
   */
  find(
    kid: string | undefined,
    worthAFetch: boolean,
  ): readonly PublishedKey[] | Promise<readonly PublishedKey[]>
  /**
   * Looks once more, within the budget, whether other keys than these stand under an id by now: a
   * key may be replaced in place.
   *
   * @throws {Denial} `keys_unavailable` when the Verifier can't be asked
   */
  findReplaced(
    kid: string | undefined,
    tried: readonly PublishedKey[],
  ): Promise<readonly PublishedKey[]>
  /**
   * Notes that a signature holds by one of the keys: the issuer is no invention, and its keys are
   * worth keeping fresh.
   */
  prove(): void
  /**
   * Fetches the keys unless they are at hand, for as long as that may take. @throws {Denial}
   * `keys_unavailable`
   */
  ready(): Promise<void>
  health(): KeySetHealth
  /** Calls off a fetch under way and every timer, and gives up the keys. */
  close(): void
}

/** What a key set is made of. */
export interface KeySetOptions {
  readonly issuer: string
  readonly origin: KeyOrigin
  readonly rows: readonly AlgorithmRow[]
  readonly limits: KeySetLimits
  readonly runtime: Runtime
  readonly emitter: Emitter
  /**
   * Whether the issuer is one that anybody may have invented: then its keys are fetched on request
   * only, until a signature holds.
   */
  readonly onTrial: boolean
}

/**
 * How long a key id that was looked for in vain counts as unknown without another look, in
 * milliseconds: while the budget lasts, and after.
 */
const UNKNOWN_FOR = { withinBudget: 1_000, beyond: 10_000 }
/**
 * How long requests wait for newer keys where those at hand are old for want of a timer, in
 * milliseconds.
 */
const PATIENCE = 1_000

/** Makes the key set of one Verifier; nothing is fetched before it is needed. */
export function createKeySet({ origin, ...options }: KeySetOptions): KeySet {
  return 'keys' in origin
    ? staticKeySet(options, origin.keys)
    : fetchedKeySet(options, createKeySource({ ...options, origin }))
}

type Common = Omit<KeySetOptions, 'origin'>

function staticKeySet({ issuer, rows }: Common, document: JwkSet): KeySet {
  const index = indexKeys(document, rows)
  if (typeof index === 'string')
    throw configurationError(
      '"keys" to be a JWK Set with usable keys',
      index,
      'check their kty, crv, use and alg, and leave private members out',
    )
  return {
    find: (kid) => found(index, kid),
    findReplaced: () => Promise.resolve([]),
    prove: () => {},
    ready: () => Promise.resolve(),
    health: () => ({ issuer, status: 'ready', keys: index.size, failures: 0 }),
    close: () => distrust(all(index)),
  }
}

function fetchedKeySet({ issuer, limits, runtime }: Common, source: KeySource): KeySet {
  const refetch = createRefetch(issuer, source, limits.timeout, runtime)
  const unknown = createUnknownIds(runtime)
  let closed = false
  let oldSince: number | undefined

  async function load(): Promise<KeyIndex> {
    if (!source.inBackOff()) await source.refresh()
    const index = source.index()
    if (index === undefined || closed) throw source.unavailable()
    return index
  }

  function find(
    kid: string | undefined,
    worthAFetch: boolean,
  ): readonly PublishedKey[] | Promise<readonly PublishedKey[]> {
    if (closed) throw source.unavailable()
    const index = source.index()
    if (index === undefined)
      return within(load().then((loaded) => candidatesOrRefetch(loaded, kid, worthAFetch)))
    const newer = newerKeys()
    return newer === undefined
      ? candidatesOrRefetch(index, kid, worthAFetch)
      : newer.then(() => find(kid, worthAFetch))
  }

  /**
   * Without a failure keys are old only in a process that slept through its timer, or while a
   * refresh is late: what was withdrawn meanwhile should not pass, but a Verifier that does not
   * answer must not hold up the tokens of known keys either.
   */
  function newerKeys(): Promise<void> | undefined {
    if (source.age() < limits.maxAge || source.failures() > 0) {
      oldSince = undefined
      return undefined
    }
    oldSince ??= runtime.monotonic()
    const left = oldSince + PATIENCE - runtime.monotonic()
    if (left <= 0) return undefined
    return new Promise((resolve) => {
      const cancel = runtime.schedule(resolve, left)
      void source.refresh().then(() => (cancel(), resolve()))
    })
  }

  function candidatesOrRefetch(
    index: KeyIndex,
    kid: string | undefined,
    worthAFetch: boolean,
  ): readonly PublishedKey[] | Promise<readonly PublishedKey[]> {
    const keys = candidates(index, kid)
    if (keys.length > 0) return keys
    // Without a key id there is nothing to look for again; with one, it may have been published
    // since the last fetch.
    const { withinBudget, beyond } = UNKNOWN_FOR
    if (
      kid === undefined ||
      !worthAFetch ||
      unknown.has(kid, refetch.pause() > 0 ? beyond : withinBudget)
    )
      throw unknownKey(index, kid)
    return within(findPublishedSince(kid))
  }

  /** A request waits for keys no longer than one fetch may take, whatever it waits behind. */
  function within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(source.unavailable())
      // One step later, because the failure of the fetch itself is due at the same moment and says
      // more.
      const cancel = runtime.schedule(() => runtime.schedule(giveUp, 0), limits.timeout)
      void work.then(resolve, reject).finally(cancel)
    })
  }

  async function findPublishedSince(kid: string): Promise<readonly PublishedKey[]> {
    await refetch()
    const index = source.index()
    if (source.failures() > 0 || index === undefined || closed) throw source.unavailable()
    if (candidates(index, kid).length === 0) unknown.add(kid)
    return found(index, kid)
  }

  async function findReplaced(
    kid: string | undefined,
    tried: readonly PublishedKey[],
  ): Promise<readonly PublishedKey[]> {
    const others = () =>
      candidates(source.index() ?? NO_KEYS, kid).filter((key) => !tried.includes(key))
    // Whoever came before may have had it fetched already; beyond the budget, keys that were
    // fetched a moment ago have the last word.
    if (closed || others().length > 0 || refetch.pause() > 0) return others()
    await within(refetch())
    // Whether a key was replaced that nobody can look for now, nobody knows.
    if (others().length === 0 && source.failures() > 0) throw source.unavailable()
    return others()
  }

  return {
    find,
    findReplaced,
    prove: () => source.keepFresh(),
    async ready() {
      if (source.index() === undefined) await load()
    },
    health: () => health(issuer, source),
    close() {
      closed = true
      source.close()
      refetch.close()
    },
  }
}

function health(issuer: string, source: KeySource): KeySetHealth {
  const index = source.index()
  const failures = source.failures()
  const lastFailure = source.lastFailure()
  return {
    issuer,
    status: index === undefined ? 'down' : failures > 0 ? 'degraded' : 'ready',
    keys: index?.size ?? 0,
    ...(index !== undefined && { age: source.age() / 1_000 }),
    failures,
    ...(lastFailure !== undefined && { lastFailure }),
  }
}

function found(index: KeyIndex, kid: string | undefined): readonly PublishedKey[] {
  const keys = candidates(index, kid)
  if (keys.length === 0) throw unknownKey(index, kid)
  return keys
}

function unknownKey(index: KeyIndex, kid: string | undefined): Denial {
  const ignored =
    kid === undefined ? undefined : index.ignored.find((key) => key.kid === shown(kid))
  return new Denial('key_unknown', {
    check: 'key-set',
    expected:
      kid === undefined
        ? `a "kid", since the Verifier publishes ${index.size} keys`
        : 'a "kid" that the Verifier publishes',
    actual: quote(kid),
    hint: ignored
      ? `the Verifier publishes it, but it can't be used: ${ignored.why}`
      : 'the token may come from another environment, or its key was withdrawn',
  })
}
