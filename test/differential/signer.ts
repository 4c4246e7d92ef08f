import { constants, createPublicKey, sign, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createKeyPair } from '../key-pair.js'
import { ALGORITHMS, type AlgorithmRow } from '../../packages/core/src/jwt/algorithms.js'
import type { Jwk } from '../../packages/core/src/jwt/key.js'

/** A key pair for one algorithm, and the ways to sign with it, right and wrong. */
export interface Signer {
  readonly row: AlgorithmRow
  readonly jwk: Jwk
  readonly privateKey: KeyObject
  /** A signature as the algorithm has it. */
  readonly signature: (input: string) => Buffer
  /** A token: header and payload are taken as they are, JSON or not. */
  readonly token: (header: string | Buffer, payload: string | Buffer) => string
}

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Makes a signer, with a fresh key unless one is given. */
export function createSigner(algorithm: string, keys?: KeyPair): Signer {
  const row = ALGORITHMS.get(algorithm)!
  const { publicKey, privateKey } = keys ?? generate(row)
  const signature = (input: string) =>
    sign(row.digest, Buffer.from(input), { key: privateKey, ...settings(row) })
  return {
    row,
    jwk: publicKey.export({ format: 'jwk' }),
    privateKey,
    signature,
    token(header, payload) {
      const input = `${encode(header)}.${encode(payload)}`
      return `${input}.${signature(input).toString('base64url')}`
    },
  }
}

/** Text or bytes in base64url. */
export function encode(value: string | Buffer): string {
  return Buffer.from(value).toString('base64url')
}

/** The key of a JWK, as `node:crypto` has it. */
export function publicKeyOf(jwk: Jwk): KeyObject {
  return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
}

/** How `node:crypto` signs with an algorithm, besides the digest. */
export function settings({ pss }: AlgorithmRow) {
  return {
    dsaEncoding: 'ieee-p1363' as const,
    ...(pss && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  }
}

function generate({ kty, crv }: AlgorithmRow): KeyPair {
  if (kty === 'RSA') return createKeyPair('rsa', { modulusLength: 2048 })
  if (kty === 'OKP') return createKeyPair('ed25519')
  return createKeyPair('ec', { namedCurve: crv! })
}
