import fc from 'fast-check'
import { createKeyPair } from '../../../../test/key-pair.js'
import { createSigner } from '../../../../test/differential/signer.js'
import { portably } from '../../../../test/differential/portable.js'
import { ALGORITHMS } from '../../src/jwt/algorithms.js'
import * as node from '../../src/jwt/key.js'

const names = [...ALGORITHMS.keys()]
const signers = new Map(names.map((name) => [name, createSigner(name)]))
const rowOf = (name: string) => ALGORITHMS.get(name)!
const jwkOf = (name: string) => signers.get(name)!.jwk

describe.each([
  ['node:crypto', () => Promise.resolve(node)],
  ['WebCrypto', () => portably(() => import('../../src/jwt/key.js'))],
])('readyKey with %s', (_, load) => {
  let core: typeof node
  beforeAll(async () => {
    core = await load()
  })

  test.each(names)('%s: makes a fitting key ready, once', async (name) => {
    const key = core.publishedKey({ ...jwkOf(name), alg: name, use: 'sig', key_ops: ['verify'] })
    const ready = await core.readyKey(key, rowOf(name))
    expect(ready).not.toHaveProperty('unfit')
    expect(await core.readyKey(key, rowOf(name))).toBe(ready)
  })

  test('a key fits the algorithms of its own type, curve and no others', async () => {
    for (const own of names) {
      for (const other of names) {
        const fits = rowOf(own).kty === rowOf(other).kty && rowOf(own).crv === rowOf(other).crv
        const ready = await core.readyKey(core.publishedKey(jwkOf(own)), rowOf(other))
        expect([own, other, 'unfit' in ready]).toEqual([own, other, !fits])
      }
    }
  })

  test('a key in another spelling of base64 is the same key', async () => {
    const jwk = jwkOf('RS256')
    const plain = Buffer.from(jwk.n!, 'base64url').toString('base64')
    for (const n of [plain, plain.replace(/=*$/, ''), `${jwk.n!}==`]) {
      const ready = await core.readyKey(core.publishedKey({ ...jwk, n }), rowOf('RS256'))
      expect(ready).not.toHaveProperty('unfit')
    }
  })

  test('a member that is null has no value', async () => {
    const jwk = { ...jwkOf('ES256'), use: null, alg: null, key_ops: null } as unknown as node.Jwk
    const ready = await core.readyKey(core.publishedKey(jwk), rowOf('ES256'))
    expect(ready).not.toHaveProperty('unfit')
  })

  test('a member that is an empty text says so', async () => {
    const key = core.publishedKey({ ...jwkOf('ES256'), use: '' })
    expect(await core.readyKey(key, rowOf('ES256'))).toEqual({
      unfit: 'its use is an empty text, not sig',
    })
  })

  test('whatever a document says of a key, the answer is a key or why not', async () => {
    const value = fc.oneof(
      fc.constantFrom('', 'AQAB', 'sig', 'verify', 'A'.repeat(43)),
      fc.jsonValue({ maxDepth: 1 }),
    )
    const members = fc.dictionary(
      fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'use', 'alg', 'key_ops', 'd', 'k'),
      value,
    )
    await fc.assert(
      fc.asyncProperty(members, fc.constantFrom(...names), async (changed, name) => {
        const jwk = { ...jwkOf(name), ...changed }
        const ready = await core.readyKey(core.publishedKey(jwk), rowOf(name))
        expect(Object.keys(ready)).toEqual([expect.stringMatching(/^(node|web|unfit)$/)])
      }),
      { numRuns: 300 },
    )
  })
})

test('what could not be loaded for the portable path is loaded when it is asked for again', async () => {
  const core = await portably(() => import('../../src/jwt/key.js'))
  const key = core.publishedKey(jwkOf('ES256'))
  jest.doMock('../../src/jwt/jose.js', () => {
    throw new Error('the network is down')
  })
  await expect(core.readyKey(key, rowOf('ES256'))).rejects.toThrow('the network is down')
  jest.dontMock('../../src/jwt/jose.js')
  await expect(core.readyKey(key, rowOf('ES256'))).resolves.toHaveProperty('web')
})

describe('unfitness', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537) =>
    createKeyPair('rsa', { modulusLength, publicExponent }).publicKey.export({
      format: 'jwk',
    }) as node.Jwk

  test.each([
    [2048, undefined],
    [2047, 'it has 2047 bits, outside 2048 to 16384'],
    [1024, 'it has 1024 bits, outside 2048 to 16384'],
  ])('RFC 7518 §3.3: RSA of %d bits', (bits, expected) => {
    expect(node.unfitness(rsa(bits), rowOf('RS256'))).toBe(expected)
  })

  test('RFC 7518 §6.3.1.1: zeros before the modulus add no bits', () => {
    const weak = rsa(1024)
    const padded = Buffer.concat([Buffer.alloc(200), Buffer.from(weak.n!, 'base64url')]).toString(
      'base64url',
    )
    expect(node.unfitness({ ...weak, n: padded }, rowOf('RS256'))).toContain('1024 bits')
  })

  test('CVE-2017-15361: a modulus that is a power of 65537 modulo every small prime was made by the flawed chip', () => {
    // 65537 to a high power is the plainest such number.
    const modulus = (65_537n ** 128n).toString(16)
    const jwk = {
      kty: 'RSA',
      e: 'AQAB',
      n: Buffer.from(modulus.padStart(514, '0'), 'hex').toString('base64url'),
    }
    expect(node.unfitness(jwk, rowOf('RS256'))).toContain('CVE-2017-15361')
  })

  test('says why without repeating the key', () => {
    const { d } = signers.get('ES256')!.privateKey.export({ format: 'jwk' })
    const why = node.unfitness({ ...jwkOf('ES256'), d }, rowOf('ES256'))
    expect(why).toBe('it has the private member d')
  })
})
