import { base64urlnopad } from '@scure/base'
import type { JsonObject } from './json.js'
import type { PublicJwk } from './proof-key.js'
import type { UnsignedJwt } from './signer.js'
import { epochSeconds } from './time.js'

/** The request that a proof is for. */
export interface RequestTarget {
  /** The method as it is sent. Default: `GET`. */
  readonly method?: string
  /** The address, absolute. */
  readonly url: string | URL
}

/** What a proof says beside its target. */
export interface ProofInput {
  readonly jwk: PublicJwk
  /** Milliseconds since 1970. */
  readonly now: number
  readonly jti: string
  /** The token that goes with it; none at a token endpoint. */
  readonly token: string | undefined
  /** The last nonce of the server. */
  readonly nonce: string | undefined
}

/** A proof of possession (RFC 9449 §4.2). */
export async function buildProof(
  { method = 'GET', url }: RequestTarget,
  { jwk, now, jti, token, nonce }: ProofInput,
): Promise<UnsignedJwt> {
  const { origin, pathname } = new URL(url)
  const claims: JsonObject = {
    jti,
    htm: method,
    htu: origin + pathname,
    iat: epochSeconds(now),
    ...(token !== undefined && { ath: await hashOf(token) }),
    ...(nonce !== undefined && { nonce }),
  }
  // Nothing in it differs from proof to proof, so that APIs can remember what they read of it.
  return { header: { typ: 'dpop+jwt', jwk }, claims }
}

/** SHA-256 of a text of ASCII, in base64url. */
export async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return base64urlnopad.encode(new Uint8Array(digest))
}
