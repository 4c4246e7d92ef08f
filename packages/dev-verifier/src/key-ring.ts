import { X509Certificate } from 'node:crypto'
import { x5c } from './certificate.js'
import { certificateThumbprint } from './client-certificate.js'
import { didKeyOf } from './did-key.js'
import {
  generateKeyPair,
  publicJwk,
  thumbprint,
  type Algorithm,
  type Jwk,
  type KeyPair,
} from './keys.js'

/** A key with the name under which it is published. */
export interface SigningKey {
  readonly pair: KeyPair
  readonly kid: string
  /** The key's certificate: published with it, and sent in the header of each token it signs. */
  readonly certificate?: X509Certificate
}

/** How a Verifier names and publishes its keys. */
export interface KeyRingOptions {
  /** `did:key` as most deployments do, or the JWK thumbprint of those with a certificate. */
  readonly kid: 'did:key' | 'thumbprint'
  /** Whether the published JWK says `"use": "sig"`. */
  readonly use: boolean
}

/** The key in use, and everything else the JWK Set holds. */
export interface KeyRing {
  readonly options: KeyRingOptions
  current: SigningKey
  /** Keys of other algorithms, made when a token asked for them. */
  readonly byAlgorithm: Map<Algorithm, SigningKey>
  /** Keys no longer used but still published. */
  retired: SigningKey[]
  /** JWKs to publish as they are. */
  readonly foreign: Jwk[]
}

/** What to keep of the present keys when they change. */
export interface RotationOptions {
  /** Gives the new key the old `kid`: an in-place change of key. Default: `false`. */
  readonly keepKid?: boolean
  /** Goes on publishing the old key; real Verifiers have no overlap. Default: `false`. */
  readonly keepOld?: boolean
}

/**
 * A key ring around one key.
 *
 * @throws Error when the certificate is of another key.
 */
export function createKeyRing(
  pair: KeyPair,
  options: KeyRingOptions,
  certificate?: string,
): KeyRing {
  return {
    options,
    current: {
      pair,
      kid: kidOf(pair, options),
      ...(certificate !== undefined && { certificate: certificateOf(pair, certificate) }),
    },
    byAlgorithm: new Map(),
    retired: [],
    foreign: [],
  }
}

/**
 * The key that signs with an algorithm; made, and published from then on, when it is the first use.
 */
export function signingKey(ring: KeyRing, algorithm: Algorithm): SigningKey {
  if (ring.current.pair.algorithm === algorithm) return ring.current
  const known = ring.byAlgorithm.get(algorithm)
  if (known) return known
  const pair = generateKeyPair(algorithm)
  const key = { pair, kid: kidOf(pair, ring.options) }
  ring.byAlgorithm.set(algorithm, key)
  return key
}

/**
 * Replaces the key in use; the keys of other algorithms are dropped and made anew when asked for.
 */
export function rotate(ring: KeyRing, { keepKid = false, keepOld = false }: RotationOptions): void {
  const pair = generateKeyPair(ring.current.pair.algorithm)
  if (keepOld) ring.retired.push(ring.current, ...ring.byAlgorithm.values())
  else ring.retired = []
  ring.byAlgorithm.clear()
  ring.current = { pair, kid: keepKid ? ring.current.kid : kidOf(pair, ring.options) }
}

/** The JWK Set as published: never an `alg` member. */
export function jwkSet(ring: KeyRing): { keys: Jwk[] } {
  return {
    keys: [
      ...[ring.current, ...ring.byAlgorithm.values(), ...ring.retired].map((key) =>
        publishedJwk(key, ring.options),
      ),
      ...ring.foreign,
    ],
  }
}

/** Members in the order in which real Verifiers write them. */
function publishedJwk({ pair, kid, certificate }: SigningKey, { use }: KeyRingOptions): Jwk {
  const { kty, crv, ...rest } = publicJwk(pair)
  return {
    kty,
    ...(use && { use: 'sig' }),
    ...(crv !== undefined && { crv }),
    kid,
    ...rest,
    ...(certificate && certificateMembers(certificate)),
  }
}

/** Only P-256 keys have a did:key here; other types are always named by their thumbprint. */
function kidOf(pair: KeyPair, { kid }: KeyRingOptions): string {
  return kid === 'did:key' && pair.algorithm === 'ES256'
    ? didKeyOf(pair.publicKey)
    : thumbprint(publicJwk(pair))
}

function certificateOf(pair: KeyPair, pem: string): X509Certificate {
  const certificate = readCertificate(pem)
  if (certificate?.checkPrivateKey(pair.privateKey)) return certificate
  const found = certificate === undefined ? 'something else' : 'a certificate of another key'
  throw new Error(
    `Expected certificate to be the PEM certificate of the key given as key; found ${found}.`,
  )
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function certificateMembers(certificate: X509Certificate) {
  return {
    x5c: x5c(certificate),
    'x5t#S256': certificateThumbprint(certificate),
  }
}
