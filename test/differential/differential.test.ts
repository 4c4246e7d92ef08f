import { ALGORITHMS, compare, createJudge, type Comparison } from './differential.js'
import { DIFFERENCES } from './differences.js'
import { portably } from './portable.js'

const COUNT = 500

let paths: Comparison['paths']
const reasons = new Set<string>()

beforeAll(async () => {
  paths = { node: createJudge, portable: (await portably(() => import('./judge.js'))).createJudge }
})

test('the two paths are two: one verifies with node:crypto, the other with WebCrypto', async () => {
  const here = await import('../../packages/core/src/key.js')
  const there = await portably(() => import('../../packages/core/src/key.js'))
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  const row = ALGORITHMS.get('EdDSA')!
  expect(await here.readyKey(here.publishedKey(jwk), row)).toHaveProperty('node')
  expect(await there.readyKey(there.publishedKey(jwk), row)).toHaveProperty('web')
})

test.each([...ALGORITHMS.keys()])('%s: both paths agree with jose on mutated tokens', async (algorithm) => {
  const totals = await compare({ algorithm, count: COUNT, seed: 20_261_123, paths })
  for (const reason of totals.reasons) reasons.add(reason)
  expect(totals.disagreements).toEqual([])
  expect(totals.tokens).toBe(COUNT)
  expect(totals.accepted).toBeGreaterThan(0)
})

test('every listed difference occurs', () => {
  expect([...reasons].sort()).toEqual(Object.keys(DIFFERENCES).sort())
})
