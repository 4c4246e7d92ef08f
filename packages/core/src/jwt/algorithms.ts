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

/** What one algorithm asks of a key and a signature (RFC 7518 §3, RFC 8037 §3.1, RFC 9864). */
export interface AlgorithmRow {
  readonly name: Algorithm
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519'
  /** Length of the signature in bytes; a function of the modulus for RSA. */
  readonly signatureLength?: number
  /** Digest, by the name Node gives it. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512'
  /** RSASSA-PSS rather than PKCS #1 v1.5. */
  readonly pss?: true
}

const rows: readonly AlgorithmRow[] = [
  { name: 'ES256', kty: 'EC', crv: 'P-256', digest: 'sha256', signatureLength: 64 },
  { name: 'ES384', kty: 'EC', crv: 'P-384', digest: 'sha384', signatureLength: 96 },
  { name: 'ES512', kty: 'EC', crv: 'P-521', digest: 'sha512', signatureLength: 132 },
  { name: 'RS256', kty: 'RSA', digest: 'sha256' },
  { name: 'RS384', kty: 'RSA', digest: 'sha384' },
  { name: 'RS512', kty: 'RSA', digest: 'sha512' },
  { name: 'PS256', kty: 'RSA', digest: 'sha256', pss: true },
  { name: 'PS384', kty: 'RSA', digest: 'sha384', pss: true },
  { name: 'PS512', kty: 'RSA', digest: 'sha512', pss: true },
  { name: 'EdDSA', kty: 'OKP', crv: 'Ed25519', signatureLength: 64 },
  { name: 'Ed25519', kty: 'OKP', crv: 'Ed25519', signatureLength: 64 },
]

/**
 * Every algorithm that can be allowed: asymmetric ones only, so that a public key can never be
 * taken for a shared secret (RFC 8725 §2.1).
 */
export const ALGORITHMS: ReadonlyMap<string, AlgorithmRow> = new Map(
  rows.map((row) => [row.name, Object.freeze(row)]),
)
