/*
 * Hands a handler its caller, or says what is missing before it.
 */
import type { AuthContext, Claims } from '../context.js'
import type { Exchange } from '../exchange.js'
import { configurationError } from '../kit/errors.js'
import type { Guard } from './guard.js'

/** What a guard leaves on a request, for the requirements and handlers behind it. */
export interface Entry {
  readonly guard: Guard
  readonly exchange: Exchange
  /** Set once the guard has let the caller in; absent for an anonymous one. */
  caller?: AuthContext | undefined
}

/**
 * The caller, for a handler that counts on one.
 *
 * @param entry what a guard left; `undefined` where none ran
 * @throws {GuardError} `invalid_configuration` for an anonymous caller
 */
export function requireCaller<C extends object = Claims>(
  entry: Pick<Entry, 'caller'> | undefined,
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
 * @throws {GuardError} `invalid_configuration` where no guard ran: every caller would count as
 *   anonymous
 */
export function findCaller<C extends object = Claims>(
  entry: Pick<Entry, 'caller'> | undefined,
): AuthContext<C> | undefined {
  if (entry === undefined)
    throw configurationError(
      'auth() before this handler',
      'none',
      'put auth({ … }) ahead of the route',
    )
  return entry.caller as AuthContext<object> | undefined as AuthContext<C> | undefined
}
