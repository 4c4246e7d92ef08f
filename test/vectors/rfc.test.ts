import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Jwk } from '../../packages/core/src/jwt/key.js'
import { portably } from '../differential/portable.js'
import { verifies } from './verify.js'

interface Vector {
  readonly title: string
  readonly jwk: Jwk
  readonly jws: string
  readonly expected: 'verified' | 'refused'
  /** Why we refuse what the RFC shows as an example. */
  readonly because?: string
}

const vectors = ['rfc7515', 'rfc7520', 'rfc8037'].flatMap(
  (name) => JSON.parse(readFileSync(join(__dirname, `${name}.json`), 'utf8')) as Vector[],
)
const genuine = vectors.filter(({ expected }) => expected === 'verified')

const paths = {
  'node:crypto': () => Promise.resolve({ verifies }),
  WebCrypto: () => portably(() => import('./verify.js')),
}

describe.each(Object.entries(paths))('with %s', (_, load) => {
  let check: typeof verifies
  beforeAll(async () => {
    check = (await load()).verifies
  })

  test.each(vectors)('$title: $expected', async ({ jws, jwk, expected }) => {
    expect(await check(jws, jwk)).toBe(expected === 'verified')
  })

  test.each(genuine)('$title, each part changed by a bit', async ({ jws, jwk }) => {
    const [header, payload, signature] = jws.split('.') as [string, string, string]
    expect(await check([header, flipped(payload), signature].join('.'), jwk)).toBe(false)
    expect(await check([header, payload, flipped(signature)].join('.'), jwk)).toBe(false)
  })

  test.each(genuine)('$title, under the key of another example', async ({ jws, jwk }) => {
    for (const other of genuine.filter(
      (one) => one.jwk['x'] !== jwk['x'] || one.jwk['n'] !== jwk['n'],
    ))
      expect(await check(jws, other.jwk)).toBe(false)
  })
})

test('what is refused although an RFC shows it says why', () => {
  expect(
    vectors.filter(({ expected, because }) => expected === 'refused' && because === undefined),
  ).toEqual([])
})

function flipped(part: string): string {
  const bytes = Buffer.from(part, 'base64url')
  bytes[0]! ^= 1
  return bytes.toString('base64url')
}
