import { createKeyPair } from '../../../../test/key-pair.js'
import { ALGORITHMS } from '../../src/jwt/algorithms.js'
import type { Jwk } from '../../src/jwt/key.js'
import {
  candidates,
  changes,
  describeUnusable,
  indexKeys,
  type KeyIndex,
} from '../../src/issuers/key-index.js'

const rows = [ALGORITHMS.get('ES256')!, ALGORITHMS.get('RS256')!]
const jwk = (kid?: string): Jwk => ({
  ...(createKeyPair('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as Jwk),
  ...(kid !== undefined && { kid }),
})
const index = (keys: readonly unknown[], previous?: KeyIndex) =>
  indexKeys({ keys }, rows, previous) as KeyIndex

describe('an index of published keys', () => {
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /no "keys" array/],
    ['null', null, /no "keys" array/],
    ['a list', [jwk('a')], /no "keys" array/],
    ['keys that are no list', { keys: jwk('a') }, /no "keys" array/],
    [
      'metadata',
      { issuer: 'https://a.example', jwks_uri: 'https://a.example/jwks' },
      /metadata: leave "jwksUri" out/,
    ],
    ['a single key', jwk('a'), /a single key: wrap it as \{ keys: \[key\] \}/],
  ])('is not made of %s', (_, document, why) => {
    expect(indexKeys(document, rows)).toMatch(why)
  })

  test.each<[string, readonly unknown[], RegExp]>([
    ['no keys', [], /no key that ES256, RS256 can use \(none at all\)/],
    [
      'keys of no use',
      [{ kty: 'oct', k: 'AA' }, null],
      /no key that ES256, RS256 can use \(2 others; of the first, its kty is oct, ES256 takes EC\)/,
    ],
    [
      'a private key',
      [{ ...jwk('a'), d: 'AA' }],
      /1 others; of the first, it has the private member d/,
    ],
  ])('says what is in a set of %s', (_, keys, why) => {
    const made = index(keys)
    expect(made.keys.size).toBe(0)
    expect(describeUnusable(made, rows)).toMatch(why)
  })

  test('finds the keys of an id, and no other', () => {
    const [a, b] = [jwk('a'), jwk('b')]
    const made = index([a, b])
    expect(candidates(made, 'a').map((key) => key.jwk)).toEqual([a])
    expect(candidates(made, 'c')).toEqual([])
    expect(candidates(made, '')).toEqual([])
  })

  test('finds the only key there is for a token without an id, and none where there is a choice', () => {
    expect(candidates(index([jwk('a')]), undefined)).toHaveLength(1)
    expect(candidates(index([jwk()]), undefined)).toHaveLength(1)
    expect(candidates(index([jwk('a'), jwk('b')]), undefined)).toEqual([])
    expect(candidates(index([jwk(), jwk()]), undefined)).toEqual([])
  })

  test('keeps the record of a key that was there before, and of that alone', () => {
    const [kept, gone] = [jwk('kept'), jwk('gone')]
    const before = index([kept, gone])
    const replaced = { ...jwk('gone') }
    const after = index([{ ...kept, x5t: 'new', extra: 1 }, replaced], before)
    expect(candidates(after, 'kept')[0]).toBe(candidates(before, 'kept')[0])
    expect(candidates(after, 'gone')[0]).not.toBe(candidates(before, 'gone')[0])
    const { added, removed } = changes(before, after)
    expect(added.map((key) => key.jwk)).toEqual([replaced])
    expect(removed.map((key) => key.jwk)).toEqual([gone])
  })

  test('sees a key whose use or algorithm changed as another one', () => {
    const a = jwk('a')
    const before = index([a])
    expect(changes(before, index([{ ...a, use: 'sig' }], before))).toMatchObject({
      added: [{}],
      removed: [{}],
    })
  })

  test.each<[string, object]>([
    ['its private member', { d: 'AA' }],
    ['key_ops that are no list', { key_ops: 'sign' }],
    ['a use that is no text', { use: 5 }],
  ])('drops a key that was good when it is published with %s', (_, more) => {
    const [a, b] = [jwk('a'), jwk('b')]
    const before = index([a, b])
    const after = index([{ ...a, ...more }, b], before)
    expect(after.keys.size).toBe(1)
    expect(changes(before, after).removed.map((key) => key.jwk)).toEqual([a])
  })

  test('makes a bounded number of new keys ready, good or bad, and all that were there before', () => {
    const beside = Array.from({ length: 1_000 }, (_, n) => ({
      ...jwk(`k${n}`),
      x: Buffer.alloc(32, 1).toString('base64url'),
    }))
    const made = index([...beside, jwk('a')])
    expect([...made.keys].filter((key) => key.ready.size > 0)).toEqual([])
    expect(made.keys.size).toBe(1_000 - 64 + 1)
  })

  test('tells of everything as added at first', () => {
    const made = index([jwk('a'), jwk('b')])
    expect(changes(undefined, made).added).toEqual([...made.keys])
  })

  test('takes a key once, however often it is published', () => {
    const a = jwk('a')
    expect(index([a, a, { ...a }, { ...a, x5t: 'other' }]).keys.size).toBe(1)
  })

  test('keeps four keys under one id and reports the others', () => {
    const made = index(Array.from({ length: 6 }, () => jwk('a')))
    expect(candidates(made, 'a')).toHaveLength(4)
    expect(made.keys.size).toBe(4)
    expect(made.ignored).toEqual(
      Array(2).fill({ kid: 'a', why: 'there are 4 others under its id' }),
    )
  })

  test('says why by the algorithm of the same type of key', () => {
    const short = createKeyPair('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    expect(index([jwk('a'), { ...short, kid: 'short' }]).ignored[0]!.why).toMatch(/1024 bits/)
  })
})
