import fc from 'fast-check'
import { createRefetchBudget } from '../../src/issuers/refetch-budget.js'

describe('the budget of fetches that requests may cause', () => {
  test('gives a few at once, then asks for ever longer pauses of up to ten seconds', () => {
    const budget = createRefetchBudget()
    const pauses = Array.from({ length: 9 }, () => {
      const pause = budget.pause(0)
      budget.spend(0, false)
      return pause
    })
    expect(pauses).toEqual([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 10_000])
  })

  test('is whole again after a fetch that brought something', () => {
    const budget = createRefetchBudget()
    for (let count = 0; count < 9; count += 1) budget.spend(0, false)
    budget.spend(0, true)
    expect(budget.pause(0)).toBe(0)
  })

  test('is whole again after a time of peace', () => {
    const budget = createRefetchBudget()
    for (let count = 0; count < 9; count += 1) budget.spend(0, false)
    expect(budget.pause(5_000)).toBe(5_000)
    expect(budget.pause(20_001)).toBe(0)
    budget.spend(20_001, false)
    expect(budget.pause(20_001)).toBe(0)
  })

  test('never keeps anybody waiting for longer than ten seconds, nor allows more than a burst and one in ten seconds', () => {
    const attempts = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 })
    fc.assert(
      fc.property(attempts, (gaps) => {
        const budget = createRefetchBudget()
        let now = 0
        let fetches = 0
        for (const gap of gaps) {
          now += gap
          const pause = budget.pause(now)
          expect(pause).toBeLessThanOrEqual(10_000)
          if (pause > 0) continue
          budget.spend(now, false)
          fetches += 1
        }
        expect(fetches).toBeLessThanOrEqual(9 + now / 10_000)
      }),
    )
  })
})
