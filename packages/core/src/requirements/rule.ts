/* Requires what a function of the application decides. */
import type { Refusal } from '../kit/errors.js'
import { callable, text } from '../kit/option-rows.js'
import { andThen, given } from '../kit/later.js'
import type { Caller, Requirement } from './requirement.js'

/**
 * Requires what only the application can tell: for example that this caller owns that order.
 *
 * Allows for `true` alone; whatever else the function returns refuses with 403. When it throws,
 * nothing is decided: 503, and what it threw is the `cause` in the `denied` event.
 *
 * @param name for the `denied` event: `owner of the order`
 * @param rule may take its time; it is asked for every request, and nothing of it is remembered
 * @returns the requirement; it refuses with `rule_unmet`, status 403, or `rule_failed`, status 503
 * @throws {GuardError} `invalid_configuration` for an empty name, or a rule that is no function
 * @example
 * ```ts
 * import { requiredRule } from '@verifier-guard/core'
 *
 * const ownOrganisation = requiredRule(
 *   'own organisation',
 *   ({ mandate }, request: { params: { organisation: string } }) => {
 *     return mandate?.mandator.organizationIdentifier === request.params.organisation
 *   },
 * )
 * ```
 */
export function requiredRule<Request = unknown>(
  name: string,
  rule: (caller: Caller, request: Request) => boolean | Promise<boolean>,
): Requirement<Request> {
  text('name', name)
  callable('rule', rule)
  const decide = (answer: unknown): Refusal | undefined => {
    if (answer === true) return undefined
    return {
      code: 'rule_unmet',
      reason: { check: 'requirements', expected: name, actual: 'a rule that says no' },
    }
  }
  return Object.freeze({
    name,
    check(caller: Caller, request: Request) {
      return andThen(given(rule(caller, request)), decide)
    },
  })
}
