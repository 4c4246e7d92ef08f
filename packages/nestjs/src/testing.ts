/**
 * For an application's tests.
 *
 * @packageDocumentation
 */
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import type { AuthContext } from '@verifier-guard/core'
import { setCaller } from './transport.js'

const nobody = { header: {}, claims: {}, scopes: [], kind: 'none', powers: [] }

/**
 * A guard for tests that lets every call in, as a caller of your choosing: in the place of
 * `AccessTokenGuard`, by `overrideProvider`, wherever it stands. `overrideGuard` leaves the one
 * under `APP_GUARD`, and Nest takes one of the two overrides only. Works for HTTP, GraphQL,
 * gateways and microservices.
 *
 * Checks neither tokens nor requirements: a handler with `@Scopes('admin')` is let in too. To test
 * those, have `@verifier-guard/dev-verifier` mint tokens.
 *
 * @param caller what `@Auth()`, `@ClientId()` and their kin hand to the handler; what is left out
 *   is empty. Default: nobody
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
  const auth = caller && (Object.freeze({ ...nobody, ...caller }) as unknown as AuthContext)
  return {
    canActivate(context: ExecutionContext): boolean {
      setCaller(context, auth)
      return true
    },
  }
}
