import { createPublicKey, ECDH, type KeyObject } from 'node:crypto'
import { base58 } from '@scure/base'
import { publicJwk } from './keys.js'

const PREFIX = 'did:key:z'
/** Multicodec `p256-pub` (0x1200) as an unsigned varint. */
const P256_PUB = Buffer.from([0x80, 0x24])

/**
 * The `did:key` of a P-256 public key: base58btc of the multicodec prefix and the compressed point
 * (did:key §3).
 */
export function didKeyOf(publicKey: KeyObject): string {
  const { x, y } = publicJwk({ publicKey })
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x as string, 'base64url'),
    Buffer.from(y as string, 'base64url'),
  ])
  const compressed = ECDH.convertKey(
    point,
    'prime256v1',
    undefined,
    undefined,
    'compressed',
  ) as Buffer
  return PREFIX + base58.encode(Buffer.concat([P256_PUB, compressed]))
}

/**
 * The P-256 public key of a `did:key`, whose fragment, if any, is ignored.
 *
 * @throws Error when the text is no did:key, or not of a point on P-256.
 */
export function publicKeyOfDid(did: string): KeyObject {
  const bare = withoutFragment(did)
  if (!bare.startsWith(PREFIX)) throw new Error('Expected a did:key in base58btc ("did:key:z…").')
  const bytes = Buffer.from(base58.decode(bare.slice(PREFIX.length)))
  if (bytes.length !== 35 || !bytes.subarray(0, 2).equals(P256_PUB)) {
    throw new Error(
      'Expected a did:key of a P-256 key (multicodec 0x1200 and a 33-byte compressed point).',
    )
  }
  const point = ECDH.convertKey(
    bytes.subarray(2),
    'prime256v1',
    undefined,
    undefined,
    'uncompressed',
  ) as Buffer
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) =>
    part.toString('base64url'),
  )
  return createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: x as string, y: y as string },
    format: 'jwk',
  })
}

/** A DID URL without its fragment. */
export function withoutFragment(did: string): string {
  return did.split('#', 1)[0] as string
}
