import { base58 } from '@scure/base'

/** Multicodec `p256-pub` (0x1200) as a varint. */
const P256_PUB = [0x80, 0x24]

/** The did:key of a public key on P-256; `undefined` for keys that Verifiers name otherwise. */
export function didKeyOf({ crv, x, y }: Readonly<Record<string, unknown>>): string | undefined {
  if (crv !== 'P-256') return undefined
  const last = Buffer.from(y as string, 'base64url').at(-1)!
  // A compressed point (SEC 1 §2.3.3): its sign, and one coordinate.
  const point = [2 + (last % 2), ...Buffer.from(x as string, 'base64url')]
  return `did:key:z${base58.encode(Uint8Array.from([...P256_PUB, ...point]))}`
}
