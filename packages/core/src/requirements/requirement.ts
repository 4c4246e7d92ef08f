import type { Credential, Mandate, Power } from '../credential/credential.js'
import {
  configurationError,
  Denial,
  ERRORS,
  quote,
  type ErrorCode,
  type GuardError,
  type Reason,
} from '../kit/errors.js'
import type { Kind } from '../options/profiles.js'

/**
 * What a requirement may look at of the caller: every part of an `AuthContext` but the token
 * itself.
 */
export interface Caller {
  readonly claims: Readonly<Record<string, unknown>>
  readonly issuer: string
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly tenant: string | undefined
  readonly kind: Kind
  readonly powers: readonly Power[]
  readonly mandate: Mandate | undefined
  readonly credential: Credential | undefined
  /** In seconds since 1970. */
  readonly expiresAt: number
}

/** Why a requirement is not met. */
export interface Refusal {
  readonly code: ErrorCode
  readonly reason: Reason
  /** Milliseconds after which a new try makes sense, where the trouble is not the caller's. */
  readonly retryAfter?: number
  /** What an application's own function threw. */
  readonly cause?: unknown
}

/**
 * What a route asks of a caller whose token is good. Made by `requiredScopes`, `requiredPower` and
 * their kin, combined by `allOf` and `anyOf`; an object of this shape written by hand does as well.
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
   * `undefined` when it is met; anything else refuses. What it throws is nobody's fault there: 503.
   * Answers at once where it can.
   */
  readonly check: (
    caller: Caller,
    request: Request,
  ) => Refusal | undefined | Promise<Refusal | undefined>
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

/** What {@link Requirement.check} answers. */
export type Outcome = ReturnType<Requirement['check']>

/**
 * Asks a requirement of a caller.
 *
 * @returns nothing when it is met at once, a promise when that takes time
 * @throws {GuardError} `invalid_configuration` for what is no requirement
 * @throws {Denial} `scope_missing`, `power_missing`, `tenant_mismatch`, `kind_not_accepted`,
 *   `claim_requirement_unmet`, `rule_unmet`, `credential_revoked`, `status_unavailable`,
 *   `rule_failed`
 */
export function checkRequirement<Request>(
  requirement: Requirement<Request>,
  caller: Caller,
  request: Request,
): void | Promise<void> {
  if (!isRequirement(requirement)) throw noRequirement('a requirement', requirement)
  const outcome = evaluate(requirement, caller, request)
  if (outcome instanceof Promise) return outcome.then((refusal) => enforce(requirement, refusal))
  enforce(requirement, outcome)
}

/** How long callers are told to wait when a function of the application failed, in milliseconds. */
const PAUSE = 1_000

/**
 * Asks a requirement and turns whatever goes wrong meanwhile into a refusal: what can't be decided
 * is neither granted nor denied for good.
 */
export function evaluate<Request>(
  requirement: Requirement<Request>,
  caller: Caller,
  request: Request,
): Outcome {
  const failed = (error: unknown) => failure(requirement, error)
  try {
    const outcome: unknown = requirement.check(caller, request)
    if (outcome === undefined) return undefined
    if (!isThenable(outcome)) return refusalOf(requirement, outcome)
    return Promise.resolve(outcome).then((late) => refusalOf(requirement, late), failed)
  } catch (error) {
    return failed(error)
  }
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
  const stranger = values.find((value) => !isRequirement(value))
  throw noRequirement(`requirements for ${name}`, stranger)
}

function isRequirement(value: unknown): boolean {
  return typeof (value as Partial<Requirement> | null | undefined)?.check === 'function'
}

function noRequirement(expected: string, found: unknown): GuardError {
  const hint =
    'pass what requiredScopes, requiredPower and their kin return; several of them to allOf'
  return configurationError(expected, quote(found), hint)
}

function enforce({ scope }: Requirement<never>, refusal: Refusal | undefined): void {
  if (refusal === undefined) return
  const { code, reason, retryAfter, cause } = refusal
  throw new Denial(code, reason, { ...(scope !== undefined && { scope }), retryAfter, cause })
}

function failure({ name }: Requirement<never>, error: unknown): Refusal {
  if (error instanceof Denial) return fromDenial(error)
  const actual = `an error of the type ${error instanceof Error ? error.name : typeof error}`
  const hint = 'nothing was decided; the "cause" of the "denied" event says what went wrong'
  return {
    code: 'rule_failed',
    reason: { check: 'requirements', expected: name, actual, hint },
    retryAfter: PAUSE,
    cause: error,
  }
}

function fromDenial({ code, reason, retryAfter, cause }: Denial): Refusal {
  return { code, reason, cause, ...(retryAfter !== undefined && { retryAfter }) }
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
  const hint = 'return undefined to grant, or a refusal with code and reason'
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

/**
 * Goes on with what a function of the application answers: at once, or when the promise that it
 * returned is settled.
 */
export function afterwards<T, Result>(
  answer: T | PromiseLike<T>,
  next: (value: T) => Result,
): Result | Promise<Result> {
  return isThenable(answer) ? Promise.resolve(answer).then(next) : next(answer)
}

/** A promise of whatever making: applications bring their own. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
