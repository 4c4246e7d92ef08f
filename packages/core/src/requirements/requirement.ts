/* What a route asks of a caller, and how it is asked. */
import type { AuthContext } from '../context.js'
import { configurationError, Denial, ERRORS, GuardError, type Refusal } from '../kit/errors.js'
import { andThen, given, orElse, type Later } from '../kit/later.js'
import { quote } from '../kit/display.js'
import type { StatusLists } from '../status/status.js'

/** What a requirement may look at of the caller: all of it but the token itself. */
export type Caller = Omit<AuthContext, 'token' | 'header'>

/**
 * What a route asks of a caller whose token is good. Made by `requiredScopes`, `requiredPower` and
 * the other functions of this folder, and combined by `allOf` and `anyOf`. An object of this shape
 * written by hand does as well.
 *
 * @typeParam Request what it reads of the request, or whatever else is handed on to it; `unknown`
 *   for what looks at the caller alone
 */
export interface Requirement<Request = unknown> {
  /** What is asked for, as it stands in the `denied` event: `power DOME/ProductOffering/Create`. */
  readonly name: string
  /** Scopes that the route asks for, for the challenge (RFC 6750 §3). */
  readonly scope?: readonly string[]
  /**
   * `undefined` when it is met; anything else refuses. What it throws answers 503, as nothing was
   * decided. Answers at once where it can.
   */
  readonly check: (caller: Caller, request: Request, lookups: Lookups) => Later<Refusal | undefined>
}

/** Several requirements by what each of them reads. */
export type Requirements<Requests extends readonly unknown[]> = {
  readonly [Index in keyof Requests]: Requirement<Requests[Index]>
}

/** What several requirements read together. */
export type Together<Requests extends readonly unknown[]> = {
  readonly [Index in keyof Requests]: (request: Requests[Index]) => void
}[number] extends (request: infer Whole) => void
  ? Whole
  : never

/** What a resource server looks up for requirements. */
export interface Lookups {
  readonly statusLists: Pick<StatusLists, 'check'>
}

/** What a requirement is asked about. */
export interface RequirementInput<Request> {
  readonly caller: Caller
  readonly request: Request
  readonly lookups: Lookups
}

/** What {@link Requirement.check} answers. */
export type Outcome = Later<Refusal | undefined>

/**
 * Asks a requirement of a caller.
 *
 * @returns nothing when it is met at once, a promise when that takes time
 * @throws {GuardError} `invalid_configuration` for what is no requirement, and of what it asks
 * @throws {Denial} `scope_missing`, `power_missing`, `tenant_mismatch`, `kind_not_accepted`,
 *   `claim_requirement_unmet`, `rule_unmet`, `token_not_bound`, `credential_revoked`,
 *   `status_unavailable`, `rule_failed`
 */
export function checkRequirement<Request>(
  requirement: Requirement<Request>,
  caller: Caller,
  request: Request,
  lookups: Lookups,
): Later<void> {
  if (!isRequirement(requirement)) throw noRequirement('a requirement', requirement)
  return andThen(evaluate(requirement, { caller, request, lookups }), (refusal) =>
    enforce(requirement, refusal),
  )
}

/**
 * Asks a requirement and turns whatever goes wrong meanwhile into a refusal: what can't be decided
 * is neither granted nor denied for good.
 *
 * @throws {GuardError} `invalid_configuration` of what the requirement asks
 */
export function evaluate<Request>(
  requirement: Requirement<Request>,
  question: RequirementInput<Request>,
): Outcome {
  const { caller, request, lookups } = question
  return orElse(
    () =>
      andThen(given(requirement.check(caller, request, lookups)), (outcome) =>
        refusalOf(requirement, outcome),
      ),
    (error) => failure(requirement, error),
  )
}

/**
 * @param values of which each can read what it asks for from what the whole is handed
 * @throws {GuardError} `invalid_configuration` unless every one is a requirement, and there is one
 *   at least
 */
export function requireRequirements<Request>(
  name: string,
  values: readonly unknown[],
): readonly Requirement<Request>[] {
  if (values.length > 0 && values.every(isRequirement))
    return values as readonly Requirement<Request>[]
  const other = values.find((value) => !isRequirement(value))
  throw noRequirement(`requirements for ${name}`, other)
}

function isRequirement(value: unknown): boolean {
  return typeof (value as Partial<Requirement> | null | undefined)?.check === 'function'
}

function noRequirement(expected: string, found: unknown): GuardError {
  const hint =
    'pass what requiredScopes, requiredPower or another of these functions returns; several of them to allOf'
  return configurationError(expected, quote(found), hint)
}

function enforce({ name, scope }: Requirement<never>, refusal: Refusal | undefined): void {
  if (refusal === undefined) return
  const { code, reason, ...more } = refusal
  const challenge = {
    ...(scope !== undefined && { scope: scope.join(' ') }),
    ...refusal.challenge,
  }
  throw new Denial(code, { ...reason, requirement: name }, { ...more, challenge })
}

function failure({ name }: Requirement<never>, error: unknown): Refusal {
  if (error instanceof Denial) return error.refusal
  // No request can mend it: the developer has to read what to do.
  if (error instanceof GuardError && error.kind === 'configuration') throw error
  const actual = `an error of the type ${error instanceof Error ? error.name : typeof error}`
  const hint = 'nothing was decided; the "cause" of the "denied" event says what went wrong'
  const reason = { check: 'requirements', expected: name, actual, hint }
  return { code: 'rule_failed', reason, cause: error }
}

function refusalOf(requirement: Requirement<never>, outcome: unknown): Refusal | undefined {
  if (outcome === undefined) return undefined
  const { code, reason } = (outcome ?? {}) as Partial<Refusal>
  if (
    typeof code === 'string' &&
    Object.hasOwn(ERRORS, code) &&
    typeof reason?.expected === 'string'
  )
    return outcome as Refusal
  const hint = 'return undefined to allow, or a refusal with code and reason'
  return {
    code: 'rule_unmet',
    reason: {
      check: 'requirements',
      expected: requirement.name,
      actual: `the answer ${typeof outcome}`,
      hint,
    },
  }
}
