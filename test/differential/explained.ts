import { explainToken } from '../../packages/core/src/explain/index.js'
import type { Algorithm } from '../../packages/core/src/jwt/algorithms.js'
import type { ResourceServerOptions } from '../../packages/core/src/options/options.js'
import { createResourceServer } from '../../packages/core/src/resource-server.js'
import { mutated } from './differential.js'
import { createChance, createDraw } from './mutations.js'
import { createSigner } from './signer.js'
import { variants } from './variants.js'

/** What came of holding explanations to decisions. */
export interface Agreement {
  readonly algorithm: string
  tokens: number
  accepted: number
  /** How often each verdict came. */
  readonly codes: Map<string, number>
  readonly disagreements: string[]
}

/** Holds the verdicts of explanations to those of decisions on mutated tokens. */
export async function compareExplained(
  algorithm: Algorithm,
  count: number,
  seed: number,
): Promise<Agreement> {
  const signer = createSigner(algorithm)
  const options: ResourceServerOptions = {
    issuer: 'https://verifier.example.org',
    audience: 'https://orders.example.org',
    profile: 'fiware',
    kinds: ['machine', 'employee', 'unknown', 'none'],
    algorithms: [algorithm],
    keys: { keys: [signer.jwk] },
    cache: null,
    runtime: { warn: () => {} },
  }
  const server = createResourceServer(options)
  const totals: Agreement = {
    ...{ algorithm, tokens: 0, accepted: 0 },
    codes: new Map(),
    disagreements: [],
  }
  const samples = mutated(variants(signer), count, createDraw(createChance(seed)))
  for (const { token, change } of samples) {
    const decided = await server.verifyAccessToken(token).then(
      () => 'accepted',
      (error: { code?: string }) => error.code ?? 'another error',
    )
    const { verdict, code = verdict } = await explainToken(token, options)
    totals.tokens += 1
    if (decided === 'accepted') totals.accepted += 1
    totals.codes.set(decided, (totals.codes.get(decided) ?? 0) + 1)
    if (code !== decided)
      totals.disagreements.push(`${change}: decided ${decided}, explained ${code}: ${token}`)
  }
  server.close()
  return totals
}
