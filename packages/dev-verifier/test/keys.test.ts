import fc from 'fast-check'
import { didKeyOf, publicKeyOfDid } from '../src/did-key.js'
import {
  generateKeyPair,
  keyOfJwk,
  keyPairFrom,
  privateKeyForms,
  publicJwk,
  thumbprint,
} from '../src/keys.js'

/** A published vector, and the key whose private scalar is 1. */
const VECTORS = [
  {
    did: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
    x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
    y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
  },
  {
    did: 'did:key:zDnaepsL7AXenJkVYdkh5KuKsSU7Ykh7kyXaLLU7auN9FWSiZ',
    x: 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY',
    y: 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
  },
]

describe('did:key', () => {
  it.each(VECTORS)('$did stands for its point', ({ did, x, y }) => {
    expect(didKeyOf(keyOfJwk({ kty: 'EC', crv: 'P-256', x, y }))).toBe(did)
    expect(publicJwk({ publicKey: publicKeyOfDid(did) })).toMatchObject({ x, y })
    expect(publicJwk({ publicKey: publicKeyOfDid(`${did}#key-1`) })).toMatchObject({ x, y })
  })

  it('comes back from any key', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 255n }), (scalar) => {
        const pair = keyPairFrom(scalar.toString(16))
        expect(publicJwk({ publicKey: publicKeyOfDid(didKeyOf(pair.publicKey)) })).toEqual(
          publicJwk(pair),
        )
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['another method', 'did:web:example.com'],
    ['another base', 'did:key:f8024'],
    ['another kind of key', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['a point off the curve', 'did:key:zDnaepsL7AXenJkVYdkh5KuKsSU7Ykh7kyXaLLU7auN9FWSi1'],
    ['letters outside base58', 'did:key:z0OIl'],
    ['nothing', ''],
  ])('is refused for %s', (_, did) => {
    expect(() => publicKeyOfDid(did)).toThrow()
  })

  it('never takes arbitrary text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => publicKeyOfDid(`did:key:z${text}`)).toThrow()
      }),
    )
  })
})

describe('private keys', () => {
  it('are read from hex of any length, with or without 0x', () => {
    const one = VECTORS[1]
    for (const hex of ['1', '0x1', '01', '0'.repeat(63) + '1', ' 0x01\n']) {
      expect(publicJwk(keyPairFrom(hex))).toMatchObject({ x: one?.x, y: one?.y })
    }
  })

  it('are the same key in each form', () => {
    const pair = generateKeyPair()
    const { hex, jwk, pkcs8 } = privateKeyForms(pair)
    expect(hex).toMatch(/^[\da-f]{64}$/)
    expect([hex, jwk, pkcs8].map((form) => publicJwk(keyPairFrom(form)))).toEqual(
      Array(3).fill(publicJwk(pair)),
    )
  })

  it('of other curves are refused', () => {
    const { privateKey } = generateKeyPair('ES384')
    expect(() =>
      keyPairFrom(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string),
    ).toThrow(/P-256/)
  })
})

it('computes the thumbprint of RFC 7638 §3.1', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  expect(thumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' })).toBe(
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  )
})
