import { createHash, type X509Certificate } from 'node:crypto'
import { certifyPeer, type Authority } from './certificate.js'
import { generateKeyPair, privateKeyForms } from './keys.js'

/** A certificate with its key, for a client, or for a server of this machine. */
export interface IssuedCertificate {
  /** In PEM. */
  readonly certificate: string
  /** PKCS#8 in PEM. */
  readonly privateKey: string
  /** The hash that tokens are bound by: `x5t#S256` (RFC 8705 §3.1). */
  readonly thumbprint: string
}

/** A certificate for a fresh key. */
export function issueCertificate(
  authority: Authority,
  commonName: string,
  now: number,
): IssuedCertificate {
  const pair = generateKeyPair()
  const certificate = certifyPeer(authority, pair, commonName, { now })
  return {
    certificate: certificate.toString(),
    privateKey: privateKeyForms(pair).pkcs8,
    thumbprint: certificateThumbprint(certificate),
  }
}

const shown = new WeakMap<Request, X509Certificate>()

/** Notes the certificate that a client showed on the connection of a request. */
export function noteCertificate(request: Request, certificate: X509Certificate | undefined): void {
  if (certificate !== undefined) shown.set(request, certificate)
}

/** The certificate of the connection that a request came by. */
export function certificateOf(request: Request): X509Certificate | undefined {
  return shown.get(request)
}

/** The SHA-256 of a certificate in base64url: the confirmation `x5t#S256` (RFC 8705 §3.1). */
export function certificateThumbprint({ raw }: Pick<X509Certificate, 'raw'>): string {
  return createHash('sha256').update(raw).digest('base64url')
}
