import { portably } from './portable.js'
import { ACCEPTED_FORMS, mutateProofs } from './proofs.js'

const COUNT = 1_500
const byForm: Record<string, number> = {}

const paths = {
  'node:crypto': () => Promise.resolve({ mutateProofs }),
  WebCrypto: () => portably(() => import('./proofs.js')),
}

describe.each(Object.entries(paths))('with %s', (_, load) => {
  test.each(['ES256', 'ES384', 'PS256', 'EdDSA'] as const)(
    '%s: a mutated proof is accepted only where it is a good one, or on the list',
    async (algorithm) => {
      const { mutateProofs: mutate } = await load()
      const totals = await mutate({ algorithm, count: COUNT, seed: 20_261_128 })
      expect(totals.wrong).toEqual([])
      expect(totals.proofs).toBe(COUNT)
      expect(totals.good).toBeGreaterThanOrEqual(8)
      Object.assign(byForm, totals.byForm)
    },
  )
})

test('every form on the list occurs', () => {
  expect(Object.keys(byForm).sort()).toEqual(Object.keys(ACCEPTED_FORMS).sort())
})
