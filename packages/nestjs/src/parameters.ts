import { createParamDecorator, Logger, type ExecutionContext } from '@nestjs/common'
import type { AuthContext } from '@verifier-guard/core'
import { configurationError } from '@verifier-guard/core/support'
import { httpException } from './http.js'
import { getCaller } from './transport.js'

const logger = new Logger('Auth')

/**
 * The caller, or one member of it: `@Auth() auth: AuthContext`, `@Auth('clientId') client: string`.
 * `undefined` for nobody, where authentication is optional or the handler public.
 *
 * Guards nothing. Where another guard stands in for `AccessTokenGuard`, in a test for instance, it
 * is what that one left as `auth` on the request, the GraphQL context, the client or the message
 * context; see `allowAs` of `@verifier-guard/nestjs/testing`.
 *
 * @param member the name of one member; default: the whole
 * @returns a parameter decorator
 * @throws {HttpException} with the status 500 where no guard ran, a `GuardError`
 *   `invalid_configuration` as its cause
 * @example
 * ```ts
 * import { Get, UseGuards } from '@nestjs/common'
 * import { AccessTokenGuard, Auth, type AuthContext } from '@verifier-guard/nestjs'
 *
 * export class Me {@Get()@UseGuards(AccessTokenGuard)
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
 * The calling client; `undefined` for nobody.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function ClientId(): ParameterDecorator {
  return Auth('clientId')
}

/**
 * The tenant that the token was issued for; `undefined` where it names none. Does not compare it
 * with anything: that is `@Tenant()`.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function TenantId(): ParameterDecorator {
  return Auth('tenant')
}

/**
 * The access token itself, for calling others on the caller's behalf; `undefined` for nobody.
 *
 * @returns a parameter decorator
 * @throws {HttpException} as {@link Auth}
 */
export function AccessToken(): ParameterDecorator {
  return Auth('token')
}

function unguarded(context: ExecutionContext): Error {
  const hint = `add it to ${context.getClass().name} by @UseGuards, or to the application by APP_GUARD`
  const error = configurationError('AccessTokenGuard before a handler with @Auth()', 'none', hint)
  logger.error(error.message)
  return httpException(error)
}
