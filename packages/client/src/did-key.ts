import { base58, base64urlnopad } from '@scure/base'

/** A public key on P-256 as a JWK (RFC 7518 §6.2.1). */
export interface P256Jwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

const PREFIX = 'did:key:z'
/** Multicodec `p256-pub` (0x1200) as a varint. */
const P256_PUB = [0x80, 0x24] as const
const COORDINATE = 32
/**
 * The longest text that can hold 35 bytes in base58; decoding grows with the square of the length.
 */
const MAX_LENGTH = PREFIX.length + 48

/** The field prime and the coefficient b of P-256 (FIPS 186-4, D.1.2.3); a is -3. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

/**
 * The public key in a `did:key` on P-256; a fragment is ignored.
 *
 * @returns the key, or `undefined` if the text is not a did:key, holds another kind of key, or a
 *   point that is not on the curve.
 */
export function didKeyToJwk(did: string): P256Jwk | undefined {
  const [bare = ''] = did.split('#')
  if (!bare.startsWith(PREFIX) || bare.length > MAX_LENGTH) return undefined
  const bytes = decodeBase58(bare.slice(PREFIX.length))
  if (bytes?.length !== P256_PUB.length + 1 + COORDINATE) return undefined
  if (bytes[0] !== P256_PUB[0] || bytes[1] !== P256_PUB[1]) return undefined
  return decompress(bytes.subarray(P256_PUB.length))
}

/**
 * The `did:key` of a public key on P-256: base58btc of the multicodec prefix and the compressed
 * point (SEC 1 §2.3.3).
 */
export function jwkToDidKey({ x, y }: P256Jwk): string {
  const odd = (base64urlnopad.decode(y).at(-1) ?? 0) & 1
  return (
    PREFIX + base58.encode(Uint8Array.from([...P256_PUB, 2 + odd, ...base64urlnopad.decode(x)]))
  )
}

/** Whether the coordinates are 32 bytes each and satisfy the equation of the curve. */
export function isOnCurve({ x, y }: { readonly x: string; readonly y: string }): boolean {
  const [bigX, bigY] = [coordinate(x), coordinate(y)]
  if (bigX === undefined || bigY === undefined) return false
  return (bigY * bigY) % P === curve(bigX)
}

/** SEC 1 §2.3.4. */
function decompress(point: Uint8Array): P256Jwk | undefined {
  const sign = point[0]
  const x = toBigInt(point.subarray(1))
  if ((sign !== 2 && sign !== 3) || x >= P) return undefined
  const square = curve(x)
  // P is 3 modulo 4, so a square root is a power.
  const root = power(square, (P + 1n) / 4n)
  if ((root * root) % P !== square) return undefined
  const y = Number(root & 1n) === (sign & 1) ? root : P - root
  return { kty: 'EC', crv: 'P-256', x: toBase64url(x), y: toBase64url(y) }
}

function curve(x: bigint): bigint {
  return (((x * x * x - 3n * x + B) % P) + P) % P
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

function coordinate(text: string): bigint | undefined {
  try {
    const bytes = base64urlnopad.decode(text)
    const value = toBigInt(bytes)
    return bytes.length === COORDINATE && value < P ? value : undefined
  } catch {
    return undefined
  }
}

function decodeBase58(text: string): Uint8Array | undefined {
  try {
    return base58.decode(text)
  } catch {
    return undefined
  }
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function toBase64url(value: bigint): string {
  const hex = value.toString(16).padStart(COORDINATE * 2, '0')
  return base64urlnopad.encode(
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)),
  )
}
