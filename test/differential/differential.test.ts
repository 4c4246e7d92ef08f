import { ALGORITHMS, compare, createJudge, mutated, type Comparison } from './differential.js'
import { DIFFERENCES } from './differences.js'
import { createChance, createDraw } from './mutations.js'
import { portably } from './portable.js'

const COUNT = 500

let paths: Comparison['paths']
const reasons = new Set<string>()

beforeAll(async () => {
  paths = { node: createJudge, portable: (await portably(() => import('./judge.js'))).createJudge }
})

test('the two paths are two: one verifies with node:crypto, the other with WebCrypto', async () => {
  const here = await import('../../packages/core/src/jwt/key.js')
  const there = await portably(() => import('../../packages/core/src/jwt/key.js'))
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  const row = ALGORITHMS.get('EdDSA')!
  expect(await here.readyKey(here.publishedKey(jwk), row)).toHaveProperty('node')
  expect(await there.readyKey(there.publishedKey(jwk), row)).toHaveProperty('web')
})

test.each([...ALGORITHMS.keys()])(
  '%s: both paths agree with jose on mutated tokens',
  async (algorithm) => {
    const totals = await compare({ algorithm, count: COUNT, seed: 20_261_123, paths })
    for (const reason of totals.reasons) reasons.add(reason)
    expect(totals.disagreements).toEqual([])
    expect(totals.tokens).toBe(COUNT)
    expect(totals.accepted).toBeGreaterThan(0)
  },
)

test('a token that becomes another variant part by part goes by what was done to that one', () => {
  const originals = ['good', 'other'].map((change, index) => ({
    token: `aaa${index}.bbbb.cccc`,
    change,
  }))
  const samples = [...mutated(originals, 5_000, createDraw(createChance(1)))]
  const others = samples.filter(({ token }) => token === originals[1]!.token)
  expect(others.length).toBeGreaterThan(50)
  expect(new Set(others.map(({ change }) => change))).toEqual(new Set(['other']))
})

test('a difference is told by the token, though more was done to it than one change', () => {
  const { verdict, holds } = DIFFERENCES['header member of another type']!
  expect(verdict).toBe('header_not_allowed')
  const encode = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url')
  expect(holds(`${encode({ alg: 'RS256', kid: null })}.e30.AAB`, 'good')).toBe(true)
  expect(holds(`${encode({ alg: 'RS256', kid: 'a' })}.e30.AAB`, 'kid null')).toBe(false)
})

test('every listed difference occurs', () => {
  expect([...reasons].sort()).toEqual(Object.keys(DIFFERENCES).sort())
})
