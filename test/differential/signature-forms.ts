import { constants, sign } from 'node:crypto'
import { publicKeyOf, type Signer } from './signer.js'

/**
 * Orders of the groups: what the numbers in a signature are taken modulo (FIPS 186-4 D.1.2, RFC
 * 8032 §5.1).
 */
const ORDERS: Readonly<Record<string, bigint>> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  'P-521':
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  Ed25519: 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn,
}

const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`)
const bytes = (value: bigint, length: number) =>
  Buffer.from(
    value
      .toString(16)
      .padStart(2 * length, '0')
      .slice(-2 * length),
    'hex',
  )
const reversed = (value: Buffer) => Buffer.from(value).reverse()

/**
 * Signatures over an input in every form but the right one; a few of them hold all the same, as the
 * algorithm has it.
 */
export function signatureForms(signer: Signer, input: string): Readonly<Record<string, Buffer>> {
  const good = signer.signature(input)
  const common = {
    'signature cut by a byte': good.subarray(0, -1),
    'signature without its first byte': good.subarray(1),
    'zero before signature': Buffer.concat([Buffer.alloc(1), good]),
    'zero after signature': Buffer.concat([good, Buffer.alloc(1)]),
    'signature twice': Buffer.concat([good, good]),
    'signature of zeros': Buffer.alloc(good.length),
    'signature of ones': Buffer.alloc(good.length, 0xff),
    'signature backwards': reversed(good),
    'signature of another text': signer.signature(`${input}x`),
  }
  return { ...common, ...OF_TYPE[signer.row.kty](signer, input, good) }
}

type Forms = (signer: Signer, input: string, good: Buffer) => Readonly<Record<string, Buffer>>

const OF_TYPE: Readonly<Record<Signer['row']['kty'], Forms>> = {
  EC({ row, privateKey }, input, good) {
    const order = ORDERS[row.crv!]!
    const half = good.length / 2
    const [r, s] = [number(good.subarray(0, half)), number(good.subarray(half))]
    const pair = (first: bigint, second: bigint) =>
      Buffer.concat([bytes(first, half), bytes(second, half)])
    return {
      'ECDSA in DER': sign(row.digest, Buffer.from(input), privateKey),
      'ECDSA with the other s': pair(r, order - s),
      'ECDSA with r and s exchanged': pair(s, r),
      'ECDSA with r plus the order': pair(r + order, s),
      'ECDSA with s plus the order': pair(r, s + order),
      'ECDSA with r zero': pair(0n, s),
      'ECDSA with s zero': pair(r, 0n),
      'ECDSA with r and s one': pair(1n, 1n),
      'ECDSA with r and s the order': pair(order, order),
      'ECDSA with a wider field': Buffer.concat([bytes(r, half + 1), bytes(s, half + 1)]),
    }
  },
  RSA({ row, privateKey, jwk }, input, good) {
    const modulus = number(Buffer.from(jwk.n!, 'base64url'))
    const pss = constants.RSA_PKCS1_PSS_PADDING
    const data = Buffer.from(input)
    const salted = [0, 20, 31, 33, 190].map((saltLength) => [
      `PSS with a salt of ${saltLength}`,
      sign(row.digest, data, { key: privateKey, padding: pss, saltLength }),
    ])
    return {
      'RSA with the other padding': sign(row.digest, data, {
        key: privateKey,
        padding: row.pss ? constants.RSA_PKCS1_PADDING : pss,
      }),
      'RSA with another digest': sign('sha1', data, {
        key: privateKey,
        padding: row.pss ? pss : constants.RSA_PKCS1_PADDING,
      }),
      'RSA signature plus the modulus': bytes(number(good) + modulus, good.length),
      'RSA signature plus the modulus, longer': bytes(number(good) + modulus, good.length + 1),
      'RSA signature negated': bytes(modulus - number(good), good.length),
      'RSA signature of one': bytes(1n, good.length),
      ...(Object.fromEntries(salted) as Record<string, Buffer>),
    }
  },
  OKP({ jwk }, _, good) {
    const [point, s] = [good.subarray(0, 32), number(reversed(good.subarray(32)))]
    return {
      'EdDSA with s plus the order': Buffer.concat([
        point,
        reversed(bytes(s + ORDERS['Ed25519']!, 32)),
      ]),
      'EdDSA with the public key as R': Buffer.concat([
        Buffer.from(jwk.x!, 'base64url'),
        good.subarray(32),
      ]),
      'EdDSA with the identity as R': Buffer.concat([
        Buffer.from([1]),
        Buffer.alloc(31),
        good.subarray(32),
      ]),
      'EdDSA key in SPKI': publicKeyOf(jwk).export({
        format: 'der',
        type: 'spki',
      }),
    }
  },
}
