import { ERRORS } from '../kit/errors.js'
import {
  evaluate,
  requireRequirements,
  type Caller,
  type Outcome,
  type Refusal,
  type Requirement,
  type Requirements,
  type Together,
} from './requirement.js'

/**
 * Requires all of several things, asked in order; the first that is not met refuses.
 *
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
  return combine('all of', all, (caller, request) => firstRefusal(all, caller, request))
}

/**
 * Requires one of several things, asked in order; the first that is met grants.
 *
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
  const combined: Requirement<Together<Requests>> = combine('any of', all, (caller, request) => {
    const join = (refusals: readonly Refusal[]) => joined(combined.name, refusals)
    return allRefusals(all, caller, request, join, [])
  })
  return combined
}

function combine<Request>(
  word: string,
  requirements: readonly Requirement<Request>[],
  check: (caller: Caller, request: Request) => Outcome,
): Requirement<Request> {
  const scope = [...new Set(requirements.flatMap((requirement) => requirement.scope ?? []))]
  const name = `${word} (${requirements.map((requirement) => requirement.name).join('; ')})`
  return Object.freeze({ name, ...(scope.length > 0 && { scope: Object.freeze(scope) }), check })
}

function firstRefusal<Request>(
  requirements: readonly Requirement<Request>[],
  caller: Caller,
  request: Request,
): Outcome {
  for (const [index, requirement] of requirements.entries()) {
    const outcome = evaluate(requirement, caller, request)
    if (outcome instanceof Promise)
      return outcome.then(
        (refusal) => refusal ?? firstRefusal(requirements.slice(index + 1), caller, request),
      )
    if (outcome !== undefined) return outcome
  }
  return undefined
}

function allRefusals<Request>(
  requirements: readonly Requirement<Request>[],
  caller: Caller,
  request: Request,
  join: (refusals: readonly Refusal[]) => Refusal,
  before: readonly Refusal[],
): Outcome {
  const refusals = [...before]
  for (const [index, requirement] of requirements.entries()) {
    const outcome = evaluate(requirement, caller, request)
    if (outcome === undefined) return undefined
    if (outcome instanceof Promise) {
      const rest = requirements.slice(index + 1)
      return outcome.then(
        (refusal) => refusal && allRefusals(rest, caller, request, join, [...refusals, refusal]),
      )
    }
    refusals.push(outcome)
  }
  return join(refusals)
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
