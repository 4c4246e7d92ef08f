import { contestants } from './contestants.mjs'
import { measure, summary } from './measure.mjs'
import { createIssuer } from './tokens.mjs'

/** Tokens in turn in the warm case: some callers, each with its token. */
const CALLERS = 200
const WARM_OPERATIONS = 20_000
const COLD_OPERATIONS = 3_000
/**
 * Not measured: what the change from one contestant to the next costs, a tenth of a second of cold
 * caches and sleeping threads.
 */
const SETTLING = 500
/** The first round is for the compiler, the caches and the key sets. */
const WARM_UP = 1

const ONE_AT_A_TIME = { name: 'cold, one at a time', inFlight: 1 }
const MANY = { name: 'cold, 16 in flight', inFlight: 16 }
const WARM = { name: 'warm', inFlight: 1, warm: true }

/**
 * Compares the contestants on one kind of token. Every round takes all of them in turn, so that a
 * busy machine disturbs them alike, and yields their ratios to the floor of that round.
 */
export function inProcess(algorithm, size, rounds) {
  return compareAll({ algorithm, size, rounds, cases: [ONE_AT_A_TIME, MANY, WARM] })
}

/** The same on new tokens alone, between those that take a token and nothing else. */
export function withoutFrameworks(algorithm, size, rounds) {
  const names = [
    'floor',
    'verifier-guard',
    'verifier-guard, claims read',
    'jose',
    'aws-jwt-verify',
    'fast-jwt',
  ]
  return compareAll({ algorithm, size, rounds, cases: [MANY], names })
}

async function compareAll({ algorithm, size, rounds, cases, names = Object.keys(contestants) }) {
  const issuer = await createIssuer(algorithm, size)
  const functions = names
    .map((name) => ({ name, ...contestants[name] }))
    .filter(({ algorithms = [algorithm] }) => algorithms.includes(algorithm))
    .map((contestant) => ({ ...contestant, run: contestant.make(issuer) }))
  const callers = await issuer.mintAll(CALLERS)
  const tokens = ({ warm }) =>
    warm
      ? Array.from({ length: SETTLING + WARM_OPERATIONS }, (_, n) => callers[n % CALLERS])
      : issuer.mintAll(SETTLING + COLD_OPERATIONS)
  const results = []
  for (const one of cases) results.push(...(await compare(one, functions, rounds, tokens)))
  issuer.close()
  return results.map((result) => ({ algorithm, size, characters: callers[0].length, ...result }))
}

async function compare({ name, inFlight, warm = false }, functions, rounds, tokens) {
  const entered = functions.filter(
    ({ name, cached = false }) => name === 'floor' || cached === warm,
  )
  const samples = new Map(entered.map(({ name }) => [name, []]))
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const bytes = await tokens({ warm })
    for (const contestant of entered) {
      const sample = await sampleOf(contestant, bytes, inFlight)
      if (round >= 0) samples.get(contestant.name).push(sample)
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

async function sampleOf({ name, run, isExchange }, bytes, inFlight) {
  const isFloor = name === 'floor'
  // The floor remembers nothing: some thousand operations say as much as many.
  const own = isFloor ? bytes.slice(0, SETTLING + COLD_OPERATIONS) : bytes
  const inputs = own.map((token) => (isExchange ? asExchange(token) : token.toString('latin1')))
  const lanes = isFloor ? 1 : inFlight
  await measure(run, inputs.slice(0, SETTLING), lanes)
  return measure(run, inputs.slice(SETTLING), lanes)
}

/** A request as an adapter hands in Node's: with where its verdict is kept, and its end. */
export function asExchange(token) {
  const authorization = Buffer.concat([Buffer.from('Bearer '), token]).toString('latin1')
  const request = { headers: { authorization }, rawHeaders: ['Authorization', authorization] }
  return { request, key: {}, ended() {} }
}

const describe = (samples) => ({
  microseconds: summary(samples.map(({ wall }) => wall)).median,
  mainThread: summary(samples.map(({ main }) => main)).median,
  allThreads: summary(samples.map(({ all }) => all)).median,
})
