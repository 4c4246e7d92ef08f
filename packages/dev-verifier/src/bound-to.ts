import { X509Certificate } from 'node:crypto'
import { unexpected } from './checks.js'
import { certificateThumbprint } from './client-certificate.js'
import type { Confirmation } from './confirmation.js'
import { isObject } from './jwt.js'
import {
  keyOfJwk,
  keyPairFrom,
  publicJwk,
  thumbprint,
  type Jwk,
  type PrivateKeyInput,
} from './keys.js'

/** What a minted token is bound to: a key, a certificate, or both. */
export interface BoundTo {
  /**
   * The key of the sender's proofs: a JWK, public or private, or a P-256 private key in another
   * form. Default: none.
   */
  readonly key?: PrivateKeyInput
  /** The sender's certificate in PEM. Default: none. */
  readonly certificate?: string
}

/**
 * The claim `cnf` that binds a token (RFC 9449 §6.1, RFC 8705 §3.1).
 *
 * @throws Error for a key or certificate that is none, and where neither is given.
 */
export function confirmationFor({ key, certificate }: BoundTo): Confirmation {
  if (key === undefined && certificate === undefined)
    throw unexpected('boundTo to have key or certificate', {})
  return {
    ...(key !== undefined && { jkt: thumbprint(publicPart(key)) }),
    ...(certificate !== undefined && { 'x5t#S256': certificateThumbprint(read(certificate)) }),
  }
}

function publicPart(key: PrivateKeyInput): Jwk {
  const isJwk = isObject(key) && typeof key['kty'] === 'string'
  return publicJwk(isJwk ? { publicKey: keyOfJwk(key) } : keyPairFrom(key))
}

function read(certificate: string): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch {
    throw unexpected('boundTo.certificate to be a certificate in PEM', Object(certificate))
  }
}
