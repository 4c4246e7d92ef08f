import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { AuthContext } from '@verifier-guard/core'
import { configurationError } from '@verifier-guard/core/support'
import { getCaller } from './transport.js'

/**
 * The caller, or one member of it: `@Auth() auth: AuthContext`, `@Auth('clientId') client: string`. `undefined` for nobody, where
 * authentication is optional or the handler public.
 *
 * @throws {GuardError} `invalid_configuration` where no guard ran
 */
export const Auth = createParamDecorator((member: keyof AuthContext | undefined, context: ExecutionContext) => {
  const caller = getCaller(context)
  if (caller === undefined)
    throw configurationError(
      'AccessTokenGuard before a handler with @Auth()',
      'none',
      'add it by @UseGuards or APP_GUARD',
    )
  return member === undefined ? caller.auth : caller.auth?.[member]
})

/** The calling client. */
export const ClientId = (): ParameterDecorator => Auth('clientId')

/** The tenant that the token was issued for. */
export const TenantId = (): ParameterDecorator => Auth('tenant')

/** The access token itself, for calling others on the caller's behalf. */
export const AccessToken = (): ParameterDecorator => Auth('token')
