import type { webcrypto } from 'node:crypto'
import { ALGORITHMS } from './algorithms.js'
import { hashOf } from './proof.js'
import type { Signer } from './signer.js'

/** A public JSON Web Key (RFC 7517). */
export interface PublicJwk {
  readonly kty: string
  readonly [member: string]: unknown
}

/**
 * What signs proofs of possession in place of a key that the token source makes.
 *
 * It is asked once for each call of an API, and once for each token request.
 *
 * @example
 * ```ts
 * import { createTokenSource, type ProofSigner } from '@verifier-guard/client'
 *
 * const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
 * const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
 * const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
 *
 * const signer: ProofSigner = {
 *   alg: 'ES256',
 *   jwk: { kty: String(kty), crv, x, y },
 *   sign: async (bytes) =>
 *     new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, new Uint8Array(bytes))),
 * }
 * const tokens = createTokenSource({
 *   authorizationServer: 'https://login.example.org',
 *   clientId: 'orders',
 *   clientSecret: process.env.CLIENT_SECRET ?? '',
 *   dpop: { signer },
 * })
 * ```
 */
export interface ProofSigner extends Omit<Signer, 'kid'> {
  /** The public key, which each proof carries. */
  readonly jwk: PublicJwk
}

/** The key of a source's proofs: made at its first use, or handed in. */
export type ProofKey = () => Promise<ProofSigner>

/**
 * A key on P-256 that can't be exported. It lives as long as its source.
 *
 * The key itself is kept, and not the promise of it, which no other request could wait for on
 * Cloudflare Workers.
 */
export function createProofKey(): ProofKey {
  let made: ProofSigner | undefined
  return async () => {
    const fresh = made ?? (await generate())
    return (made ??= fresh)
  }
}

async function generate(): Promise<ProofSigner> {
  const { key, signature } = ALGORITHMS.ES256
  const pair = (await crypto.subtle.generateKey(key, false, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const { kty = '', crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return {
    alg: 'ES256',
    jwk: Object.freeze({ kty, crv, x, y }),
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign(signature, pair.privateKey, new Uint8Array(bytes))),
  }
}

const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** The SHA-256 thumbprint of a key (RFC 7638), which a token bound to it has as `cnf.jkt`. */
export function thumbprint(jwk: PublicJwk): Promise<string> {
  const members = THUMBPRINT_MEMBERS[jwk.kty] ?? []
  return hashOf(JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))))
}
