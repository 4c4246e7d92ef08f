/*
 * Hands a handler its caller, or says what is missing before it.
 */
import type { AuthContext, Claims } from '../context.js'
import { configurationError } from '../kit/errors.js'

/**
 * The caller, for a handler that counts on one.
 *
 * @param isGuarded whether a guard has decided on the request
 * @throws {GuardError} `invalid_configuration` for an anonymous caller
 */
export function requireCaller<C extends object = Claims>(
  auth: AuthContext | undefined,
  isGuarded: boolean,
): AuthContext<C> {
  const caller = findCaller<C>(auth, isGuarded)
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
 * @param isGuarded whether a guard has decided on the request
 * @throws {GuardError} `invalid_configuration` where no guard has: every caller would count as
 *   anonymous
 */
export function findCaller<C extends object = Claims>(
  auth: AuthContext | undefined,
  isGuarded: boolean,
): AuthContext<C> | undefined {
  if (auth === undefined && !isGuarded)
    throw configurationError(
      'auth() before this handler',
      'none',
      'put auth({ … }) ahead of the route',
    )
  return auth as AuthContext<object> | undefined as AuthContext<C> | undefined
}
