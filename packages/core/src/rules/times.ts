/*
 * The rules for the times that a token states (RFC 7519 §4.1.4 to §4.1.6). All times in seconds.
 */
import { MILLISECONDS } from '../kit/members.js'
import type { ClaimContext } from './claims.js'
import { at, type Fault, type Rule } from './rule.js'

/**
 * The limits in time that a token sets by its claims, the tolerance included; in seconds, and
 * infinite where there is none.
 */
export interface TokenWindow {
  readonly nbf: number
  readonly iat: number
  /** The first moment after its life. */
  readonly expires: number
  /** The last moment of the age that is allowed. */
  readonly ages: number
}

const IN_MILLISECONDS = 'it looks like milliseconds: divide by 1000 where the token is made'

/** One place for what the rules compare now, and what the token cache compares later. */
export function tokenWindow(
  claims: ClaimContext['claims'],
  { clockTolerance, maxTokenAge }: Pick<ClaimContext, 'clockTolerance' | 'maxTokenAge'>,
): TokenWindow {
  const {
    exp,
    nbf = -Infinity,
    iat = -Infinity,
  } = claims as { exp: number; nbf?: number; iat?: number }
  return {
    nbf: nbf - clockTolerance,
    iat: iat - clockTolerance,
    expires: exp + clockTolerance,
    ages: maxTokenAge === Infinity ? Infinity : iat + maxTokenAge + clockTolerance,
  }
}

/** The rules for times. */
export const TIME_RULES: readonly Rule<ClaimContext>[] = [
  {
    name: 'expiry',
    expects: ({ now }) => `"exp" after ${at(now)}`,
    finds: ({ claims }) => at(claims['exp'] as number),
    fault: expired,
  },
  {
    name: 'start',
    expects: ({ now }) => `"nbf" and "iat" no later than ${at(now)}`,
    finds: ({ claims }) => ['nbf', 'iat'].map((name) => startOf(name, claims)).join(', '),
    fault: notYetValid,
  },
  {
    name: 'age',
    expects: ({ maxTokenAge }) =>
      maxTokenAge === Infinity ? 'any age' : `an age of at most ${maxTokenAge} s`,
    finds: ({ claims, now }) =>
      claims['iat'] === undefined ? 'none' : `${Math.round(now - (claims['iat'] as number))} s`,
    fault: tooOld,
  },
]

function startOf(name: string, claims: ClaimContext['claims']): string {
  const stated = claims[name] as number | undefined
  return `"${name}" ${stated === undefined ? 'none' : at(stated)}`
}

function expired(context: ClaimContext): Fault | undefined {
  const { claims, now } = context
  const exp = claims['exp'] as number
  if (exp >= MILLISECONDS)
    return {
      code: 'claim_invalid',
      expected: '"exp" in seconds',
      actual: `${exp}`,
      hint: IN_MILLISECONDS,
    }
  if (now < tokenWindow(claims, context).expires) return undefined
  const hint = `expired ${Math.round(now - exp)} s ago: the caller should get a new token ahead of time; if it was issued just now, compare the clock here with the Verifier's`
  return { code: 'token_expired', hint }
}

/** RFC 7519 §4.1.5 for `nbf`; an `iat` in the future shows that one of the clocks is wrong. */
function notYetValid(context: ClaimContext): Fault | undefined {
  const { claims, now } = context
  const window = tokenWindow(claims, context)
  for (const name of ['nbf', 'iat'] as const) {
    if (now >= window[name]) continue
    const value = claims[name] as number
    const hint =
      value >= MILLISECONDS
        ? IN_MILLISECONDS
        : `the clock here may be ${Math.round(value - now)} s behind the Verifier's: compare them, or raise "clockTolerance"`
    return {
      code: 'token_not_yet_valid',
      expected: `"${name}" no later than ${at(now)}`,
      actual: at(value),
      hint,
    }
  }
  return undefined
}

function tooOld(context: ClaimContext): Fault | undefined {
  const { claims, now, maxTokenAge } = context
  if (maxTokenAge === Infinity) return undefined
  if (claims['iat'] === undefined)
    return {
      code: 'claim_invalid',
      expected: 'the claim "iat"',
      actual: 'none',
      hint: '"maxTokenAge" needs it',
    }
  return now > tokenWindow(claims, context).ages ? { code: 'token_too_old' } : undefined
}
