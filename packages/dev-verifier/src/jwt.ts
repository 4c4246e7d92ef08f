import {
  constants,
  sign,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
  type VerifyKeyObjectInput,
} from 'node:crypto'
import type { Algorithm, KeyPair } from './keys.js'

/** A JSON object. */
export type Json = Record<string, unknown>

/** A JWS in compact form, taken apart but not verified. */
export interface DecodedJwt {
  readonly header: Json
  readonly claims: Json
  readonly signingInput: string
  readonly signature: Buffer
}

/** How `node:crypto` makes each JWS signature (RFC 7518 §3.1, RFC 8037). */
const methods: Record<
  Algorithm,
  { hash: string | null; options: Omit<SignKeyObjectInput & VerifyKeyObjectInput, 'key'> }
> = {
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  ES384: { hash: 'sha384', options: { dsaEncoding: 'ieee-p1363' } },
  ES512: { hash: 'sha512', options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { hash: 'sha256', options: {} },
  PS256: { hash: 'sha256', options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  EdDSA: { hash: null, options: {} },
}

/** Encodes header and claims: the text a JWS signature covers. */
export function signingInput(header: Json, claims: Json): string {
  return `${encode(header)}.${encode(claims)}`
}

/** Signs header and claims as given; `alg` is written first unless the header has its own. */
export function signJwt(header: Json, claims: Json, { algorithm, privateKey }: KeyPair): string {
  const input = signingInput('alg' in header ? header : { alg: algorithm, ...header }, claims)
  const { hash, options } = methods[algorithm]
  const signature = sign(hash, Buffer.from(input), { key: privateKey, ...options })
  return `${input}.${signature.toString('base64url')}`
}

/**
 * Takes a compact JWS apart.
 *
 * @throws Error when it is not three base64url parts with JSON objects in the first two.
 */
export function decodeJwt(token: string): DecodedJwt {
  const parts = token.split('.')
  const [header, claims, signature] = parts
  if (
    parts.length !== 3 ||
    !header ||
    !claims ||
    signature === undefined ||
    parts.some((part) => /[^\w-]/.test(part))
  ) {
    throw new Error('not a compact JWS: expected three base64url parts joined by dots')
  }
  return {
    header: parseObject(header),
    claims: parseObject(claims),
    signingInput: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** What a key must be for an algorithm; RSA keys have 2048 bits at least (RFC 7518 §3.3). */
const fits: Record<Algorithm, (key: KeyObject) => boolean> = {
  ES256: isOnCurve('prime256v1'),
  ES384: isOnCurve('secp384r1'),
  ES512: isOnCurve('secp521r1'),
  RS256: isLongRsa,
  PS256: isLongRsa,
  EdDSA: ({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519',
}

function isOnCurve(name: string) {
  return ({ asymmetricKeyDetails }: KeyObject) => asymmetricKeyDetails?.namedCurve === name
}

function isLongRsa({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048
}

/** True when the key signed with this algorithm; no other one is accepted. */
export function hasValidSignature(
  { header, signingInput, signature }: DecodedJwt,
  publicKey: KeyObject,
  algorithm: Algorithm = 'ES256',
): boolean {
  const isFitting = Object.hasOwn(fits, algorithm) && fits[algorithm](publicKey)
  if (header['alg'] !== algorithm || !isFitting) return false
  const { hash, options } = methods[algorithm]
  return verify(hash, Buffer.from(signingInput), { key: publicKey, ...options }, signature)
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function encode(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function parseObject(part: string): Json {
  const value = parseJson(Buffer.from(part, 'base64url').toString())
  if (!isObject(value)) throw new Error('not a JWT: header and claims must be JSON objects')
  return value
}

/** The parser's own message quotes what it could not read, which may be a secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
