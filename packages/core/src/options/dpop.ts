/*
 * How DPoP proofs are checked, as the application states it (RFC 9449). Options in, settings out.
 */
import { ALGORITHMS, type Algorithm, type AlgorithmRow } from '../jwt/algorithms.js'
import { enumerate, quote } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import {
  closedOrOpenFor,
  count,
  group,
  oneOf,
  readOptions,
  seconds,
  namedWithin,
  type OptionRows,
} from '../kit/option-rows.js'

/** Signature algorithms of DPoP proofs that can be allowed. */
export type ProofAlgorithm = Exclude<Algorithm, 'RS256' | 'RS384' | 'RS512'>

/**
 * Remembers the proofs that were used (RFC 9449 §11.1). Several instances of an API share one, or a
 * proof passes once at each of them.
 */
export interface ReplayStore {
  /**
   * Adds a key unless it is there, in one atomic step. A store that looks first and then writes
   * lets a proof pass twice.
   *
   * @param key 43 characters of base64url
   * @param ttl seconds for which the key must stay
   * @returns `added`, or `present` for a key that is there; anything else counts as a failure
   */
  add(key: string, ttl: number): 'added' | 'present' | Promise<'added' | 'present'>
}

/** How proofs that were used are remembered. */
export interface ReplayOptions {
  /**
   * Where. Default: in the memory of this process. **With several instances a proof then passes
   * once at each of them**, which the server can't notice: give them all one store.
   */
  readonly store?: ReplayStore
  /**
   * Proofs that the memory of this process holds; when it is full, further ones get 503. One key
   * takes at most half of what is free. Default: 100 000.
   */
  readonly maxEntries?: number
  /** Seconds after which a store that does not answer counts as unavailable. Default: 0.2. */
  readonly timeout?: number
  /**
   * While the store is unavailable: `closed` answers 503; `{ openFor: n }` accepts proofs for n
   * seconds without knowing whether they were used. It holds for a store that has worked before:
   * one that has never passed its test at the start stays closed. Default: `closed`.
   */
  readonly unavailable?: 'closed' | { readonly openFor: number }
}

/** Nonces that proofs must hold (RFC 9449 §9). */
export interface NonceOptions {
  /**
   * Secrets of 32 characters at least, the same on all instances: the first makes nonces, all are
   * accepted. Default: one that this process makes, which no other instance knows.
   */
  readonly secrets?: readonly string[]
  /** Seconds for which a nonce is accepted. Default: 300. */
  readonly lifetime?: number
}

/** How DPoP proofs are checked. */
export interface DpopOptions {
  /**
   * `allowed` takes bearer tokens and bound ones, each as what it is; `required` takes bound ones
   * alone; `disabled` takes bearer tokens alone. Default: `allowed`.
   */
  readonly mode?: 'allowed' | 'required' | 'disabled'
  /** Signature algorithms of proofs. Default: `ES256` `EdDSA` `Ed25519`. */
  readonly algorithms?: readonly ProofAlgorithm[]
  /** Seconds after which a proof is too old; it may be 10 seconds ahead. Default: 60. */
  readonly maxAge?: number
  /** Demands a nonce of ours in each proof. Default: none is demanded. */
  readonly nonce?: NonceOptions
  /** How proofs that were used are remembered. */
  readonly replay?: ReplayOptions
}

/** The options, checked. Times in seconds, except for `openFor` and `timeout` in milliseconds. */
export interface DpopSettings {
  readonly isRequired: boolean
  readonly algorithms: ReadonlyMap<string, AlgorithmRow>
  readonly maxAge: number
  readonly nonce:
    { readonly secrets: readonly string[] | undefined; readonly lifetime: number } | undefined
  readonly replay: {
    readonly store: ReplayStore | undefined
    readonly maxEntries: number
    readonly timeout: number
    readonly openFor: number
  }
}

const DAY = 86_400
const PROOF_ALGORITHMS: readonly ProofAlgorithm[] = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]
const LEAST_SECRET = 32

/** The rows of {@link DpopOptions}. */
export const DPOP_ROWS = {
  mode: {
    check: oneOf('allowed', 'required', 'disabled'),
    needsValue: true,
    default: 'allowed',
    says: '`allowed` takes bearer tokens and bound ones, `required` bound ones alone, `disabled` bearer tokens alone',
  },
  algorithms: {
    check: checkAlgorithms,
    default: ['ES256', 'EdDSA', 'Ed25519'],
    defaultIs: '`ES256` `EdDSA` `Ed25519`',
    says: 'signature algorithms of proofs; `ES384`, `ES512`, `PS256`, `PS384`, `PS512` can be added',
  },
  maxAge: {
    check: seconds(1, 3_600),
    default: 60,
    unit: 'seconds',
    says: 'age at which a proof is too old; it may be 10 seconds ahead',
  },
  nonce: {
    check: group,
    needsValue: true,
    defaultIs: 'none is demanded',
    says: 'demands a nonce of this resource server in each proof',
  },
  replay: {
    check: group,
    defaultIs: 'see below',
    says: 'how proofs that were used are remembered',
  },
} as const satisfies OptionRows<DpopOptions>

