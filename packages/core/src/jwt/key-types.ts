/*
 * The types of keys, a row each (RFC 7518 §6, RFC 8037 §2): the members that make such a key, and
 * what is wrong with one. Import, identity and thumbprint go by these members alone.
 */
import { decodeBase64url } from '../kit/base64url.js'
import type { AlgorithmRow } from './algorithms.js'
import type { Jwk } from './key.js'

/** One type of key. */
export interface KeyType {
  /** The members that make the key, besides `kty`. */
  readonly members: readonly (keyof Jwk & string)[]
  /** What makes a key of this type unfit for an algorithm, in words. */
  readonly flaw: (jwk: Jwk, row: AlgorithmRow) => string | undefined
}

/** The types by their `kty`. */
export const KEY_TYPES: Readonly<Record<string, KeyType>> = Object.freeze({
  EC: { members: ['crv', 'x', 'y'], flaw: flawOfPoint },
  RSA: { members: ['e', 'n'], flaw: flawOfModulus },
  OKP: { members: ['crv', 'x'], flaw: flawOfPoint },
})

/** The members of a key that make it, and no others of the document it came in. */
export function materialOf(jwk: Jwk): Readonly<Record<string, unknown>> {
  const names = Object.hasOwn(KEY_TYPES, jwk.kty ?? '') ? KEY_TYPES[jwk.kty!]!.members : []
  return Object.fromEntries(
    ['kty', ...names].flatMap((name) =>
      jwk[name] === undefined ? [] : [[name, withoutDialect(jwk[name])]],
    ),
  )
}

function flawOfPoint({ x, y, kty }: Jwk, { coordinate }: AlgorithmRow): string | undefined {
  const coordinates = kty === 'EC' ? [x, y] : [x]
  const fits = coordinates.every((one) => decoded(one)?.length === coordinate)
  return fits ? undefined : 'a coordinate has not the length of its curve'
}

const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 16_384

function flawOfModulus({ n, e }: Jwk): string | undefined {
  const modulus = decoded(n)
  const exponent = decoded(e)
  if (modulus === undefined || exponent === undefined) return 'its n or e is not base64url'
  const bits = bitLength(modulus)
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
    return `it has ${bits} bits, outside ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`
  // A tiny exponent makes sloppily padded signatures forgeable; 65537 is what all tools generate.
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

function decoded(value: unknown): Uint8Array | undefined {
  const text = withoutDialect(value)
  return typeof text === 'string' && text !== '' ? decodeBase64url(text) : undefined
}

/**
 * RFC 7518 §6 wants base64url without padding. Some servers pad it, or publish plain base64
 * (Keycloak's mock, Cloud Foundry's UAA, IdentityServer 3): the number is the same.
 */
function withoutDialect(value: unknown): unknown {
  if (typeof value !== 'string' || !/[+/=]/.test(value)) return value
  return value
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24
}
