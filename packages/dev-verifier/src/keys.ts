import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type ECKeyPairOptions,
  type ED25519KeyPairOptions,
  type JsonWebKey as NodeJsonWebKey,
  type KeyObject,
  type RSAKeyPairOptions,
} from 'node:crypto'
import { types } from 'node:util'

/** A public or private JSON Web Key (RFC 7517). */
export type Jwk = { [member: string]: unknown; kty: string }

/** A private key as it may be given: hex, JWK, PKCS#8 PEM, or Node's own object. */
export type PrivateKeyInput = string | Jwk | KeyObject

/** The JWS algorithms with which the development Verifier can sign. */
export type Algorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256' | 'PS256' | 'EdDSA'

/** The algorithms with which Issuers sign credentials. */
export type CredentialAlgorithm = 'ES256' | 'RS256'

/** A key pair and the algorithm it signs with. */
export interface KeyPair {
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A private key in each of the forms clients hold. */
export interface PrivateKeyForms {
  /** The 32-byte scalar in hexadecimal, without `0x`, as the Issuer hands it out. */
  readonly hex: string
  /** The private JWK. */
  readonly jwk: Jwk
  /** PKCS#8 in PEM. */
  readonly pkcs8: string
}

// Keys read from DER share nothing with the job that generated them: Node 20 waits for ever when it
// collects that job while such a key is exported.
const DER = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const
const RSA: RSAKeyPairOptions<'der', 'der'> = { modulusLength: 2_048, ...DER }
function onCurve(namedCurve: string): ECKeyPairOptions<'der', 'der'> {
  return { namedCurve, ...DER }
}

const generators: Record<Algorithm, () => { readonly privateKey: Buffer }> = {
  ES256: () => generateKeyPairSync('ec', onCurve('P-256')),
  ES384: () => generateKeyPairSync('ec', onCurve('P-384')),
  ES512: () => generateKeyPairSync('ec', onCurve('P-521')),
  RS256: () => generateKeyPairSync('rsa', RSA),
  PS256: () => generateKeyPairSync('rsa', RSA),
  EdDSA: () => generateKeyPairSync('ed25519', DER as ED25519KeyPairOptions<'der', 'der'>),
}

/** The names of {@link Algorithm}. */
export const ALGORITHMS = Object.keys(generators)

/** A fresh key pair for an algorithm. */
export function generateKeyPair(algorithm: Algorithm = 'ES256'): KeyPair {
  const privateKey = createPrivateKey({
    key: generators[algorithm]().privateKey,
    format: 'der',
    type: 'pkcs8',
  })
  return { algorithm, privateKey, publicKey: createPublicKey(privateKey) }
}

/**
 * A P-256 key pair from a private key in any of the forms of {@link PrivateKeyForms}, or from a
 * `KeyObject`.
 *
 * @throws Error when it is no P-256 private key.
 */
export function keyPairFrom(key: PrivateKeyInput): KeyPair {
  const privateKey = readable(key)
  if (
    privateKey?.type === 'private' &&
    privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  ) {
    return { algorithm: 'ES256', privateKey, publicKey: createPublicKey(privateKey) }
  }
  const found = privateKey === undefined ? 'something else' : 'a key of another type'
  throw new Error(
    `Expected a P-256 private key as hex, JWK, PKCS#8 PEM or KeyObject; found ${found}.`,
  )
}

/** OpenSSL's own message for a key that it cannot read is of no help. */
function readable(key: PrivateKeyInput): KeyObject | undefined {
  try {
    return readPrivateKey(key)
  } catch {
    return undefined
  }
}

function readPrivateKey(key: PrivateKeyInput): KeyObject {
  // By what it is and not by its class, which is another one in each realm of a test runner.
  if (types.isKeyObject(key)) return key
  if (typeof key !== 'string')
    return createPrivateKey({ key: key as NodeJsonWebKey, format: 'jwk' })
  return keyOfScalar(key) ?? createPrivateKey(key)
}

/**
 * The P-256 private key of a scalar in hexadecimal, which may have lost or gained leading zeros;
 * `undefined` for any other text.
 */
export function keyOfScalar(text: string): KeyObject | undefined {
  const digits = /^\s*(?:0x)?0*([0-9a-f]{1,64})\s*$/i.exec(text)?.[1]
  if (digits === undefined) return undefined
  // ECPrivateKey without the optional public key, which OpenSSL derives (RFC 5915 §3).
  const scalar = digits.padStart(64, '0')
  return createPrivateKey({
    key: Buffer.from(`30310201010420${scalar}a00a06082a8648ce3d030107`, 'hex'),
    format: 'der',
    type: 'sec1',
  })
}

/** The private key in the forms clients hold. */
export function privateKeyForms({ privateKey }: KeyPair): PrivateKeyForms {
  const jwk = privateKey.export({ format: 'jwk' }) as Jwk
  return {
    hex: Buffer.from(jwk['d'] as string, 'base64url').toString('hex'),
    jwk,
    pkcs8: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

/** The public JWK: key material only, no `kid`, `use` or `alg`. */
export function publicJwk({ publicKey }: Pick<KeyPair, 'publicKey'>): Jwk {
  return publicKey.export({ format: 'jwk' }) as Jwk
}

/** The public key of a JWK. */
export function keyOfJwk(jwk: Jwk): KeyObject {
  return createPublicKey({ key: jwk as NodeJsonWebKey, format: 'jwk' })
}

const THUMBPRINT_MEMBERS: Record<string, readonly string[]> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
}

/** JWK thumbprint (RFC 7638), base64url. */
export function thumbprint(jwk: Jwk): string {
  const members = THUMBPRINT_MEMBERS[jwk.kty] ?? []
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
  return createHash('sha256').update(canonical).digest('base64url')
}