/** The rows of {@link NonceOptions}. */
export const NONCE_ROWS = {
  secrets: {
    check: checkSecrets,
    defaultIs: 'one of this process',
    says: 'secrets of 32 characters at least, the same on all instances: the first makes nonces, all are accepted',
  },
  lifetime: {
    check: seconds(10, DAY),
    default: 300,
    unit: 'seconds',
    says: 'how long a nonce is accepted',
  },
} as const satisfies OptionRows<NonceOptions>

/** The rows of {@link ReplayOptions}. */
export const REPLAY_ROWS = {
  store: {
    check: checkStore,
    needsValue: true,
    defaultIs: 'the memory of this process',
    says: 'where proofs that were used are remembered; several instances must share one',
  },
  maxEntries: {
    check: count(10_000_000),
    default: 100_000,
    says: 'proofs that the memory of this process holds; when it is full, further ones get 503',
  },
  timeout: {
    check: seconds(0.001, 60),
    default: 0.2,
    unit: 'seconds',
    says: 'limit of one call to the store',
  },
  unavailable: {
    check: closedOrOpenFor(DAY),
    default: 'closed',
    says: 'while the store fails: `closed` answers 503, `{ openFor: n }` accepts for n seconds once the store has worked',
  },
} as const satisfies OptionRows<ReplayOptions>

/**
 * Checks how proofs are checked.
 *
 * @param hasResource whether the public address of the API is stated
 * @returns `undefined` where no proof is checked
 * @throws {GuardError} `invalid_configuration`
 */
export function dpopSettings(
  options: DpopOptions | undefined,
  hasResource: boolean,
): DpopSettings | undefined {
  if (options === undefined && !hasResource) return undefined
  const { mode, algorithms, maxAge, nonce, replay } = readOptions(
    'options of "dpop"',
    options ?? {},
    namedWithin('dpop', DPOP_ROWS),
  )
  const settings: DpopSettings = {
    isRequired: mode === 'required',
    algorithms: new Map(algorithms.map((name) => [name, ALGORITHMS.get(name)!])),
    maxAge,
    nonce: nonce && nonceSettings(nonce),
    replay: replaySettings(replay ?? {}),
  }
  if (mode === 'disabled') return undefined
  if (hasResource) return Object.freeze(settings)
  throw configurationError(
    '"resource" beside "dpop"',
    'none',
    'state the public URL of this API: proofs are made for it',
  )
}

function nonceSettings(options: NonceOptions): DpopSettings['nonce'] {
  return readOptions('options of "dpop.nonce"', options, namedWithin('dpop.nonce', NONCE_ROWS))
}

function replaySettings(options: ReplayOptions): DpopSettings['replay'] {
  const { store, maxEntries, timeout, unavailable } = readOptions(
    'options of "dpop.replay"',
    options,
    namedWithin('dpop.replay', REPLAY_ROWS),
  )
  const openFor = unavailable === 'closed' ? 0 : unavailable.openFor
  return { store, maxEntries, timeout: timeout * 1_000, openFor: openFor * 1_000 }
}

function checkAlgorithms(name: string, value: unknown): void {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  if (list.length > 0 && list.every((one) => PROOF_ALGORITHMS.includes(one as ProofAlgorithm)))
    return
  const found = Array.isArray(value) ? `[${enumerate(value)}]` : quote(value)
  const expected = `"${name}" as a list of ${PROOF_ALGORITHMS.join(', ')}`
  throw configurationError(expected, found, 'leave it out for the default')
}

/** What is found is never shown: it may be a secret all the same. */
function checkSecrets(name: string, value: unknown): void {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  const isLong = (one: unknown) => typeof one === 'string' && one.length >= LEAST_SECRET
  if (list.length > 0 && list.every(isLong)) return
  const found = Array.isArray(value)
    ? 'a list with other values'
    : `a value of type ${typeof value}`
  throw configurationError(
    `"${name}" as a list of texts with ${LEAST_SECRET} characters at least`,
    list.length === 0 && Array.isArray(value) ? 'an empty list' : found,
    'make one with: openssl rand -base64 32',
  )
}

function checkStore(name: string, value: unknown): void {
  if (typeof (value as Partial<ReplayStore> | null)?.add === 'function') return
  throw configurationError(
    `"${name}" as an object with a function "add"`,
    quote(value),
    'pass nodeRedisStore(client) or ioredisStore(client) of @verifier-guard/redis, or a store of your own',
  )
}
