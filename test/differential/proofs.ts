import { createDpopProofs } from '../../packages/core/src/proof/dpop.js'
import { Denial } from '../../packages/core/src/kit/errors.js'
import { systemRuntime } from '../../packages/core/src/kit/runtime.js'
import { resolveOptions } from '../../packages/core/src/options/resolve.js'
import type { ValidatedToken } from '../../packages/core/src/token-cache.js'
import { createHolder } from '../dpop/holder.js'
import { mutated } from './differential.js'
import { createChance, createDraw } from './mutations.js'

/** What is mutated, and how often. */
export interface ProofMutation {
  readonly algorithm: 'ES256' | 'ES384' | 'PS256' | 'EdDSA'
  readonly count: number
  readonly seed: number
}

/** What came of it. */
export interface ProofTotals {
  readonly proofs: number
  /** Texts that are a good proof again, and the forms of one that are on the list. */
  readonly good: number
  readonly byForm: Readonly<Record<string, number>>
  /** Mutated proofs that were accepted, or ended in something other than a denial. */
  readonly wrong: readonly string[]
}

const RESOURCE = 'https://api.example.org'
const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const NOW = 1_767_268_800

/** Order of the group of P-256 and P-384 (FIPS 186-4 D.1.2). */
const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
}

/** What else is accepted: a second form of a good proof, that says the same by the same key. */
export const ACCEPTED_FORMS: Readonly<
  Record<string, (proof: string, algorithm: string) => string | undefined>
> = {
  'the other s of an ECDSA signature': (proof, algorithm) => {
    const order = ORDERS[algorithm]
    if (order === undefined) return undefined
    const end = proof.lastIndexOf('.') + 1
    const signature = Buffer.from(proof.slice(end), 'base64url')
    const half = signature.length / 2
    const s = BigInt(`0x${signature.subarray(half).toString('hex')}`)
    const other = (order - s).toString(16).padStart(2 * half, '0')
    const form = Buffer.concat([signature.subarray(0, half), Buffer.from(other, 'hex')])
    return proof.slice(0, end) + form.toString('base64url')
  },
}

const CONCURRENCY = 16

/** Mutates good proofs, and holds core to accept none but those that are good or on the list. */
export async function mutateProofs({
  algorithm,
  count,
  seed,
}: ProofMutation): Promise<ProofTotals> {
  const holder = createHolder(algorithm)
  const proofs = Array.from({ length: 8 }, () =>
    holder.proof({ url: `${RESOURCE}/orders`, token: TOKEN, at: NOW }),
  )
  const forms = Object.entries(ACCEPTED_FORMS).flatMap(([name, form]) =>
    proofs.flatMap((proof) => {
      const text = form(proof, algorithm)
      return text === undefined ? [] : [{ token: text, change: name }]
    }),
  )
  const originals = [...proofs.map((token) => ({ token, change: 'good' })), ...forms]
  const known = new Map(originals.map(({ token, change }) => [token, change]))
  const judge = createProofJudge(holder.jkt, algorithm)
  const byForm: Record<string, number> = {}
  const wrong: string[] = []
  let [total, good] = [0, 0]
  const samples = mutated(originals, count, createDraw(createChance(seed)))
  const work = async () => {
    for (const { token } of samples) {
      total += 1
      const [verdict, form] = [await judge(token), known.get(token)]
      if ((verdict === 'accepted') !== (form !== undefined)) wrong.push(`${verdict}: ${token}`)
      if (verdict !== 'accepted' || form === undefined) continue
      if (form === 'good') good += 1
      else byForm[form] = (byForm[form] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return { proofs: total, good, byForm, wrong }
}

/** All of core's checks of a proof; one that was used before would have passed the first time. */
function createProofJudge(thumbprint: string, algorithm: string) {
  const settings = resolveOptions({
    issuer: 'https://as.example.org',
    audience: 'orders',
    keys: { keys: [] },
    resource: RESOURCE,
    dpop: { algorithms: [algorithm as 'ES256'] },
    runtime: { ...systemRuntime, now: () => NOW * 1_000 },
  })
  const proofs = createDpopProofs(settings, settings.dpop!, {
    listens: () => false,
    emit: () => {},
  })
  const known = { context: { token: TOKEN } } as ValidatedToken
  return async (proof: string): Promise<string> => {
    const request = { method: 'GET', url: '/orders', headers: {} }
    try {
      await proofs.show({ thumbprint, known, request, proof })
      return 'accepted'
    } catch (error) {
      if (!(error instanceof Denial)) return 'threw'
      const { code } = error.refusal
      return code === 'dpop_proof_replayed' ? 'accepted' : code
    }
  }
}
