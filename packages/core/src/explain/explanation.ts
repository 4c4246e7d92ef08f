/*
 * What an explanation is made of, and how one check after the other is written into it.
 */
import { Denial, ERRORS, type ErrorCode } from '../kit/errors.js'
import type { Later } from '../kit/later.js'
import { anything, flag, type OptionRows } from '../kit/option-rows.js'
import type { Requirement } from '../requirements/requirement.js'
import { cureOf } from './cures.js'
import type { Recognized } from './recognize.js'

/** What one check came to. */
export type CheckVerdict = 'passed' | 'failed' | 'undecided' | 'skipped'

/** What the checks come to together: what a resource server with these options decides. */
export type TokenVerdict = 'accepted' | 'refused' | 'undecided'

/** One check of a decision. Holds neither the token nor personal data. */
export interface Check {
  /** `issuer`, `signature`, `expiry` … */
  readonly name: string
  /**
   * `undecided`: keys or a status list are out of reach. `skipped`: the check was not made, and
   * `found` says why.
   */
  readonly verdict: CheckVerdict
  readonly expected: string
  readonly found: string
  /** The code of the denial, where the check did not pass. */
  readonly code?: ErrorCode
  /** What to do, where the check did not pass. */
  readonly cure?: string
}

/** What a resource server decides on a token, check by check. */
export interface Explanation {
  /** That of the first check that did not pass; `undecided` also where a check was skipped. */
  readonly verdict: TokenVerdict
  /** The code of the denial: that of the first check that did not pass. */
  readonly code?: ErrorCode
  /** What the text is by its form. */
  readonly is: Recognized
  /** First 16 characters of the SHA-256 in base64url, as in the `denied` event. */
  readonly fingerprint: string
  /** In the order of a decision. */
  readonly checks: readonly Check[]
}

/** How a token is explained. */
export interface ExplainOptions {
  /** What a route asks of the caller besides. Default: a valid token. */
  readonly requirement?: Requirement<undefined>
  /** Sends no request: without `keys` the signature is not checked. Default: false. */
  readonly offline?: boolean
}

/** The rows of {@link ExplainOptions}. */
export const EXPLAIN_ROWS = {
  requirement: { check: anything, needsValue: true, says: 'what a route asks of the caller' },
  offline: { check: flag, default: false, says: 'sends no request' },
} as const satisfies OptionRows<ExplainOptions>

/** What a check says when it passes. */
export interface Passing {
  readonly expected: string
  readonly found: string
}

/** The checks so far. */
export interface CheckList {
  readonly checks: readonly Check[]
  /**
   * Makes one check.
   *
   * @param passing what to say when it passes
   * @returns what the check returns, or `undefined` when it did not pass
   */
  ask<Result>(
    name: string,
    check: () => Later<Result>,
    passing: (result: Result) => Passing,
  ): Promise<Result | undefined>
  /** Notes a check that can't be made. */
  skip(name: string, expected: string, why: string, cure?: string): void
}

/** Starts a list of checks. */
export function createCheckList(): CheckList {
  const checks: Check[] = []
  return {
    checks,
    async ask<Result>(
      name: string,
      check: () => Later<Result>,
      passing: (result: Result) => Passing,
    ) {
      try {
        const result = (await check()) as Result
        checks.push({ name, verdict: 'passed', ...passing(result) })
        return result
      } catch (error) {
        // Another error is a fault of the application's own functions, or of this package.
        if (!(error instanceof Denial)) throw error
        checks.push(notPassed(name, error))
        return undefined
      }
    },
    skip(name, expected, why, cure) {
      checks.push({
        name,
        verdict: 'skipped',
        expected,
        found: why,
        ...(cure !== undefined && { cure }),
      })
    },
  }
}

function notPassed(name: string, { refusal: { code, reason } }: Denial): Check {
  return {
    name,
    verdict: ERRORS[code].kind === 'verifier' ? 'undecided' : 'failed',
    expected: reason.expected,
    found: reason.actual,
    code,
    cure: cureOf(code, reason),
  }
}

/** What the checks come to: a decision ends at the first one that does not pass. */
export function conclude(
  checks: readonly Check[],
): Pick<Explanation, 'verdict'> & { readonly code?: ErrorCode } {
  const first = checks.find(({ code }) => code !== undefined)
  if (first !== undefined)
    return { verdict: first.verdict === 'failed' ? 'refused' : 'undecided', code: first.code! }
  return { verdict: checks.some(({ verdict }) => verdict === 'skipped') ? 'undecided' : 'accepted' }
}
