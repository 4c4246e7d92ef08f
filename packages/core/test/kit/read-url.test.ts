import { readUrl } from '../../src/kit/url.js'

describe('an address', () => {
  it('of another alphabet is read, however often it is asked', () => {
    const text = 'https://m\u00fcnchen.example'
    const read = Array.from({ length: 20_000 }, () => readUrl(text)?.origin)
    expect(new Set(read)).toEqual(new Set(['https://xn--mnchen-3ya.example']))
  })

  it.each(['/orders', 'orders.example.org', '', 5, undefined])('is none: %p', (value) => {
    expect(readUrl(value)).toBeUndefined()
  })
})
