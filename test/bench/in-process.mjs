import { contestants } from './contestants.mjs'
import { measure, summary } from './measure.mjs'
import { createIssuer } from './tokens.mjs'

/** Tokens in turn in the warm case: some callers, each with its token. */
const CALLERS = 200
const WARM_OPERATIONS = 20_000
const WARM_UP = 2
/**
 * Long enough that what the change from one contestant to the next costs, a tenth of a second of
 * cold caches and sleeping threads, does not count.
 */
const COLD_OPERATIONS = 6_000

const takesPart = ([, { algorithms }], algorithm) =>
  algorithms === undefined || algorithms.includes(algorithm)

/**
 * Compares the contestants on one kind of token. Every round takes all of them in turn, so that a
 * busy machine disturbs them alike, and yields their ratios to the floor of that round.
 */
export async function inProcess(algorithm, size, rounds) {
  const issuer = await createIssuer(algorithm, size)
  const functions = Object.entries(contestants)
    .filter((entry) => takesPart(entry, algorithm))
    .map(([name, contestant]) => ({ name, ...contestant, run: contestant.make(issuer) }))
  const callers = Array.from({ length: CALLERS }, issuer.mint)
  const cases = [
    {
      name: 'cold, one at a time',
      inFlight: 1,
      fresh: () => Array.from({ length: COLD_OPERATIONS }, issuer.mint),
    },
    {
      name: 'cold, 16 in flight',
      inFlight: 16,
      fresh: () => Array.from({ length: COLD_OPERATIONS }, issuer.mint),
    },
    {
      name: 'warm',
      inFlight: 1,
      fresh: () => Array.from({ length: WARM_OPERATIONS }, (_, n) => callers[n % CALLERS]),
    },
  ]
  const results = []
  for (const one of cases) results.push(...(await compare(one, functions, rounds)))
  issuer.close()
  return results.map((result) => ({ algorithm, size, characters: callers[0].length, ...result }))
}

async function compare({ name, inFlight, fresh }, functions, rounds) {
  const warm = name === 'warm'
  const entered = functions.filter(
    ({ name, cached }) => name === 'floor' || Boolean(cached) === warm,
  )
  const samples = new Map(entered.map(({ name }) => [name, []]))
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const bytes = fresh()
    for (const { name, run, onRequest } of entered) {
      // The floor remembers nothing: a few hundred operations say as much as many.
      const own = name === 'floor' ? bytes.slice(0, COLD_OPERATIONS) : bytes
      const inputs = own.map((token) => (onRequest ? asRequest(token) : token.toString('latin1')))
      const sample = await measure(run, inputs, name === 'floor' ? 1 : inFlight)
      // The first rounds are for the compiler, the caches and the key sets.
      if (round >= 0) samples.get(name).push(sample)
    }
  }
  const floor = samples.get('floor')
  return entered.map(({ name: contestant }) => {
    const own = samples.get(contestant)
    const ratio = (kind) => summary(own.map((sample, round) => sample[kind] / floor[round][kind]))
    return {
      case: name,
      contestant,
      ...describe(own),
      ratio: ratio('wall'),
      mainRatio: ratio('main'),
      allRatio: ratio('all'),
    }
  })
}

const asRequest = (token) => ({
  headers: { authorization: Buffer.concat([Buffer.from('Bearer '), token]).toString('latin1') },
})

const describe = (samples) => ({
  microseconds: summary(samples.map(({ wall }) => wall)).median,
  mainThread: summary(samples.map(({ main }) => main)).median,
  allThreads: summary(samples.map(({ all }) => all)).median,
})
