import fc from 'fast-check'
import { decodeBase64url, portable } from '../../src/kit/base64url.js'

const bytesOf = (text: string) => {
  const bytes = decodeBase64url(text)
  return bytes && Buffer.from(bytes)
}

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
        expect(bytesOf(text)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('a text is canonical exactly when it is what Buffer makes of its bytes', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const bytes = Buffer.from(text, 'base64url')
        expect(bytesOf(text)).toEqual(bytes.toString('base64url') === text ? bytes : undefined)
      }),
      { numRuns: 2_000 },
    )
  })

  test('no two canonical texts have the same bytes', () => {
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        const bytes = bytesOf(one)
        fc.pre(one !== other && bytes !== undefined)
        expect(bytes).not.toEqual(bytesOf(other))
      }),
    )
  })

  test.each([
    'A',
    'AB',
    'AAB',
    'AA==',
    'AAA=',
    'A+',
    'A/',
    'AA\n',
    ' AA',
    'AA ',
    'AÁAA',
    'АААА',
    'AA\0A',
    '=',
    '.',
  ])('%j is not canonical', (text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })

  test('runtimes without Buffer come to the same verdict and the same bytes', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const bytes = portable(text)
        expect(bytes && Buffer.from(bytes)).toEqual(bytesOf(text))
      }),
      { numRuns: 2_000 },
    )
  })
})
