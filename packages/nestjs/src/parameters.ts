/* The decorators of parameters. */
import { createParamDecorator, Logger, type ExecutionContext } from '@nestjs/common'
import type { AuthContext } from '@verifier-guard/core'
import { configurationError } from '@verifier-guard/core/support'
import { httpException } from './http.js'
import { getCaller } from './transport.js'

const logger = new Logger('Auth')

/**
 * Hands the caller to a handler, or one member of it: `@Auth() auth: AuthContext`,
 * `@Auth('clientId') client: string`. An anonymous caller is `undefined`, where authentication is
 * optional or the handler public.
 *
 * Guards nothing, and reads nothing but what a guard of ours decided: `request.auth`, which other
 * middleware may set, and the data of a message do not count. In a test, `allowAs` of
 * `@verifier-guard/nestjs/testing` stands in for the guard.
 *
 * @param member the name of one member. Default: the whole
 * @returns a parameter decorator
 * @throws {HttpException} with the status 500 where no guard ran, and a `GuardError`
 *   `invalid_configuration` as its cause
 * @example
 * ```ts
 * import { Auth, type AuthContext } from '@verifier-guard/nestjs'
 *
 * export class Me {
 *   show(@Auth() auth: AuthContext) {
 *     return { client: auth.clientId }
 *   }
 * }
 * ```
 */
export const Auth = createParamDecorator(
  (member: keyof AuthContext | undefined, context: ExecutionContext) => {
    const caller = getCaller(context)
    if (caller === undefined) throw unguarded(context)
    return member === undefined ? caller.auth : caller.auth?.[member]
  },
)

/**
 * Hands the client's identifier to a handler; `undefined` for an anonymous caller.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function ClientId(): ParameterDecorator {
  return Auth('clientId')
}

/**
 * Hands the tenant of the token to a handler; `undefined` where the token names none. Does not
 * compare it with anything: that is `@Tenant()`.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function TenantId(): ParameterDecorator {
  return Auth('tenant')
}

/**
 * Hands the access token itself to a handler, for calls to other APIs in the caller's name;
 * `undefined` for an anonymous caller.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function AccessToken(): ParameterDecorator {
  return Auth('token')
}

function unguarded(context: ExecutionContext): Error {
  const error = configurationError(
    'AccessTokenGuard before a handler with @Auth()',
    'none',
    `add it to ${context.getClass().name} by @UseGuards, or to the application by APP_GUARD; in a test, override it with allowAs()`,
  )
  logger.error(error.message)
  return httpException(error)
}
