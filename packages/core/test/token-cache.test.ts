import { randomBytes } from 'node:crypto'
import { createTokenCache } from '../src/token-cache.js'
import type { Validated } from '../src/rules/validated.js'

const bounds = { maxEntries: 3, maxBytes: 1_000_000 }
const token = (start: string) => start + 'x'.repeat(100)

/** A token that was validated, and is good from 1 000 until 2 000. */
const validated = (token: string, more: Partial<Validated> = {}): Validated => ({
  token,
  header: { alg: 'ES256' },
  claims: { exp: 2 },
  issuer: 'https://verifier.example.org',
  clientId: undefined,
  credential: undefined,
  confirmation: undefined,
  validFrom: 1_000,
  validUntil: 2_000,
  basis: { by: 'signature', configuredAs: undefined, holds: () => true },
  ...more,
})

/** A token comes twice: from then on it is remembered. */
function addTwice(cache: ReturnType<typeof createTokenCache>, token: Validated) {
  cache.add(token)
  return cache.add(token)
}

describe('the token cache', () => {
  test('remembers a token at its second sight, not at its first', () => {
    const cache = createTokenCache(bounds)
    expect(cache.add(validated('abc')).isRemembered).toBe(false)
    expect(cache.get('abc', 1_500)).toBeUndefined()
    cache.add(validated('abc'))
    expect(cache.get('abc', 1_500)).toMatchObject({ isRemembered: true })
  })

  test('remembers every caller of as many as it has room for, coming in turn', () => {
    const maxEntries = 5_000
    const cache = createTokenCache({ maxEntries, maxBytes: 100_000_000 })
    const callers = Array.from(
      { length: maxEntries },
      (_, caller) => randomBytes(24).toString('base64url') + caller,
    )
    for (let round = 1; round <= 2; round += 1)
      for (const caller of callers) cache.add(validated(caller))
    expect(callers.filter((caller) => cache.get(caller, 1_500) === undefined)).toEqual([])
  })

  test('forgets that it saw a token, once many others came', () => {
    const cache = createTokenCache(bounds)
    cache.add(validated('abc'))
    for (let other = 0; other < 6; other += 1) cache.add(validated(token(`${other}`) + other))
    cache.add(validated('abc'))
    expect(cache.get('abc', 1_500)).toBeUndefined()
  })

  test('gives back what was put in, within its time to the millisecond', () => {
    const cache = createTokenCache(bounds)
    for (const [now, isThere] of [
      [999, false],
      [1_000, true],
      [1_999, true],
      [2_000, false],
    ] as const) {
      addTwice(cache, validated('abc'))
      expect(cache.get('abc', now) !== undefined).toBe(isThere)
    }
    expect(cache.get('abc', 1_500)).toBeUndefined()
  })

  test('compares the whole token, not only the end by which it is found', () => {
    const cache = createTokenCache(bounds)
    addTwice(cache, validated(token('a')))
    expect(cache.get(token('b'), 1_500)).toBeUndefined()
    expect(cache.get(token('a'), 1_500)).toBeDefined()
  })

  test('forgets what rests on a key that was withdrawn', () => {
    const cache = createTokenCache(bounds)
    let isTrusted = true
    const basis = { by: 'signature', configuredAs: undefined, holds: () => isTrusted } as const
    addTwice(cache, validated('abc', { basis }))
    isTrusted = false
    expect(cache.get('abc', 1_500)).toBeUndefined()
    isTrusted = true
    expect(cache.get('abc', 1_500)).toBeUndefined()
  })

  test('remembers what a token is bound to', () => {
    const cache = createTokenCache(bounds)
    const confirmation = { jkt: 'thumbprint' }
    addTwice(cache, validated('abc', { confirmation }))
    expect(cache.get('abc', 1_500)).toMatchObject({ confirmation })
  })

  test('holds no more entries than it may, the least used going first', () => {
    const cache = createTokenCache(bounds)
    for (const name of ['a', 'b', 'c']) addTwice(cache, validated(name))
    cache.get('a', 1_500)
    addTwice(cache, validated('d'))
    expect(cache.get('b', 1_500)).toBeUndefined()
    for (const name of ['a', 'c', 'd']) expect(cache.get(name, 1_500)).toBeDefined()
  })

  test('holds no more bytes than it may, and no token larger than that', () => {
    const cache = createTokenCache({ maxEntries: 100, maxBytes: 1_000 })
    const names = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(100))
    for (const name of names) addTwice(cache, validated(name))
    const held = names.filter((name) => cache.get(name, 1_500) !== undefined)
    expect(held).toEqual(names.slice(-2))
    addTwice(cache, validated('6'.repeat(500)))
    expect(cache.get('6'.repeat(500), 1_500)).toBeUndefined()
  })

  test('remembers nothing when it is switched off', () => {
    const cache = createTokenCache(null)
    addTwice(cache, validated('abc'))
    expect(cache.get('abc', 1_500)).toBeUndefined()
  })
})
