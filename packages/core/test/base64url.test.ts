import fc from 'fast-check'
import { decodeBase64url, isCanonical, portable } from '../src/base64url.js'

const anything = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'ABYZabyz0189-_+/= \n.') }),
  fc.base64String(),
)

describe('RFC 4648 §5 and §3.5, RFC 7515 §2', () => {
  test('what Buffer encodes is canonical, and decodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url')
        expect(isCanonical(text)).toBe(true)
        expect(Buffer.from(decodeBase64url(text))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('a text is canonical exactly when it is what Buffer makes of its bytes', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(isCanonical(text)).toBe(Buffer.from(text, 'base64url').toString('base64url') === text)
      }),
      { numRuns: 2_000 },
    )
  })

  test('no two canonical texts have the same bytes', () => {
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        fc.pre(one !== other && isCanonical(one) && isCanonical(other))
        expect(Buffer.from(decodeBase64url(one))).not.toEqual(Buffer.from(decodeBase64url(other)))
      }),
    )
  })

  test.each(['A', 'AB', 'AAB', 'AA==', 'AAA=', 'A+', 'A/', 'AA\n', ' AA', 'AA ', 'AÁAA', 'АААА', 'AA\0A', '=', '.'])(
    '%j is not canonical',
    (text) => {
      expect(isCanonical(text)).toBe(false)
    },
  )

  test('runtimes without Buffer come to the same verdict and the same bytes', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(portable.isCanonical(text)).toBe(isCanonical(text))
        if (isCanonical(text)) expect(Buffer.from(portable.decode(text))).toEqual(Buffer.from(decodeBase64url(text)))
      }),
      { numRuns: 2_000 },
    )
  })
})
