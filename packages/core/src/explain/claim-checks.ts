/*
 * The rules for claims one by one, going on after one that does not pass where that is safe. The
 * rules themselves are those of a decision; here is only what to say when one passes.
 */
import { quote } from '../kit/display.js'
import { CLAIM_RULES, type ClaimContext } from '../rules/claims.js'
import type { Passing, Trace } from './explanation.js'

interface ClaimCheck {
  readonly name: string
  readonly passing: (context: ClaimContext) => Passing
  /** Claims that the rule compares: without them there is nothing to ask. */
  readonly needs?: readonly string[]
}

/** What is said of each rule, in the order of {@link CLAIM_RULES}. */
const CLAIM_CHECKS: readonly ClaimCheck[] = [
  {
    name: 'claim types',
    passing: () => ({
      expected: 'registered claims of the types that RFC 7519 defines',
      found: 'those types',
    }),
  },
  {
    name: 'token type',
    passing: ({ header, issuer: { profile } }) => ({
      expected: `"typ" among ${profile.types.map((name) => name || 'none').join(', ')}`,
      found: quote(header.typ),
    }),
  },
  {
    name: 'required claims',
    passing: ({ issuer: { profile } }) => ({
      expected: `the claims ${['exp', ...profile.requiredClaims].join(', ')}`,
      found: 'all of them',
    }),
  },
  {
    name: 'expiry',
    needs: ['exp'],
    passing: ({ claims, now }) => ({
      expected: `"exp" after ${at(now)}`,
      found: `${at(claims['exp'])}, in ${Math.round((claims['exp'] as number) - now)} s`,
    }),
  },
  {
    name: 'start',
    passing: ({ claims, now }) => ({
      expected: `"nbf" and "iat" no later than ${at(now)}`,
      found: `"nbf" ${at(claims['nbf'])}, "iat" ${at(claims['iat'])}`,
    }),
  },
  {
    name: 'age',
    passing: ({ claims, now, maxTokenAge }) => ({
      expected: maxTokenAge === Infinity ? 'any age' : `an age of at most ${maxTokenAge} s`,
      found: claims['iat'] === undefined ? 'no "iat"' : `${age(claims['iat'], now)} s`,
    }),
  },
  {
    name: 'kind of token',
    passing: () => ({ expected: 'an access token', found: 'no sign of an id_token' }),
  },
  {
    name: 'audience',
    passing: ({ claims, issuer: { audiences } }) => ({
      expected: audiences === null ? 'any audience' : `"aud" to hold ${audiences.join(' or ')}`,
      found: quote(claims['aud']),
    }),
  },
]

/**
 * Asks every rule for claims.
 *
 * @returns whether the claims have types that can be compared
 */
export async function askClaims(trace: Trace, context: ClaimContext): Promise<boolean> {
  let areTyped = true
  for (const [index, { name, passing, needs = [] }] of CLAIM_CHECKS.entries()) {
    const missing = needs.find((claim) => !Object.hasOwn(context.claims, claim))
    if (!areTyped) trace.skip(name, 'claims that can be compared', 'a claim of another type')
    else if (missing !== undefined) trace.skip(name, `the claim "${missing}"`, 'none')
    else {
      const passed = await trace.ask(
        name,
        () => (CLAIM_RULES[index]!(context), true),
        () => passing(context),
      )
      if (index === 0) areTyped = passed === true
    }
  }
  return areTyped
}

function at(value: unknown): string {
  if (typeof value !== 'number') return 'none'
  const date = new Date(value * 1_000)
  return Number.isNaN(date.getTime()) ? `${value}` : date.toISOString()
}

function age(iat: unknown, now: number): number {
  return Math.round(now - (iat as number))
}
