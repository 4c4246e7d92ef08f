import { compareExplained } from './explained.js'

const COUNT = 1_500

test.each(['ES256', 'RS256'] as const)(
  '%s: an explanation says of a mutated token what a decision says',
  async (algorithm) => {
    const totals = await compareExplained(algorithm, COUNT, 20_261_128)
    expect(totals.disagreements).toEqual([])
    expect(totals.tokens).toBe(COUNT)
    expect(totals.accepted).toBeGreaterThan(0)
    expect(totals.codes.size).toBeGreaterThan(4)
  },
)
