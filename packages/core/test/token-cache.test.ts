import type { AuthContext } from '../src/context.js'
import { publishedKey } from '../src/jwt/key.js'
import { createTokenCache } from '../src/token-cache.js'

const bounds = { maxEntries: 3, maxBytes: 1_000_000 }
const key = () => publishedKey({ kty: 'EC' })
const entry = (token: string, more: object = {}) => ({
  context: { token } as AuthContext,
  key: key(),
  validFrom: 1_000,
  validUntil: 2_000,
  ...more,
})
const token = (start: string) => start + 'x'.repeat(100)

describe('the memory for verified tokens', () => {
  test('gives back what was put in, within its time to the millisecond', () => {
    const cache = createTokenCache(bounds)
    const put = entry('abc')
    for (const [now, expected] of [
      [999, undefined],
      [1_000, put.context],
      [1_999, put.context],
      [2_000, undefined],
    ] as const) {
      cache.set('abc', put)
      expect(cache.get('abc', now)).toBe(expected)
    }
    expect(cache.size).toBe(0)
  })

  test('compares the whole token, not only the end by which it is found', () => {
    const cache = createTokenCache(bounds)
    cache.set(token('a'), entry(token('a')))
    expect(cache.get(token('b'), 1_500)).toBeUndefined()
    expect(cache.get(token('a'), 1_500)).toBeDefined()
  })

  test('forgets what rests on a key that is not trusted any more', () => {
    const cache = createTokenCache(bounds)
    const put = entry('abc')
    cache.set('abc', put)
    put.key.trusted = false
    expect(cache.get('abc', 1_500)).toBeUndefined()
    put.key.trusted = true
    expect(cache.get('abc', 1_500)).toBeUndefined()
  })

  test('holds no more entries than it may, the least used going first', () => {
    const cache = createTokenCache(bounds)
    for (const name of ['a', 'b', 'c']) cache.set(name, entry(name))
    cache.get('a', 1_500)
    cache.set('d', entry('d'))
    expect(cache.size).toBe(3)
    expect(cache.get('b', 1_500)).toBeUndefined()
    expect(cache.get('a', 1_500)).toBeDefined()
  })

  test('holds no more bytes than it may, and no token larger than that', () => {
    const cache = createTokenCache({ maxEntries: 100, maxBytes: 1_000 })
    for (const name of ['1', '2', '3', '4', '5'])
      cache.set(name.repeat(100), entry(name.repeat(100)))
    expect(cache.size).toBe(2)
    cache.set('6'.repeat(500), entry('6'.repeat(500)))
    expect(cache.get('6'.repeat(500), 1_500)).toBeUndefined()
  })

  test('remembers nothing when it is switched off', () => {
    const cache = createTokenCache(null)
    cache.set('abc', entry('abc'))
    expect(cache.get('abc', 1_500)).toBeUndefined()
    expect(cache.size).toBe(0)
  })
})
