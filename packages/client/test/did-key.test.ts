import { createECDH } from 'node:crypto'
import { base58 } from '@scure/base'
import fc from 'fast-check'
import { didKeyToJwk, isOnCurve, jwkToDidKey } from '../src/did-key.js'

const vector = {
  did: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
    y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
  },
} as const

const didOf = (bytes: readonly number[]) => `did:key:z${base58.encode(Uint8Array.from(bytes))}`

describe('did:key on P-256', () => {
  it('reads and writes the vector of did:key (W3C CCG did-method-key, P-256)', () => {
    expect(didKeyToJwk(vector.did)).toEqual(vector.jwk)
    expect(jwkToDidKey(vector.jwk)).toBe(vector.did)
  })

  it('reads the key of scalar 1, the base point of the curve (FIPS 186-4 D.1.2.3)', () => {
    const base = didKeyToJwk('did:key:zDnaepsL7AXenJkVYdkh5KuKsSU7Ykh7kyXaLLU7auN9FWSiZ')
    expect(Buffer.from(base?.x ?? '', 'base64url').toString('hex')).toBe(
      '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
    )
    expect(Buffer.from(base?.y ?? '', 'base64url').toString('hex')).toBe(
      '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
    )
  })

  it('leaves a fragment aside', () => {
    expect(didKeyToJwk(`${vector.did}#${vector.did.slice(8)}`)).toEqual(vector.jwk)
  })

  it('goes both ways for any key', () => {
    const scalar = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((bytes) => bytes.some(Boolean) && bytes[0] !== 255)
    fc.assert(
      fc.property(scalar, (bytes) => {
        const ecdh = createECDH('prime256v1')
        ecdh.setPrivateKey(bytes)
        const point = ecdh.getPublicKey()
        const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) =>
          half.toString('base64url'),
        )
        const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } as const
        expect(isOnCurve(jwk)).toBe(true)
        expect(didKeyToJwk(jwkToDidKey(jwk))).toEqual(jwk)
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['another kind of key (Ed25519)', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['another method', 'did:web:example.org'],
    ['a character that is not base58', `${vector.did.slice(0, -1)}0`],
    ['a point that is not on the curve', didOf([0x80, 0x24, 2, ...Array<number>(31).fill(0), 7])],
    ['an uncompressed point', didOf([0x80, 0x24, 4, ...Array<number>(32).fill(1)])],
    ['a coordinate beyond the field', didOf([0x80, 0x24, 2, ...Array<number>(32).fill(255)])],
    ['a point that is too long', didOf([0x80, 0x24, 2, ...Array<number>(33).fill(0)])],
    ['a text without end', `did:key:z${'D'.repeat(1_000_000)}`],
    ['an empty text', ''],
  ])('refuses %s', (_, did) => {
    expect(didKeyToJwk(did)).toBeUndefined()
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => didKeyToJwk(`did:key:z${text}`) === undefined))
  })

  it('knows a point off the curve', () => {
    const { x, y } = vector.jwk
    expect(isOnCurve({ x: y, y: x })).toBe(false)
    expect(isOnCurve({ x, y: 'AQ' })).toBe(false)
    expect(isOnCurve({ x: '+', y })).toBe(false)
  })

  it('knows coordinates that are not 32 bytes each', () => {
    const { x, y } = vector.jwk
    const point = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    const split = (at: number) => ({
      x: point.subarray(0, at).toString('base64url'),
      y: point.subarray(at).toString('base64url'),
    })
    expect([31, 32, 33].map((at) => isOnCurve(split(at)))).toEqual([false, true, false])
  })
})
