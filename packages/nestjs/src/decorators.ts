import { applyDecorators, UseGuards } from '@nestjs/common'
import {
  allOf,
  requiredBinding,
  requiredClaim,
  requiredKind,
  requiredPower,
  requiredScopes,
  requiredTenant,
  type BindingKind,
  type ClaimCondition,
  type CallerKind,
  type PowerOptions,
  type Requirement,
  type TenantOptions,
  type TenantSource,
} from '@verifier-guard/core'
import { configurationError } from '@verifier-guard/core/support'
import { amend, type Access } from './access.js'
import { AccessTokenGuard } from './guard.js'

/** A decorator for controllers, resolvers, gateways and their methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator

/**
 * Lets everybody in without a look at the token, so that a health check answers while the Verifier
 * does not. A requirement beside it closes again.
 *
 * @returns a decorator for classes and methods
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { Public } from '@verifier-guard/nestjs'
 *
 * export class Health {@Get()@Public()
 *   state() {
 *     return 'up'
 *   }
 * }
 * ```
 */
export function Public(): AccessDecorator {
  return amend((access) => ({ ...access, open: 'public' }))
}

/**
 * Lets requests without any credentials in, as nobody's; a bad token is refused all the same.
 *
 * @returns a decorator for classes and methods
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { OptionalAuth } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@OptionalAuth()
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function OptionalAuth(): AccessDecorator {
  return guarded((access) => ({ ...access, open: 'optional' }))
}

/**
 * Asks something of the caller; {@link Scopes} and its kin are this with a requirement at hand. On
 * a class and a method, both hold, and so does what an overridden method asked.
 *
 * Brings {@link AccessTokenGuard} along, so that a requirement is never just a comment. Nest runs
 * guards for handlers alone: not where other code calls the method, and on GraphQL's field
 * resolvers only with `fieldResolverEnhancers: ['guards']`.
 *
 * @param requirements of `@verifier-guard/core`, one at least; their functions get Nest's request,
 *   GraphQL context, client or message context
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for anything that is no requirement
 * @example
 * ```ts
 * import { Delete } from '@nestjs/common'
 * import { anyOf, Requires, requiredKind, requiredScopes } from '@verifier-guard/nestjs'
 *
 * const mayClear = anyOf(requiredScopes('orders:admin'), requiredKind('machine'))
 *
 * export class Orders {@Delete()@Requires(mayClear)
 *   clear() {
 *     return 'cleared'
 *   }
 * }
 * ```
 */
export function Requires(...requirements: readonly Requirement<never>[]): AccessDecorator {
  if (requirements.length === 0) throw nothingAsked()
  // Refuses whatever is no requirement.
  allOf(...requirements)
  return guarded((access) => ({
    ...access,
    requirements: [...access.requirements, ...requirements],
  }))
}
/**
 * Asks for every one of the scopes, and does not look at powers; `requiredScopes` with
 * `match: 'any'` in {@link Requires} for one of them.
 *
 * @param scopes one at least
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for characters that no scope can have
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { Scopes } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@Scopes('orders:read')
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function Scopes(...scopes: readonly string[]): AccessDecorator {
  return Requires(requiredScopes(scopes))
}

/**
 * Asks for every one of the powers of the mandate. Does not look at scopes.
 *
 * @param powers one at least
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for an incomplete one
 * @see requiredPower
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { Powers } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@Powers({ domain: 'DOME', function: 'Orders', action: 'Read' })
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function Powers<Request = unknown>(
  ...powers: readonly PowerOptions<Request>[]
): AccessDecorator {
  return Requires(...powers.map((power) => requiredPower(power)))
}

/**
 * Asks for a tenant. Does not say which tenants there are: a caller's own is what its token was
 * issued for.
 *
 * @param tenant its name, or a function that takes it from Nest's request, GraphQL context, client
 *   or message context
 * @param options of `requiredTenant`
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for an empty name
 * @see requiredTenant
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { Tenant } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@Tenant((request: { host: string }) => request.host.split('.')[0])
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function Tenant<Request = unknown>(
  tenant: TenantSource<Request>,
  options?: TenantOptions,
): AccessDecorator {
  return Requires(requiredTenant(tenant, options))
}

/**
 * Asks for one of several kinds of caller. Does not look at what its mandate grants.
 *
 * @param kinds one at least
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or an unknown one
 * @see requiredKind
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { Kinds } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@Kinds('machine')
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function Kinds(...kinds: readonly CallerKind[]): AccessDecorator {
  return Requires(requiredKind(kinds))
}

/**
 * Asks for a token that is bound to a key, which the request has shown. Checks no proof itself: the
 * resource server has done so for every bound token.
 *
 * @param kind `dpop` for a DPoP key, `certificate` for a client certificate, `any` for either
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for another kind
 * @see requiredBinding
 * @example
 * ```ts
 * import { Post } from '@nestjs/common'
 * import { RequiredBinding } from '@verifier-guard/nestjs'
 *
 * export class Payments {@Post()@RequiredBinding('dpop')
 *   pay() {
 *     return 'paid'
 *   }
 * }
 * ```
 */
export function RequiredBinding(kind: BindingKind): AccessDecorator {
  return Requires(requiredBinding(kind))
}

/**
 * Asks for claims by their names: each a value to equal, or a condition.
 *
 * @param claims one at least
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for anything but one condition each
 * @see requiredClaim
 * @example
 * ```ts
 * import { Get } from '@nestjs/common'
 * import { RequiredClaims } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@RequiredClaims({ team: 'red', groups: { includes: 'buyers' } })
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
export function RequiredClaims(
  claims: Readonly<Record<string, string | number | boolean | ClaimCondition>>,
): AccessDecorator {
  return Requires(
    ...Object.entries(claims).map(([name, wanted]) =>
      requiredClaim(name, typeof wanted === 'object' ? wanted : { equals: wanted }),
    ),
  )
}

function guarded(change: (access: Access) => Access): AccessDecorator {
  return applyDecorators(amend(change), UseGuards(AccessTokenGuard))
}

function nothingAsked(): Error {
  const hint = 'pass one; for any valid token, @UseGuards(AccessTokenGuard) is enough'
  return configurationError('a requirement for @Required, @Powers or @RequiredClaims', 'none', hint)
}
