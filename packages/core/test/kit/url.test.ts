import { place, quoteAddress } from '../../src/kit/display.js'
import { describeInsecure, isIssuer, likelyDifference, readUrl } from '../../src/kit/url.js'

test('an address with letters beyond ASCII is one, however often the function has run', () => {
  const address = 'https://verifier.example.org/münchen'
  for (let count = 0; count < 50_000; count += 1) readUrl(address)
  expect(readUrl(address)?.pathname).toBe('/m%C3%BCnchen')
  expect(readUrl('münchen')).toBeUndefined()
  expect(describeInsecure(address, false)).toBeUndefined()
})

describe('an address of a Verifier', () => {
  test.each([
    'https://verifier.example.org',
    'https://verifier.example.org:8443/verifier',
    'https://[2001:db8::1]/',
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://127.8.9.10:1/x',
    'http://[::1]:8080/verifier',
  ])('%s is fit', (address) => {
    expect(describeInsecure(address, false)).toBeUndefined()
  })

  test.each([
    ['http://verifier.example.org', /not https/],
    ['http://localhost.example.org', /not https/],
    ['http://127.0.0.1.example.org', /not https/],
    ['http://169.254.169.254/jwks', /not https/],
    ['http://0.0.0.0', /not https/],
    ['file:///etc/passwd', /not https/],
    ['data:application/json,{}', /not https/],
    ['ftp://verifier.example.org', /not https/],
    ['verifier.example.org', /not a URL/],
    ['', /not a URL/],
    ['https://', /not a URL/],
    ['https://user:password@verifier.example.org', /credentials/],
    ['https://user@verifier.example.org', /credentials/],
  ])('%s is not', (address, why) => {
    expect(describeInsecure(address, false)).toMatch(why)
  })

  test('over plain http is fit where that was asked for, and nothing else is', () => {
    expect(describeInsecure('http://verifier.internal', true)).toBeUndefined()
    expect(describeInsecure('file:///etc/passwd', true)).toMatch(/not https/)
    expect(describeInsecure('http://user:password@verifier.internal', true)).toMatch(/credentials/)
  })

  test('is cut short and never shown with its password', () => {
    expect(
      describeInsecure(`http://verifier.example.org/${'x'.repeat(500)}`, false)!.length,
    ).toBeLessThan(250)
    expect(describeInsecure('https://user:password@verifier.example.org', false)).not.toContain(
      'password',
    )
  })
})

describe('an issuer', () => {
  test.each([
    'https://verifier.example.org',
    'https://verifier.example.org/verifier',
    'http://127.0.0.1:8080/verifier',
  ])('can be %s', (text) => expect(isIssuer(text, false)).toBe(true))

  test.each([
    'https://VERIFIER.example.org',
    'https://verifier.example.org:443',
    'https://verifier.example.org/a/../b',
    'https://verifier.example.org?a',
    'https://verifier.example.org#a',
    'https://{tenant}.example.org',
    'http://verifier.example.org',
    ' https://verifier.example.org',
  ])('cannot be %j', (text) => expect(isIssuer(text, false)).toBe(false))
})

describe('an address in a message', () => {
  test.each([
    ['http://verifier.internal/jwks?api_key=secret', '"http://verifier.internal/jwks?..."'],
    ['https://verifier.example.org/#secret', '"https://verifier.example.org/#..."'],
    ['https://user:secret@not a host', '"https://...@not a host"'],
    ['verifier.example.org', '"verifier.example.org"'],
  ])('%s is shown as %s', (address, shown) => {
    expect(quoteAddress(address)).toBe(shown)
    expect(describeInsecure(address, false) ?? '').not.toContain('secret')
  })

  test('names the place alone', () => {
    expect(place('https://user:secret@verifier.example.org/a/b?secret#secret')).toBe(
      'https://verifier.example.org/a/b',
    )
  })
})

test.each([
  ['https://a.example', 'https://a.example/', /trailing slash/],
  ['https://a.example/verifier', 'https://a.example', /suffix "\/verifier"/],
  ['https://A.example', 'https://a.example', /upper and lower case/],
  ['https://a.example', 'http://a.example', /http and https/],
  ['https://a.example', 'https://b.example', undefined],
])('%s and %s differ by %p', (one, other, difference) => {
  for (const found of [
    likelyDifference(['x', one], [other]),
    likelyDifference([other], ['x', one]),
  ])
    if (difference === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(difference)
})
