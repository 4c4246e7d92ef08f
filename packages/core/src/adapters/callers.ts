/*
 * What a guard leaves on a request. Decides for the handlers behind it, hands them its caller, or
 * says what is missing before them.
 */
import type { AuthContext, Claims } from '../context.js'
import type { Admission } from '../decision.js'
import { withdraw, type Exchange } from '../exchange.js'
import { configurationError } from '../kit/errors.js'
import { andThen, orElse, type Later } from '../kit/later.js'
import type { Requirement } from '../requirements/index.js'
import { isRefusal, missingGuard, type Guard } from './guard.js'

/** What a guard leaves on a request, for the requirements and handlers behind it. */
export interface Entry {
  readonly guard: Guard
  readonly exchange: Exchange
  /** What the guard decided; absent until then. */
  outcome?: Outcome
}

/**
 * What came of a request: its caller, `undefined` for an anonymous one, or why there is none. A
 * refused request has no caller, whatever error handling makes of it.
 */
export type Outcome = { readonly caller: AuthContext | undefined } | { readonly refusal: unknown }

/**
 * Decides on the request of an entry.
 *
 * @param accept hands an allowed caller to the framework; where it throws, nothing is allowed
 * @throws {GuardError} every code of kind `token` and `verifier`
 */
export function authenticateEntry(
  entry: Entry,
  accept: (admission: Admission) => void = () => {},
): Later<Admission> {
  const { guard, exchange } = entry
  return orElse(
    () =>
      andThen(guard.authenticate(exchange), (admission) => {
        accept(admission)
        entry.outcome = { caller: admission.auth }
        return admission
      }),
    (refusal) => {
      entry.outcome = { refusal }
      if (!isRefusal(refusal)) withdraw(exchange)
      throw refusal
    },
  )
}

/**
 * Asks something of the caller that a guard has allowed.
 *
 * @param entry what a guard left; `undefined` where none ran
 * @throws {GuardError} `invalid_configuration` where none ran; the refusal of a refused request;
 *   the codes of the requirement
 */
export function authorizeEntry(
  entry: Entry | undefined,
  requirement: Requirement<never>,
): Later<void> {
  if (entry === undefined) throw missingGuard(requirement)
  return entry.guard.authorize(findCaller(entry), requirement, entry.exchange)
}

/**
 * The caller, for a handler that counts on one.
 *
 * @param entry what a guard left; `undefined` where none ran
 * @throws {GuardError} `invalid_configuration` for an anonymous caller; the refusal of a refused
 *   one
 */
export function requireCaller<C extends object = Claims>(
  entry: Pick<Entry, 'outcome'> | undefined,
): AuthContext<C> {
  const caller = findCaller<C>(entry)
  if (caller !== undefined) return caller
  throw configurationError(
    'a caller for authOf(…)',
    'an anonymous one, as authentication is optional',
    'use optionalAuthOf(…), or auth({ … }) without "optional"',
  )
}

/**
 * The caller, or `undefined` for an anonymous one.
 *
 * @param entry what a guard left; `undefined` where none ran
 * @throws {GuardError} `invalid_configuration` where no guard ran, or has not decided: every caller
 *   would count as anonymous. The refusal of a refused request, which must not count as anonymous
 *   either
 */
export function findCaller<C extends object = Claims>(
  entry: Pick<Entry, 'outcome'> | undefined,
): AuthContext<C> | undefined {
  if (entry?.outcome === undefined)
    throw configurationError(
      'auth() before this handler',
      entry === undefined ? 'none' : 'one that has not decided yet',
      'put auth({ … }) ahead of the route',
    )
  const { outcome } = entry
  if ('refusal' in outcome) throw outcome.refusal
  return outcome.caller as AuthContext<object> | undefined as AuthContext<C> | undefined
}
