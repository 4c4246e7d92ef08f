import type { X509Certificate } from 'node:crypto'
import { certifyOrganization, createAuthority, x5c, type Authority } from './certificate.js'
import { signJwt, type Json } from './jwt.js'
import { generateKeyPair, type CredentialAlgorithm, type KeyPair } from './keys.js'
import { createStatusRegister, type StatusRegister } from './status-list.js'

/** A key that signs for an organisation, and the certificate that says so. */
export interface Seal {
  readonly key: KeyPair
  readonly certificate: X509Certificate
}

/** The embedded Issuer: its seal, and the registers of what it has issued and revoked. */
export interface CredentialIssuer {
  readonly id: string
  readonly seal: Seal
  /** The authority above its certificate. */
  readonly authority: Authority
  readonly register: StatusRegister
  readonly revokedIds: Set<string>
  /** The organisations that it has issued credentials for. */
  readonly mandators: Set<string>
}

/** The made-up organisation as which the embedded Issuer signs. */
export const ISSUER_ID = 'did:elsi:VATES-Q0000000J'

/** An organisation identifier, with or without the method of its DID. */
export function bareId(id: string): string {
  return id.replace(/^did:elsi:/, '')
}

/** A fresh Issuer. */
export function createIssuer(algorithm: CredentialAlgorithm, now: number): CredentialIssuer {
  const authority = createAuthority(now)
  return {
    id: ISSUER_ID,
    seal: createSeal(authority, ISSUER_ID, algorithm, now),
    authority,
    register: createStatusRegister(),
    revokedIds: new Set(),
    mandators: new Set(),
  }
}

/** A fresh seal of an organisation. */
export function createSeal(
  authority: Authority,
  id: string,
  algorithm: CredentialAlgorithm,
  now: number,
): Seal {
  const key = generateKeyPair(algorithm)
  return { key, certificate: certifyOrganization(authority, key, bareId(id), now) }
}

/** Signs as the organisation of a seal; its certificate and the one above go along. */
export function signWithSeal(
  typ: string,
  claims: Json,
  { key, certificate }: Seal,
  { certificate: above }: Authority,
): string {
  return signJwt({ typ, x5c: x5c(certificate, above) }, claims, key)
}
