/*
 * A published key, checked and made ready. JWK and algorithm in, a key that verifies out, or why it
 * is unfit (RFC 7517 §4, RFC 8725 §3.1).
 */
import type { JWK } from 'jose'
import { printable } from '../kit/display.js'
import type { Later } from '../kit/later.js'
import { nodeCrypto } from '../kit/node.js'
import type { AlgorithmRow } from './algorithms.js'
import { KEY_TYPES, materialOf } from './key-types.js'

/** A JSON Web Key as it stands in a key set (RFC 7517 §4). */
export interface Jwk {
  readonly kty?: string
  readonly kid?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly alg?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  readonly [member: string]: unknown
}

/** A JWK Set (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

/** A key that a Verifier publishes, and what was made of it so far. */
export interface PublishedKey {
  readonly jwk: Jwk
  /** The key made ready for each algorithm that has been asked of it, or what makes it unfit. */
  readonly ready: Map<string, ReadyKey | Unfit>
}

/**
 * A key in the form that verifies fastest here: Node's `KeyObject`, or WebCrypto's key elsewhere.
 * Not by these names, since applications may lack `@types/node`.
 */
export type ReadyKey = { readonly node: object } | { readonly web: object }

/** Why a key can't be used with an algorithm. */
export interface Unfit {
  readonly unfit: string
}

/**
 * Members that only a private or symmetric key has (RFC 7518 §6): such a set was published by
 * mistake, and its key is no secret any more.
 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Starts the record of a key that a Verifier publishes. */
export function publishedKey(jwk: Jwk): PublishedKey {
  return { jwk, ready: new Map() }
}

/**
 * Makes a published key ready for an algorithm, once.
 *
 * @returns the key, or why it is unfit: its type, curve, size, `use`, `key_ops` or `alg`
 */
export function readyKey(key: PublishedKey, row: AlgorithmRow): Later<ReadyKey | Unfit> {
  const known = key.ready.get(row.name)
  if (known !== undefined) return known
  const keep = (made: ReadyKey | Unfit) => {
    key.ready.set(row.name, made)
    return made
  }
  const unfit = unfitness(key.jwk, row)
  const made = unfit === undefined ? importKey(key.jwk, row) : { unfit }
  return made instanceof Promise ? made.then(keep) : keep(made)
}

/** Why a JWK can't be used with an algorithm, or `undefined` when nothing speaks against it. */
export function unfitness(jwk: Jwk, row: AlgorithmRow): string | undefined {
  if (jwk.kty !== row.kty) return `its kty is ${text(jwk.kty)}, ${row.name} takes ${row.kty}`
  if (row.crv !== undefined && jwk.crv !== row.crv)
    return `its crv is ${text(jwk.crv)}, ${row.name} takes ${row.crv}`
  // Some serializers write null for a member that has no value.
  const { use = null, alg = null, key_ops: operations = null } = jwk
  if (use !== null && use !== 'sig') return `its use is ${text(use)}, not sig`
  if (alg !== null && alg !== row.name) return `its alg is ${text(alg)}, not ${row.name}`
  if (operations !== null && !(Array.isArray(operations) && operations.includes('verify')))
    return 'its key_ops do not include verify'
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(jwk, name))
  if (secret !== undefined) return `it has the private member ${secret}`
  return KEY_TYPES[row.kty]!.flaw(jwk, row)
}

function importKey(jwk: Jwk, row: AlgorithmRow): Later<ReadyKey | Unfit> {
  const material = materialOf(jwk)
  if (nodeCrypto === undefined) return importPortably(material, row)
  try {
    return { node: nodeCrypto.createPublicKey({ key: material, format: 'jwk' }) }
  } catch {
    return notAKey()
  }
}

async function importPortably(material: JWK, row: AlgorithmRow): Promise<ReadyKey | Unfit> {
  const { importJWK } = await import('./jose.js')
  return importJWK(material, row.name).then((web) => ({ web }), notAKey)
}

function notAKey(): Unfit {
  return { unfit: 'it is no valid public key, such as a point that is not on its curve' }
}

function text(value: unknown): string {
  if (typeof value !== 'string') return 'missing'
  return value === '' ? 'an empty text' : printable(value.slice(0, 40))
}
