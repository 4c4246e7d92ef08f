// What a contestant takes, as a ratio to the floor:
// `node against-floor.mjs <algorithm> <size> <case> <contestant> <rounds>`.
import { contestants } from './contestants.mjs'
import { mean, measure, summary } from './measure.mjs'
import { asExchange, createIssuer } from './tokens.mjs'

/** How many are in flight in each case, and whether the tokens are known. */
const CASES = {
  'cold, one at a time': { inFlight: 1 },
  'cold, 16 in flight': { inFlight: 16 },
  warm: { inFlight: 1, isWarm: true },
}
/** Tokens in turn in the warm case: some callers, each with its token. */
const CALLERS = 200
/** Both take turns within a round, so that a busy machine disturbs them alike. */
const SLICES = 10
const NEW_IN_A_SLICE = 300
const KNOWN_IN_A_SLICE = 5_000
/** These rounds are for the compiler, the caches and the key sets. */
const WARM_UP = 2

const [algorithm, size, caseName, name, rounds] = process.argv.slice(2)
const { inFlight, isWarm = false } = CASES[caseName]
const issuer = await createIssuer(algorithm, size)
const callers = await issuer.mintAll(CALLERS)
const floor = { run: contestants.floor.make(issuer), lanes: 1, inputs: newTokens, samples: [] }
const own = {
  run: contestants[name].make(issuer),
  lanes: name === 'floor' ? 1 : inFlight,
  inputs: isWarm && name !== 'floor' ? knownTokens : newTokens,
  samples: [],
}

for (let round = -WARM_UP; round < Number(rounds); round += 1) {
  const slices = new Map([
    [floor, []],
    [own, []],
  ])
  for (let slice = 0; slice < SLICES; slice += 1)
    for (const [{ run, lanes, inputs }, measured] of slices)
      measured.push(await measure(run, await inputs(), lanes))
  if (round >= 0) for (const [{ samples }, measured] of slices) samples.push(mean(measured))
}
process.send({ characters: callers[0].length, ...result() })
process.disconnect()
issuer.close()

async function newTokens() {
  return (await issuer.mintAll(NEW_IN_A_SLICE)).map((token) => token.toString('latin1'))
}

function knownTokens() {
  const asInput = contestants[name].isExchange
    ? (token) => asExchange({ authorization: `Bearer ${token}` })
    : (token) => token.toString('latin1')
  return Array.from({ length: KNOWN_IN_A_SLICE }, (_, n) => asInput(callers[n % CALLERS]))
}

function result() {
  const ratio = (kind) =>
    summary(own.samples.map((sample, round) => sample[kind] / floor.samples[round][kind]))
  return {
    microseconds: summary(own.samples.map(({ wall }) => wall)).median,
    ratio: ratio('wall'),
    mainRatio: ratio('main'),
    allRatio: ratio('all'),
  }
}
