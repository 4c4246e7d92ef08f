import { createHash, randomUUID } from 'node:crypto'
import { createSigner } from '../differential/signer.js'

type Members = Readonly<Record<string, unknown>>

/** What a proof is made for, and what is changed of it; `undefined` removes a member. */
export interface ProofFor {
  readonly method?: string
  readonly url: string
  /** The access token beside it. */
  readonly token: string
  /** Seconds since 1970. Default: now. */
  readonly at?: number
  readonly nonce?: string
  readonly claims?: Members
  readonly header?: Members
}

/** A client with a DPoP key. */
export interface Holder {
  readonly algorithm: string
  readonly jwk: Members
  readonly privateJwk: Members
  /** The RFC 7638 thumbprint of its key: what a token's `cnf.jkt` holds. */
  readonly jkt: string
  proof(what: ProofFor): string
}

const MEMBERS = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'], OKP: ['crv', 'kty', 'x'] }

/** Makes a client with a fresh key. */
export function createHolder(algorithm = 'ES256'): Holder {
  const { jwk, row, privateKey, token: sign } = createSigner(algorithm)
  return {
    algorithm,
    jwk,
    privateJwk: { ...privateKey.export({ format: 'jwk' }) },
    jkt: hash(JSON.stringify(jwk, MEMBERS[row.kty])),
    proof({ method = 'GET', url, token, at = Date.now() / 1_000, nonce, claims, header }) {
      const stated = {
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(at),
        ath: hash(token),
        nonce,
        ...claims,
      }
      const above = { typ: 'dpop+jwt', alg: algorithm, jwk, ...header }
      return sign(JSON.stringify(above), JSON.stringify(stated))
    },
  }
}

/** The SHA-256 of a text in base64url. */
export function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
