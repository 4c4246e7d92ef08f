import { applyDecorators, UseGuards } from '@nestjs/common'
import {
  requiredClaim,
  requiredKind,
  requiredPower,
  requiredScopes,
  requiredTenant,
  type ClaimCondition,
  type Kind,
  type PowerOptions,
  type Requirement,
  type TenantOptions,
  type TenantSource,
} from '@verifier-guard/core'
import { amend, type Access } from './access.js'
import { AccessTokenGuard } from './guard.js'

/** A decorator for controllers, resolvers, gateways and their methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator

/** Lets everybody in without a look at the token, so that a health check answers while the Verifier does not. */
export const Public = (): AccessDecorator => amend((access) => ({ ...access, open: 'public' }))

/** Lets requests without any credentials in, as nobody's; a bad token is refused all the same. */
export const OptionalAuth = (): AccessDecorator => guarded((access) => ({ ...access, open: 'optional' }))

/**
 * Asks something of the caller; {@link Scopes} and its kin are this with a requirement at hand. On a class and a method, both hold.
 * Brings {@link AccessTokenGuard} along, so that a requirement is never just a comment.
 *
 * @param requirements of `@verifier-guard/core`; their functions get Nest's request, GraphQL context, client or message context
 */
export const Required = (...requirements: readonly Requirement[]): AccessDecorator =>
  guarded((access) => ({ ...access, requirements: [...access.requirements, ...requirements] }))

/** Asks for every one of the scopes; `requiredScopes` with `match: 'any'` in {@link Required} for one of them. */
export const Scopes = (...scopes: readonly string[]): AccessDecorator => Required(requiredScopes(scopes))

/** Asks for every one of the powers. @see requiredPower */
export const Powers = <Request = unknown>(...powers: readonly PowerOptions<Request>[]): AccessDecorator =>
  Required(...powers.map((power) => requiredPower(power) as Requirement))

/** Asks for a tenant. @see requiredTenant */
export const Tenant = <Request = unknown>(tenant: TenantSource<Request>, options?: TenantOptions): AccessDecorator =>
  Required(requiredTenant(tenant, options))

/** Asks for one of several kinds of caller. @see requiredKind */
export const Kinds = (...kinds: readonly Kind[]): AccessDecorator => Required(requiredKind(kinds))

/** Asks for claims by their names: each a value to equal, or a condition. @see requiredClaim */
export const RequireClaims = (
  claims: Readonly<Record<string, string | number | boolean | ClaimCondition>>,
): AccessDecorator =>
  Required(
    ...Object.entries(claims).map(([name, wanted]) =>
      requiredClaim(name, typeof wanted === 'object' ? wanted : { equals: wanted }),
    ),
  )

function guarded(change: (access: Access) => Access): AccessDecorator {
  return applyDecorators(amend(change), UseGuards(AccessTokenGuard))
}
