/*
 * Whether a proof is of now: by its own time, or by the nonce in it (RFC 9449 §4.3 no. 10 and 11,
 * §11.1). Claims in, for how long the proof would go on being accepted out.
 */
import { Denial, type FieldPair } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import type { Runtime } from '../kit/runtime.js'
import type { DpopSettings } from '../options/dpop.js'
import { createNonces, type Nonces } from './nonces.js'
import { invalid, type ProofClaims } from './proof.js'

/** A proof that is of now. */
export interface Fresh {
  /** Seconds for which it would go on being accepted, here or by another instance. */
  readonly ttl: number
  /** A new nonce for the client, once half the life of its own is over. */
  readonly fields?: readonly FieldPair[]
}

/** Checks that proofs are of now. */
export interface Freshness {
  /** @throws {Denial} `dpop_proof_invalid`, `dpop_nonce_required` */
  check(claims: ProofClaims): Later<Fresh>
  /** Refuses a request without a proof: at once with the nonce, where proofs need one. */
  missing(): Later<never>
}

/** Seconds that a proof may be ahead of this server's clock, as FAPI 2.0 has it (§5.3.2.1). */
const AHEAD = 10

/** Makes the check by the time of a proof, or by its nonce where nonces are demanded. */
export function createFreshness(
  { maxAge, nonce }: Pick<DpopSettings, 'maxAge' | 'nonce'>,
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
): Freshness {
  if (nonce !== undefined) return byNonce(createNonces(nonce, runtime), runtime)
  return {
    check: ({ iat }) => byTime(iat, runtime.now() / 1_000, maxAge),
    missing() {
      throw new Denial('dpop_proof_missing', {
        check: 'proof',
        expected: 'a DPoP field with a proof, beside the scheme DPoP',
        actual: 'none',
      })
    },
  }
}

/** `exp` and `nbf` are not of RFC 9449, but a client that states them means them. */
export function checkTimes({ exp, nbf }: ProofClaims, now: number): void {
  if (exp !== undefined && !(typeof exp === 'number' && now < exp + AHEAD))
    throw invalid('"exp" in the future', 'another')
  if (nbf !== undefined && !(typeof nbf === 'number' && now >= nbf - AHEAD))
    throw invalid('"nbf" in the past', 'another')
}

function byTime(iat: number, now: number, maxAge: number): Fresh {
  const age = now - iat
  if (age <= maxAge && age >= -AHEAD) return { ttl: maxAge + AHEAD - age }
  const seconds = `${Math.abs(Math.round(age))} seconds`
  throw invalid(
    `"iat" at most ${maxAge} seconds old and ${AHEAD} ahead`,
    age > 0 ? `one ${seconds} behind the clock of this server` : `one ${seconds} ahead of it`,
    'compare the clocks of the client and of this server; nonces make proofs independent of clocks',
  )
}

function byNonce(nonces: Nonces, { now }: Pick<Runtime, 'now'>): Freshness {
  const demand = (actual: string): Later<never> =>
    andThen(nonces.make(), (made) => {
      const reason = { check: 'nonce', expected: 'a proof with a nonce of this server', actual }
      throw new Denial('dpop_nonce_required', reason, { fields: [['DPoP-Nonce', made]] })
    })

  function fresh(time: number | undefined): Later<Fresh> {
    if (time === undefined) return demand('another nonce')
    const age = now() / 1_000 - time
    if (age > nonces.lifetime || age < -AHEAD) return demand('one that is too old')
    const ttl = nonces.lifetime + AHEAD - age
    // §8.2: handed out early, so that no request is lost to the change.
    if (age <= nonces.lifetime / 2) return { ttl }
    return andThen(nonces.make(), (made) => ({ ttl, fields: newNonce(made) }))
  }

  return {
    check: ({ nonce }) =>
      nonce === undefined ? demand('none') : andThen(nonces.timeOf(nonce), fresh),
    missing: () => demand('no proof'),
  }
}

/** §8.2: a cached nonce would go to other clients, and grow old there. */
function newNonce(nonce: string): readonly FieldPair[] {
  return [
    ['DPoP-Nonce', nonce],
    ['Cache-Control', 'no-store'],
  ]
}
