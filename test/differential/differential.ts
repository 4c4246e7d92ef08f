import { importJWK, jwtVerify, type JWK } from 'jose'
import type { Jwk } from '../../packages/core/src/jwt/key.js'
import { DIFFERENCES } from './differences.js'
import type { Judge, Verdict } from './judge.js'
import { createChance, createDraw, MUTATIONS, type Draw } from './mutations.js'
import { createSigner } from './signer.js'
import { variants, type Sample } from './variants.js'

export { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
export { createJudge } from './judge.js'

/** What to compare. */
export interface Comparison {
  readonly algorithm: string
  /** How many tokens. */
  readonly count: number
  readonly seed: number
  /** The paths of core, by name; all are held to the same verdict. */
  readonly paths: Readonly<Record<string, (jwk: Jwk, algorithm: string) => Judge>>
}

/** What came of it. */
export interface Totals {
  readonly algorithm: string
  tokens: number
  accepted: number
  /** Refused by core and accepted by jose, for a listed reason. */
  stricter: number
  readonly reasons: Set<string>
  readonly disagreements: string[]
}

const CONCURRENCY = 32

/**
 * Holds the paths of core and jose to the same verdict on mutated tokens; what core refuses beyond
 * jose has to be on the list.
 */
export async function compare({ algorithm, count, seed, paths }: Comparison): Promise<Totals> {
  const signer = createSigner(algorithm)
  const oracle = await createOracle(signer.jwk, algorithm)
  const judges = Object.entries(paths).map(
    ([name, create]) => [name, create(signer.jwk, algorithm)] as const,
  )
  const samples = mutated(variants(signer), count, createDraw(createChance(seed)))
  const totals: Totals = {
    algorithm,
    tokens: 0,
    accepted: 0,
    stricter: 0,
    reasons: new Set(),
    disagreements: [],
  }
  const work = async () => {
    for (const sample of samples) {
      const expected = await oracle(sample.token)
      const verdicts = await Promise.all(judges.map(([, judge]) => judge(sample.token)))
      record(totals, sample, expected, verdicts)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return totals
}

async function createOracle(
  jwk: Jwk,
  algorithm: string,
): Promise<(token: string) => Promise<boolean>> {
  const key = await importJWK(jwk as JWK, algorithm)
  return (token) =>
    jwtVerify(token, key, { algorithms: [algorithm] }).then(
      () => true,
      () => false,
    )
}

/** Every variant as it is, then variants whose text is changed once to three times. */
export function* mutated(
  originals: readonly Sample[],
  count: number,
  draw: Draw,
): Generator<Sample, void, undefined> {
  const texts = originals.map(({ token }) => token)
  const changes = new Map(originals.map(({ token, change }) => [token, change]))
  for (const original of originals.slice(0, count)) yield original
  for (let made = originals.length; made < count; made += 1) {
    // Half of them start from a good token: most others are refused whatever is done to them.
    const { token, change } = draw.below(2) === 0 ? originals[0]! : draw.from(originals)
    const text = mutate(token, draw, texts)
    // Spliced part by part, one variant may have become another.
    yield { token: text, change: changes.get(text) ?? change }
  }
}

function mutate(token: string, draw: Draw, others: readonly string[]): string {
  const names = Object.keys(MUTATIONS)
  let text = token
  for (let left = 1 + draw.below(3); left > 0; left -= 1)
    text = MUTATIONS[draw.from(names)]!(text, draw, others)
  return text
}

function record(
  totals: Totals,
  sample: Sample,
  expected: boolean,
  verdicts: readonly Verdict[],
): void {
  totals.tokens += 1
  const [verdict] = verdicts as [Verdict]
  const agreed = verdicts.every((other) => other === verdict)
  if (agreed && (verdict === 'accepted') === expected) {
    if (expected) totals.accepted += 1
    return
  }
  const reason = agreed && expected ? listed(sample, verdict) : undefined
  if (reason === undefined) {
    const { change, token } = sample
    totals.disagreements.push(
      `${change}: jose ${expected ? 'accepts' : 'refuses'}, core ${verdicts.join(' / ')}: ${token}`,
    )
    return
  }
  totals.stricter += 1
  totals.reasons.add(reason)
}

function listed({ token, change }: Sample, verdict: Verdict): string | undefined {
  return Object.entries(DIFFERENCES).find(
    ([, difference]) => difference.verdict === verdict && difference.holds(token, change),
  )?.[0]
}
