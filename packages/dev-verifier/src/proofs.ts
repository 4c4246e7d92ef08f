import { createHash } from 'node:crypto'
import { anything, checkOptions, text, unexpected } from './checks.js'
import { signJwt, type Json } from './jwt.js'
import { keyPairFrom, publicJwk, type KeyPair, type PrivateKeyInput } from './keys.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'
import { readUrl } from './url.js'

/** The request that a proof is for, and what it is made with. */
export interface ProofOptions {
  /** The address of the request. Query and fragment are left out of the proof. */
  readonly url: string
  /** The method of the request. Default: `GET`. */
  readonly method?: string
  /** The access token that the request carries. Default: none, as at a token endpoint. */
  readonly accessToken?: string
  /** The nonce that the server gave in `DPoP-Nonce`. Default: none. */
  readonly nonce?: string
  /** The private key. Default: `proofKey` of the Verifier. */
  readonly key?: PrivateKeyInput
  /** Claims to add or replace; `undefined` removes one. Default: none. */
  readonly claims?: Json
  /** Header parameters to add or replace; `undefined` removes one. Default: none. */
  readonly header?: Json
}

/** @throws Error for an option of another name, or a URL that is none. */
export function checkProofOptions(of: string, options: ProofOptions): void {
  checkOptions(of, options, {
    url: (name, value) => {
      if (!readUrl(String(value))) throw unexpected(`${name} to be an absolute URL`, value)
    },
    method: text,
    accessToken: text,
    nonce: text,
    key: anything,
    claims: anything,
    header: anything,
  })
  if (options.url === undefined) throw unexpected(`options of ${of} to have url`, options)
}

/** A proof of possession (RFC 9449 §4.2). */
export function mintProof(server: Server, options: ProofOptions): string {
  const pair = options.key === undefined ? server.proofKey : keyPairFrom(options.key)
  return signProof(server, options, pair)
}

/** The same by any key pair. */
export function signProof(
  { settings: { runtime } }: Server,
  { url, method = 'GET', accessToken, nonce, claims, header }: ProofOptions,
  pair: KeyPair,
): string {
  const { origin, pathname } = new URL(url)
  return signJwt(
    { typ: 'dpop+jwt', alg: pair.algorithm, jwk: publicJwk(pair), ...header },
    {
      jti: runtime.uuid(),
      htm: method,
      htu: origin + pathname,
      iat: seconds(runtime),
      ...(accessToken !== undefined && { ath: hashOf(accessToken) }),
      ...(nonce !== undefined && { nonce }),
      ...claims,
    },
    pair,
  )
}

/** The claim `ath` (RFC 9449 §4.2). */
export function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url')
}
