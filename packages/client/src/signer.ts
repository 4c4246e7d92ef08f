import { base64urlnopad } from '@scure/base'
import { ALGORITHMS, type SigningAlgorithm } from './algorithms.js'
import { copyBytes } from './bytes.js'
import type { P256Jwk } from './did-key.js'
import { tokenSourceError, TokenSourceError } from './errors.js'
import type { JsonObject } from './json.js'

/**
 * What signs with the private key: a KMS, an HSM, another process.
 *
 * @example
 * ```ts
 * import type { Signer } from '@verifier-guard/client'
 *
 * const signer: Signer = {
 *   alg: 'ES256',
 *   async sign(bytes) {
 *     const answer = await fetch('http://127.0.0.1:8200/sign', { method: 'POST', body: bytes })
 *     return new Uint8Array(await answer.arrayBuffer())
 *   },
 * }
 * ```
 */
export interface Signer {
  readonly alg: SigningAlgorithm
  /**
   * Key identifier for the header of the assertion; a presentation always names the key of its
   * credential.
   */
  readonly kid?: string
  /**
   * The JWS signature over the bytes: for ECDSA the raw R and S side by side (RFC 7518 §3.4), not
   * DER.
   */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array
}

/** A JWT about to be signed. */
export interface UnsignedJwt {
  readonly header: JsonObject
  readonly claims: JsonObject
}

/**
 * Signs a JWT in compact form (RFC 7515 §7.1).
 *
 * @throws {TokenSourceError} `signer_failed` if the signer throws, `signature_malformed` if it
 *   returns something else than a signature.
 */
export async function signJwt(signer: Signer, { header, claims }: UnsignedJwt): Promise<string> {
  const input = `${encode({ alg: signer.alg, ...header })}.${encode(claims)}`
  const signature = await sign(signer, new TextEncoder().encode(input))
  return `${input}.${base64urlnopad.encode(signature)}`
}

/**
 * Holds a signature against the key in the credential before it leaves, so that a wrong key is
 * found here and not behind the bare refusal of a Verifier.
 *
 * @throws {TokenSourceError} `key_mismatch`.
 */
export async function checkSignature(jwt: string, publicKey: P256Jwk): Promise<void> {
  const dot = jwt.lastIndexOf('.')
  const { key: parameters, signature } = ALGORITHMS.ES256
  const key = await crypto.subtle.importKey('jwk', { ...publicKey }, parameters, false, ['verify'])
  const bytes = new TextEncoder().encode(jwt.slice(0, dot))
  if (await crypto.subtle.verify(signature, key, base64urlnopad.decode(jwt.slice(dot + 1)), bytes))
    return
  throw tokenSourceError('key_mismatch', {
    expected: 'the private key that the credential is bound to',
    found: 'a signature that its public key does not verify',
    hint: 'give the key that was handed out together with this credential',
  })
}

/**
 * The raw signature inside a DER encoded ECDSA signature, which is what most KMS and HSM return.
 *
 * @param der `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3).
 * @param alg decides the length; ES256 by default.
 * @returns R and S side by side, as JWS wants them (RFC 7518 §3.4).
 * @throws {TokenSourceError} `signature_malformed`.
 * @example
 * ```ts
 * import { ecdsaSignatureFromDer } from '@verifier-guard/client'
 *
 * const raw = ecdsaSignatureFromDer(Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 2))
 * console.log(raw.length) // 64
 * ```
 */
export function ecdsaSignatureFromDer(
  der: Uint8Array,
  alg: 'ES256' | 'ES384' | 'ES512' = 'ES256',
): Uint8Array {
  const half = (ALGORITHMS[alg].length ?? 0) / 2
  const raw = new Uint8Array(2 * half)
  // Lengths beyond 127 take a second byte; no signature of these curves needs a third.
  const start = der[1] === 0x81 ? 3 : 2
  let offset = start
  for (const end of [half, 2 * half]) {
    const length = der[offset + 1] ?? 0
    const value = der.subarray(offset + 2, offset + 2 + length)
    const digits = value.subarray(value.findIndex((byte) => byte !== 0))
    if (der[offset] !== 0x02 || value.length !== length || digits.length > half)
      throw notDerError(der)
    raw.set(digits, end - digits.length)
    offset += 2 + length
  }
  if (der[0] !== 0x30 || der[start - 1] !== offset - start || offset !== der.length)
    throw notDerError(der)
  return raw
}

async function sign(signer: Signer, bytes: Uint8Array): Promise<Uint8Array> {
  let signature: unknown
  try {
    signature = await signer.sign(bytes)
  } catch (cause) {
    if (cause instanceof TokenSourceError) throw cause
    const reason = {
      expected: 'a signature from "signer"',
      found: 'a failure',
      hint: 'see "cause"',
    }
    throw tokenSourceError('signer_failed', reason, { cause })
  }
  return checkForm(signature, signer.alg)
}

function checkForm(signature: unknown, alg: SigningAlgorithm): Uint8Array {
  // A signature that crossed a realm or a process is no instance of our Uint8Array.
  const bytes = ArrayBuffer.isView(signature) ? copyBytes(signature) : undefined
  const { length } = ALGORITHMS[alg]
  if (bytes && (length === undefined ? bytes.length > 0 : bytes.length === length)) return bytes
  const found = bytes
    ? `${bytes.length} bytes${bytes[0] === 0x30 ? ' that look like DER' : ''}`
    : 'no bytes'
  throw tokenSourceError('signature_malformed', {
    expected: `${length ?? 'some'} bytes of ${alg} signature from "signer"`,
    found,
    hint: 'a JWS holds raw R and S, see "ecdsaSignatureFromDer"',
  })
}

function notDerError(bytes: Uint8Array): TokenSourceError {
  return tokenSourceError('signature_malformed', {
    expected: 'a DER encoded ECDSA signature that fits the curve',
    found: `${bytes.length} bytes that are none`,
  })
}

function encode(value: JsonObject): string {
  return base64urlnopad.encode(new TextEncoder().encode(JSON.stringify(value)))
}
