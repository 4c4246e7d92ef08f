/*
 * The signature algorithms that can be allowed, a row each: what one asks of a key and a signature
 * (RFC 7518 §3, RFC 8037 §3.1, RFC 9864). Asymmetric ones only, so that a public key can never be
 * taken for a shared secret (RFC 8725 §2.1).
 */

/** Names of the signature algorithms that can be allowed. */
export type Algorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'EdDSA'
  | 'Ed25519'

/** What one algorithm asks of a key and a signature. */
export interface AlgorithmRow {
  readonly name: Algorithm
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519'
  /** Bytes of each coordinate of the key. */
  readonly coordinate?: number
  /** Bytes of the signature; a function of the modulus for RSA. */
  readonly signatureLength?: number
  /** Digest, by the name Node gives it. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512'
  /** RSASSA-PSS rather than PKCS #1 v1.5. */
  readonly pss?: true
}

const P256 = { kty: 'EC', crv: 'P-256', coordinate: 32, signatureLength: 64 } as const
const P384 = { kty: 'EC', crv: 'P-384', coordinate: 48, signatureLength: 96 } as const
const P521 = { kty: 'EC', crv: 'P-521', coordinate: 66, signatureLength: 132 } as const
const ED25519 = { kty: 'OKP', crv: 'Ed25519', coordinate: 32, signatureLength: 64 } as const

const rows: readonly AlgorithmRow[] = [
  { name: 'ES256', ...P256, digest: 'sha256' },
  { name: 'ES384', ...P384, digest: 'sha384' },
  { name: 'ES512', ...P521, digest: 'sha512' },
  { name: 'RS256', kty: 'RSA', digest: 'sha256' },
  { name: 'RS384', kty: 'RSA', digest: 'sha384' },
  { name: 'RS512', kty: 'RSA', digest: 'sha512' },
  { name: 'PS256', kty: 'RSA', digest: 'sha256', pss: true },
  { name: 'PS384', kty: 'RSA', digest: 'sha384', pss: true },
  { name: 'PS512', kty: 'RSA', digest: 'sha512', pss: true },
  { name: 'EdDSA', ...ED25519 },
  { name: 'Ed25519', ...ED25519 },
]

/** The rows by the name of their algorithm. */
export const ALGORITHMS: ReadonlyMap<string, AlgorithmRow> = new Map(
  rows.map((row) => [row.name, Object.freeze(row)]),
)
