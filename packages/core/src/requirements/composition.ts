/* Combines requirements: all of them, or one of them. */
import { ERRORS, type Refusal } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import {
  evaluate,
  requireRequirements,
  type RequirementInput,
  type Outcome,
  type Requirement,
  type Requirements,
  type Together,
} from './requirement.js'

/**
 * Requires all of several things, asked in order; the first that is not met refuses.
 *
 * @returns the requirement; it refuses as the first that is not met
 * @throws {GuardError} `invalid_configuration` for none, or for anything that is no requirement
 * @example
 * ```ts
 * import { allOf, requiredKind, requiredPower } from '@verifier-guard/core'
 *
 * const mayPublish = allOf(
 *   requiredKind('machine'),
 *   requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
 * )
 * ```
 */
export function allOf<Requests extends readonly unknown[]>(
  ...requirements: Requirements<Requests>
): Requirement<Together<Requests>> {
  const all = requireRequirements<Together<Requests>>('allOf', requirements)
  return combine('all of', all, (question) => firstRefusal(all, question))
}

/**
 * Requires one of several things, asked in order; the first that is met allows.
 *
 * @returns the requirement; it refuses with the code that all share, else with `rule_unmet`
 * @throws {GuardError} `invalid_configuration` for none, or for anything that is no requirement
 * @example
 * ```ts
 * import { anyOf, requiredPower, requiredScopes } from '@verifier-guard/core'
 *
 * const mayAdminister = anyOf(
 *   requiredScopes('orders:admin'),
 *   requiredPower({
 *     type: 'organization',
 *     domain: 'EUDISTACK',
 *     function: 'System',
 *     action: 'Administration',
 *   }),
 * )
 * ```
 */
export function anyOf<Requests extends readonly unknown[]>(
  ...requirements: Requirements<Requests>
): Requirement<Together<Requests>> {
  const all = requireRequirements<Together<Requests>>('anyOf', requirements)
  const combined: Requirement<Together<Requests>> = combine('any of', all, (question) =>
    andThen(allRefusals(all, question), (refusals) => refusals && joined(combined.name, refusals)),
  )
  return combined
}

function combine<Request>(
  word: string,
  requirements: readonly Requirement<Request>[],
  decide: (question: RequirementInput<Request>) => Outcome,
): Requirement<Request> {
  const scope = [...new Set(requirements.flatMap((requirement) => requirement.scope ?? []))]
  const name = `${word} (${requirements.map((requirement) => requirement.name).join('; ')})`
  return Object.freeze<Requirement<Request>>({
    name,
    ...(scope.length > 0 && { scope: Object.freeze(scope) }),
    check: (caller, request, lookups) => decide({ caller, request, lookups }),
  })
}

function firstRefusal<Request>(
  [first, ...others]: readonly Requirement<Request>[],
  question: RequirementInput<Request>,
): Outcome {
  if (first === undefined) return undefined
  return andThen(evaluate(first, question), (refusal) => refusal ?? firstRefusal(others, question))
}

/** The refusals of all; `undefined` as soon as one is met. */
function allRefusals<Request>(
  [first, ...others]: readonly Requirement<Request>[],
  question: RequirementInput<Request>,
): Later<readonly Refusal[] | undefined> {
  if (first === undefined) return []
  return andThen(evaluate(first, question), (refusal) => {
    if (refusal === undefined) return undefined
    return andThen(allRefusals(others, question), (rest) => rest && [refusal, ...rest])
  })
}

/**
 * One refusal for all alternatives. What could not be decided may be granted later: then that is
 * the answer.
 */
function joined(name: string, refusals: readonly Refusal[]): Refusal {
  const undecided = refusals.find(({ code }) => ERRORS[code].kind === 'verifier')
  if (undecided !== undefined) return undecided
  const codes = new Set(refusals.map(({ code }) => code))
  const actual = refusals.map(({ reason }) => reason.actual).join('; ')
  const thrown = refusals.find(({ cause }) => cause !== undefined)
  return {
    code: codes.size === 1 ? refusals[0]!.code : 'rule_unmet',
    reason: { check: 'requirements', expected: name, actual },
    ...(thrown !== undefined && { cause: thrown.cause }),
  }
}
