/* Requires something of one claim. */
import { configurationError, type Refusal } from '../kit/errors.js'
import { anything, callable, readOptions, texts, type OptionRows } from '../kit/option-rows.js'
import { andThen, given } from '../kit/later.js'
import type { Caller, Outcome, Requirement } from './requirement.js'
import { quote, enumerate } from '../kit/display.js'

/** What a claim has to be: one of these. */
export type ClaimCondition =
  | {
      /** Exactly this value, of this type. */ readonly equals: string | number | boolean
      readonly includes?: never
      readonly satisfies?: never
    }
  | {
      /** A list, or a text separated by spaces, with all of these in it. */ readonly includes:
        string | number | readonly (string | number)[]
      readonly equals?: never
      readonly satisfies?: never
    }
  | {
      /**
       * Whatever a function answers `true` to, at once or later; when it throws, nothing is
       * decided: 503. Not called where the claim is missing.
       */
      readonly satisfies: (value: unknown) => boolean | Promise<boolean>
      readonly equals?: never
      readonly includes?: never
    }

/**
 * Requires something of one claim of the token.
 *
 * Does not read the credential, whose place differs from Verifier to Verifier: ask `requiredPower`,
 * or `requiredRule` with the caller's mandate.
 *
 * @param claim its name, whatever characters that has, or the path to a member within it:
 *   `['realm_access', 'roles']`
 * @returns the requirement; it refuses with `claim_requirement_unmet`, status 403
 * @throws {GuardError} `invalid_configuration` for an empty name or path, and for anything but one
 *   condition
 * @example
 * ```ts
 * import { requiredClaim } from '@verifier-guard/core'
 *
 * const isReviewer = requiredClaim(['realm_access', 'roles'], { includes: 'reviewer' })
 * const isVersionTwo = requiredClaim('ver', { equals: 2 })
 * ```
 */
export function requiredClaim(
  claim: string | readonly string[],
  condition: ClaimCondition,
): Requirement {
  texts('claim', claim)
  const path: readonly string[] = Object.freeze([claim].flat())
  const { fits, expected, missed } = conditionTest(condition)
  const name = `claim ${path.join('.')}`
  return Object.freeze({
    name,
    check({ claims }: Caller): Outcome {
      const value = follow(claims, path)
      const refusalFor = (answer: unknown): Refusal | undefined => {
        // Whatever merely counts as true is no yes.
        if (answer === true) return undefined
        const reason = {
          check: 'requirements',
          expected: `${name} ${expected}`,
          actual: missed?.(value) ?? describe(value),
        }
        return { code: 'claim_requirement_unmet', reason }
      }
      return value === undefined ? refusalFor(false) : andThen(given(fits(value)), refusalFor)
    },
  })
}

interface Test {
  readonly expected: string
  /** What is wrong with a value, in the application's own words: claims are about people. */
  readonly missed?: (value: unknown) => string | undefined
  readonly fits: (value: unknown) => boolean | Promise<boolean>
}

const CONDITIONS: { readonly [name: string]: (wanted: never) => Test } = {
  equals(wanted: unknown) {
    if (!['string', 'number', 'boolean'].includes(typeof wanted))
      throw configurationError(
        '"equals" as a text, number or boolean',
        quote(wanted),
        'use "satisfies" for anything else',
      )
    return { expected: `equal to ${quote(wanted)}`, fits: (value) => value === wanted }
  },
  includes(wanted: unknown) {
    const all: readonly unknown[] = Array.isArray(wanted)
      ? [...(wanted as readonly unknown[])]
      : [wanted]
    if (
      all.length === 0 ||
      !all.every((one) => (typeof one === 'string' && one !== '') || typeof one === 'number')
    )
      throw configurationError(
        '"includes" as a text, a number or a list of them',
        quote(wanted),
        'name at least one',
      )
    return {
      expected: `with ${enumerate(all)} in it`,
      fits: (value) => all.every((one) => elements(value).includes(one)),
      missed: (value) => without(value, all),
    }
  },
  satisfies(predicate: (value: unknown) => boolean | Promise<boolean>) {
    callable('satisfies', predicate)
    return { expected: 'that satisfies a predicate', fits: predicate }
  },
}

const ROWS = {
  equals: { check: anything, says: 'exactly this value, of this type' },
  includes: { check: anything, says: 'a list, or a text separated by spaces, with all of these' },
  satisfies: { check: anything, says: 'whatever a function answers `true` to' },
} as const satisfies OptionRows<ClaimCondition>

function conditionTest(condition: ClaimCondition): Test {
  readOptions('conditions of requiredClaim', condition, ROWS)
  const stated = Object.entries(condition).filter(([, wanted]) => wanted !== undefined)
  const [name, wanted] = stated[0] ?? []
  if (stated.length === 1) return CONDITIONS[name!]!(wanted as never)
  throw configurationError(
    'one condition: equals, includes or satisfies',
    `${stated.length}`,
    'combine requirements with allOf',
  )
}

function follow(claims: Caller['claims'], path: readonly string[]): unknown {
  let value: unknown = claims
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

function elements(value: unknown): readonly unknown[] {
  return typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
}

/** Which of the wanted elements a list or a text lacks. */
function without(value: unknown, wanted: readonly unknown[]): string | undefined {
  if (typeof value !== 'string' && !Array.isArray(value)) return undefined
  const held = elements(value)
  return `${describe(value)} without ${enumerate(wanted.filter((one) => !held.includes(one)))}`
}

/** By its type alone: claims are about people. */
function describe(value: unknown): string {
  if (value === undefined) return 'none'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
