import { createHash, type X509Certificate } from 'node:crypto'
import { certifyPeer, createAuthority } from '../../packages/dev-verifier/src/certificate.js'
import { generateKeyPair } from '../../packages/dev-verifier/src/keys.js'
import { mint } from '../dpop/api.js'

/** A key and its certificate, in PEM as TLS takes them. */
export interface Identity {
  readonly key: string
  readonly cert: string
  readonly certificate: X509Certificate
  /** What a token's `cnf["x5t#S256"]` holds. */
  readonly thumbprint: string
}

const now = Date.now()
const authority = createAuthority(now)

/** The throw-away authority, in PEM. */
export const CA = authority.certificate.toString()

/** Makes an identity that the authority certifies. */
export function createIdentity(name: string): Identity {
  const pair = generateKeyPair('ES256')
  return identity(pair, certifyPeer(authority, pair, name, { now }))
}

/** Makes an identity that nothing but itself certifies (RFC 8705 §2.2). */
export function createSelfSigned(): Identity {
  const { key, certificate } = createAuthority(now)
  return identity(key, certificate)
}

/** A token that is bound to a certificate. */
export function bindTo(thumbprint: string, cnf: object = {}): string {
  return mint({ cnf: { 'x5t#S256': thumbprint, ...cnf } }, Math.floor(Date.now() / 1_000))
}

/** A token that is bound to nothing. */
export function bearerToken(): string {
  return mint({}, Math.floor(Date.now() / 1_000))
}

function identity(
  { privateKey }: ReturnType<typeof generateKeyPair>,
  certificate: X509Certificate,
): Identity {
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: certificate.toString(),
    certificate,
    thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
  }
}
