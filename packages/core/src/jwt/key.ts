import type { KeyObject, webcrypto } from 'node:crypto'
import type { JWK } from 'jose'
import type { AlgorithmRow } from './algorithms.js'
import { decodeBase64url } from '../kit/base64url.js'
import { printable } from '../kit/errors.js'
import { builtinModule, sharesWork } from '../kit/runtime.js'

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

/** A published key for as long as its Verifier publishes it. */
export interface PublishedKey {
  readonly jwk: Jwk
  /**
   * False once the key has left the set, or the set has become too old: decisions that rest on it
   * end then.
   */
  trusted: boolean
  /** The key made ready for each algorithm that has been asked of it, or what makes it unfit. */
  readonly ready: Map<string, Promise<ReadyKey | Unfit> | ReadyKey | Unfit>
}

/** A key in the form that verifies fastest here: Node's own, or WebCrypto's elsewhere. */
export type ReadyKey =
  { readonly node: KeyObject } | { readonly web: webcrypto.CryptoKey | Uint8Array }

/** Why a key can't be used with an algorithm. */
export interface Unfit {
  readonly unfit: string
}

/**
 * Members that only a private or symmetric key has (RFC 7518 §6): such a set was published by
 * mistake, and its key is no secret any more.
 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 16_384
const COORDINATE_BYTES: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
}

const nodeCrypto = builtinModule('node:crypto')

/** Starts the record of a key that a Verifier publishes. */
export function publishedKey(jwk: Jwk): PublishedKey {
  return { jwk, trusted: true, ready: new Map() }
}

/**
 * Makes a published key ready for an algorithm, once.
 *
 * @returns the key, or why it is unfit: its type, curve, size, `use`, `key_ops` or `alg` (RFC 8725
 *   §3.1, RFC 7517 §4)
 */
export function readyKey(
  key: PublishedKey,
  row: AlgorithmRow,
): ReadyKey | Unfit | Promise<ReadyKey | Unfit> {
  const known = key.ready.get(row.name)
  if (known !== undefined) return known
  const unfit = unfitness(key.jwk, row)
  const made = unfit === undefined ? importKey(key.jwk, row) : { unfit }
  if (sharesWork || !(made instanceof Promise)) key.ready.set(row.name, made)
  // What can't be loaded now may be later.
  if (made instanceof Promise)
    void made.then(
      (ready) => key.ready.set(row.name, ready),
      () => key.ready.delete(row.name),
    )
  return made
}

/** Why a JWK can't be used with an algorithm, or `undefined` when nothing speaks against it. */
export function unfitness(jwk: Jwk, row: AlgorithmRow): string | undefined {
  if (jwk.kty !== row.kty) return `its kty is ${text(jwk.kty)}, ${row.name} takes ${row.kty}`
  if (row.crv !== undefined && jwk.crv !== row.crv)
    return `its crv is ${text(jwk.crv)}, ${row.name} takes ${row.crv}`
  if (jwk.use !== undefined && jwk.use !== 'sig') return `its use is ${text(jwk.use)}, not sig`
  if (jwk.alg !== undefined && jwk.alg !== row.name)
    return `its alg is ${text(jwk.alg)}, not ${row.name}`
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'its key_ops do not include verify'
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(jwk, name))
  if (secret !== undefined) return `it has the private member ${secret}`
  return row.kty === 'RSA' ? weakRsa(jwk) : badCoordinates(jwk)
}

function weakRsa({ n, e }: Jwk): string | undefined {
  const modulus = decoded(n)
  const exponent = decoded(e)
  if (modulus === undefined || exponent === undefined) return 'its n or e is not base64url'
  const bits = bitLength(modulus)
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
    return `it has ${bits} bits, outside ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`
  // A tiny exponent makes sloppily padded signatures forgeable; 65537 is what everybody generates.
  // A huge one only costs time.
  const size = bitLength(exponent)
  if (size < 17 || size > 64 || (exponent.at(-1)! & 1) === 0)
    return 'its exponent is not an odd number of 17 to 64 bits'
  return isRoca(modulus)
    ? 'it was made by a flawed chip and can be factored (CVE-2017-15361)'
    : undefined
}

/**
 * Primes modulo which every RSA modulus made by that chip's library is a power of 65537; of others,
 * not one in a hundred million is.
 */
const ROCA_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

function isRoca(modulus: Uint8Array): boolean {
  return ROCA_PRIMES.every((prime) => {
    const rest = modulus.reduce((so, byte) => (so * 256 + byte) % prime, 0)
    let power = 1
    for (let exponent = 0; exponent < prime && power !== rest; exponent += 1)
      power = (power * 65_537) % prime
    return power === rest
  })
}

function badCoordinates({ crv = '', x, y, kty }: Jwk): string | undefined {
  for (const coordinate of kty === 'EC' ? [x, y] : [x]) {
    if (decoded(coordinate)?.length !== COORDINATE_BYTES[crv])
      return 'a coordinate has not the length of its curve'
  }
  return undefined
}

function importKey(jwk: Jwk, row: AlgorithmRow): ReadyKey | Unfit | Promise<ReadyKey | Unfit> {
  // Only the members that make the key: nothing else of a fetched document reaches the importer.
  const { kty, crv, x, y, n, e } = jwk
  const material = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  )
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
  return { unfit: 'it is no valid public key (a point that is not on its curve, say)' }
}

function decoded(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' ? decodeBase64url(value) : undefined
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24
}

function text(value: unknown): string {
  return typeof value === 'string' ? printable(value.slice(0, 40)) : 'missing'
}
