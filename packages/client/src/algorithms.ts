/** An algorithm a client assertion can be signed with (RFC 7518 §3.1, RFC 9864). */
export type SigningAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256' | 'PS256' | 'EdDSA'

interface AlgorithmRow {
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv?: string
  /** The object identifier of the key in PKCS#8, DER encoded, in hexadecimal. */
  readonly oid: string
  /** Parameters of `importKey` (Web Cryptography §14.3.9). */
  readonly key: { readonly name: string; readonly namedCurve?: string; readonly hash?: string }
  /** Parameters of `sign` and `verify`. */
  readonly signature: {
    readonly name: string
    readonly hash?: string
    readonly saltLength?: number
  }
  /** Bytes of a signature, where the algorithm fixes them (RFC 7518 §3.4). */
  readonly length?: number
}

const RSA = '06092a864886f70d010101'

/**
 * In the order of preference where a key fits several: RSA keys sign RS256 by default.
 */
export const ALGORITHMS: Readonly<Record<SigningAlgorithm, AlgorithmRow>> = Object.freeze({
  ES256: ecdsa('P-256', 'SHA-256', '06082a8648ce3d030107', 64),
  ES384: ecdsa('P-384', 'SHA-384', '06052b81040022', 96),
  ES512: ecdsa('P-521', 'SHA-512', '06052b81040023', 132),
  RS256: {
    kty: 'RSA',
    oid: RSA,
    key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    signature: { name: 'RSASSA-PKCS1-v1_5' },
  },
  PS256: {
    kty: 'RSA',
    oid: RSA,
    key: { name: 'RSA-PSS', hash: 'SHA-256' },
    signature: { name: 'RSA-PSS', saltLength: 32 },
  },
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    oid: '06032b6570',
    key: { name: 'Ed25519' },
    signature: { name: 'Ed25519' },
    length: 64,
  },
} satisfies Record<SigningAlgorithm, AlgorithmRow>)

/** The algorithm names, in the order of the table. */
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly SigningAlgorithm[]

function ecdsa(crv: string, hash: string, oid: string, length: number): AlgorithmRow {
  return {
    kty: 'EC',
    crv,
    oid,
    length,
    key: { name: 'ECDSA', namedCurve: crv },
    signature: { name: 'ECDSA', hash },
  }
}
