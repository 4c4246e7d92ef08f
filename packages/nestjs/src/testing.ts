/**
 * For an application's tests.
 *
 * @packageDocumentation
 */
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import type { AuthContext } from '@verifier-guard/core'
import { setCaller } from './transport.js'

const anonymous = { header: {}, claims: {}, scopes: [], kind: 'none', powers: [] }

/**
 * Makes a guard for tests that allows every call, with a caller of your choice. It takes the place
 * of `AccessTokenGuard` by `overrideProvider`, wherever that stands. `overrideGuard` leaves the one
 * under `APP_GUARD`, and Nest applies one of the two overrides only. Works for HTTP, GraphQL,
 * gateways and microservices.
 *
 * **Checks neither tokens nor requirements**: a handler with `@Scopes('admin')` is open too. To
 * test those, let `@verifier-guard/dev-verifier` mint tokens.
 *
 * @param caller what `@Auth()`, `@ClientId()`, `@TenantId()` and `@AccessToken()` hand to the
 *   handler; what is left out is empty. Default: an anonymous caller
 * @returns a value for `useValue`
 * @example
 * ```ts
 * import { Test } from '@nestjs/testing'
 * import { AccessTokenGuard } from '@verifier-guard/nestjs'
 * import { allowAs } from '@verifier-guard/nestjs/testing'
 *
 * const shop = allowAs({ clientId: 'did:key:shop', scopes: ['orders:read'] })
 * const testing = Test.createTestingModule({}).overrideProvider(AccessTokenGuard).useValue(shop)
 * ```
 */
export function allowAs(caller?: Partial<AuthContext>): CanActivate {
  const auth = caller && (Object.freeze({ ...anonymous, ...caller }) as unknown as AuthContext)
  return {
    canActivate(context: ExecutionContext): boolean {
      setCaller(context, auth)
      return true
    },
  }
}
