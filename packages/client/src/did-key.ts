import { p256 } from '@noble/curves/nist.js'
import { base58, base64urlnopad } from '@scure/base'
import { attempt } from './attempt.js'

/** A public key on P-256 as a JWK (RFC 7518 §6.2.1). */
export interface P256Jwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** A point by its coordinates, each 32 bytes in base64url. */
type Coordinates = Pick<P256Jwk, 'x' | 'y'>

const PREFIX = 'did:key:z'
/** Multicodec `p256-pub` (0x1200) as a varint. */
const P256_PUB = [0x80, 0x24] as const
const COORDINATE = 32
/** Begins a compressed and an uncompressed point (SEC 1 §2.3.3). */
const [COMPRESSED, UNCOMPRESSED] = [1 + COORDINATE, 0x04]
/** The longest base58 of 35 bytes. Decoding time grows with the square of the length. */
const MAX_LENGTH = PREFIX.length + 48

/**
 * The public key in a `did:key` on P-256. A fragment is ignored.
 *
 * @returns `undefined` if the text is no did:key, or holds another kind of key or a point that is
 *   not on the curve.
 */
export function didKeyToJwk(did: string): P256Jwk | undefined {
  const [bare = ''] = did.split('#')
  if (!bare.startsWith(PREFIX) || bare.length > MAX_LENGTH) return undefined
  const bytes = attempt(() => base58.decode(bare.slice(PREFIX.length)))
  if (bytes?.length !== P256_PUB.length + COMPRESSED) return undefined
  if (bytes[0] !== P256_PUB[0] || bytes[1] !== P256_PUB[1]) return undefined
  return attempt(() => toJwk(p256.Point.fromBytes(bytes.subarray(P256_PUB.length))))
}

/** The `did:key` of a public key on P-256. */
export function jwkToDidKey(jwk: P256Jwk): string {
  return PREFIX + base58.encode(Uint8Array.from([...P256_PUB, ...toPoint(jwk).toBytes(true)]))
}

/** Whether the coordinates are 32 bytes each and satisfy the equation of the curve. */
export function isOnCurve(coordinates: Coordinates): boolean {
  return attempt(() => toPoint(coordinates)) !== undefined
}

function toPoint({ x, y }: Coordinates) {
  return p256.Point.fromBytes(Uint8Array.from([UNCOMPRESSED, ...decode(x), ...decode(y)]))
}

/** Each by itself: 31 bytes and 33 would make a point of the right length, but another one. */
function decode(coordinate: string): Uint8Array {
  const bytes = base64urlnopad.decode(coordinate)
  if (bytes.length === COORDINATE) return bytes
  throw new RangeError(`a coordinate of ${COORDINATE} bytes`)
}

function toJwk(point: ReturnType<typeof toPoint>): P256Jwk {
  const bytes = point.toBytes(false)
  const [x, y] = [bytes.subarray(1, COMPRESSED), bytes.subarray(COMPRESSED)].map((coordinate) =>
    base64urlnopad.encode(coordinate),
  ) as [string, string]
  return { kty: 'EC', crv: 'P-256', x, y }
}
