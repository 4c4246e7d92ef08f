/* The decorators of classes and methods. */
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
import { configurationError, requireObject } from '@verifier-guard/core/support'
import { amend, type Access } from './access.js'
import { AccessTokenGuard } from './guard.js'

/** A decorator for controllers, resolvers, gateways and their methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator

/**
 * Opens a class or a method to every caller. No token is looked at, so that a health check answers
 * while the Verifier does not. `@Auth()` hands over `undefined`.
 *
 * Does not open what asks for something: a requirement on the same class or method closes it again,
 * and one on a method closes what its class opened. On a method it lifts the requirements of the
 * class.
 *
 * @returns a decorator for classes and methods
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { Public } from '@verifier-guard/nestjs'
 *
 * export const Health = () => applyDecorators(Get('health'), Public())
 * ```
 */
export function Public(): AccessDecorator {
  return amend((access) => ({ ...access, open: 'public' }))
}

/**
 * Allows callers without credentials, as anonymous: `@Auth()` hands over `undefined`. A bad token
 * is denied all the same.
 *
 * Does not open what asks for something: with a requirement on the same class or method, or on the
 * class of the method, an anonymous caller is denied. Credentials of another scheme (`Basic …`)
 * count as none.
 *
 * @returns a decorator for classes and methods
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { OptionalAuth } from '@verifier-guard/nestjs'
 *
 * export const Catalogue = () => applyDecorators(Get('offers'), OptionalAuth())
 * ```
 */
export function OptionalAuth(): AccessDecorator {
  return guarded((access) => ({ ...access, open: 'optional' }))
}

/**
 * Asks the caller for requirements of `@verifier-guard/core`. The other decorators are this one
 * with a requirement of one kind.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * An override keeps what the overridden method asks. Each decorator that asks for something puts
 * {@link AccessTokenGuard} before its handler. Nest runs guards for handlers alone: not where other
 * code calls the method, and on GraphQL's field resolvers only with
 * `fieldResolverEnhancers: ['guards']`.
 *
 * @param requirements at least one. Their functions get Nest's request, GraphQL context, client or
 *   message context
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for a value that is no requirement
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Delete } from '@nestjs/common'
 * import { anyOf, requiredKind, requiredScopes, Requires } from '@verifier-guard/nestjs'
 *
 * const mayClear = anyOf(requiredScopes('orders:admin'), requiredKind('machine'))
 *
 * export const ClearOrders = () => applyDecorators(Delete('orders'), Requires(mayClear))
 * ```
 */
export function Requires(...requirements: readonly Requirement<never>[]): AccessDecorator {
  if (requirements.length === 0) throw nothingAsked()
  // Refuses a value that is no requirement.
  allOf(...requirements)
  return guarded((access) => ({
    ...access,
    requirements: [...access.requirements, ...requirements],
  }))
}

/**
 * Asks for every one of the scopes. Does not look at powers. For one of several scopes, pass
 * `requiredScopes([…], { match: 'any' })` to {@link Requires}.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param scopes at least one
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for characters that no scope has
 * @see requiredScopes
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { Scopes } from '@verifier-guard/nestjs'
 *
 * export const ListOrders = () => applyDecorators(Get('orders'), Scopes('orders:read'))
 * ```
 */
export function Scopes(...scopes: readonly string[]): AccessDecorator {
  return Requires(requiredScopes(scopes))
}

/**
 * Asks for every one of the powers of the caller's mandate. Does not look at scopes.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param powers at least one
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for an incomplete one
 * @see requiredPower
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { Powers } from '@verifier-guard/nestjs'
 *
 * const read = { domain: 'DOME', function: 'Orders', action: 'Read' }
 *
 * export const ListOrders = () => applyDecorators(Get('orders'), Powers(read))
 * ```
 */
export function Powers<Request = unknown>(
  ...powers: readonly PowerOptions<Request>[]
): AccessDecorator {
  return Requires(...powers.map((power) => requiredPower(power)))
}

/**
 * Asks for a token that was issued for the tenant. Does not check that such a tenant exists.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param tenant its name, or a function that reads it from Nest's request, GraphQL context, client
 *   or message context
 * @param options of `requiredTenant`
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for an empty name
 * @see requiredTenant
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { Tenant } from '@verifier-guard/nestjs'
 *
 * const fromPath = (request: { params: { tenant?: string } }) => request.params.tenant
 *
 * export const ListOrders = () => applyDecorators(Get(':tenant/orders'), Tenant(fromPath))
 * ```
 */
export function Tenant<Request = unknown>(
  tenant: TenantSource<Request>,
  options?: TenantOptions,
): AccessDecorator {
  return Requires(requiredTenant(tenant, options))
}

/**
 * Asks for one of several kinds of caller. Does not look at the powers of its mandate.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param kinds at least one
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for an unknown one
 * @see requiredKind
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { Kinds } from '@verifier-guard/nestjs'
 *
 * export const ListOrders = () => applyDecorators(Get('orders'), Kinds('machine'))
 * ```
 */
export function Kinds(...kinds: readonly CallerKind[]): AccessDecorator {
  return Requires(requiredKind(kinds))
}

/**
 * Asks for a token that is bound to a key. Checks no proof: the resource server checks those of
 * every bound token.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param kind `dpop` for a DPoP key, `certificate` for a client certificate, `any` for either
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for another kind
 * @see requiredBinding
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Post } from '@nestjs/common'
 * import { RequiredBinding } from '@verifier-guard/nestjs'
 *
 * export const Pay = () => applyDecorators(Post('payments'), RequiredBinding('dpop'))
 * ```
 */
export function RequiredBinding(kind: BindingKind): AccessDecorator {
  return Requires(requiredBinding(kind))
}

/**
 * Asks for every one of the claims, by name: a value to equal, or a condition. Does not look at
 * the credential of the token.
 *
 * Adds to what other decorators of the class and the method ask: the caller has to meet all of it.
 *
 * @param claims at least one
 * @returns a decorator for classes and methods
 * @throws {GuardError} `invalid_configuration` for none, or for a claim without one condition
 * @see requiredClaim
 * @example
 * As a part of a decorator of your own:
 * ```ts
 * import { applyDecorators, Get } from '@nestjs/common'
 * import { RequiredClaims } from '@verifier-guard/nestjs'
 *
 * const buyers = { team: 'red', groups: { includes: 'buyers' } }
 *
 * export const ListOrders = () => applyDecorators(Get('orders'), RequiredClaims(buyers))
 * ```
 */
export function RequiredClaims(
  claims: Readonly<Record<string, string | number | boolean | ClaimCondition>>,
): AccessDecorator {
  requireObject('claims for @RequiredClaims', claims, "name each: { team: 'red' }")
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
  return configurationError(
    'a requirement for @Requires, @Powers or @RequiredClaims',
    'none',
    'pass one; for any valid token, @UseGuards(AccessTokenGuard) is enough',
  )
}
