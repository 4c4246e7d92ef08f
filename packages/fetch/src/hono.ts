/**
 * Protects Hono routes.
 *
 * @packageDocumentation
 */
import type {
  AuthContext,
  Claims,
  HeaderFields,
  Requirement,
  ResourceServer,
  ResourceServerOptions,
} from '@verifier-guard/core'
import {
  authenticateEntry,
  authorizeEntry,
  bindRequirements,
  createGuard,
  findCaller,
  isRefusal,
  ownEnd,
  requireCaller,
  type Admission,
  type AuthOptions,
  type Closable,
  type Entry,
  type Exchange,
} from '@verifier-guard/core/support'
import type { Context, MiddlewareHandler } from 'hono'
import { refusalResponse } from './index.js'

export * from '@verifier-guard/core'
export { whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const entry = '@verifier-guard/fetch/entry'

/** What {@link auth} puts into Hono's context: `new Hono<AuthEnv>()` types `c.var.auth`. */
export interface AuthEnv {
  Variables: {
    /**
     * The caller; `undefined` for an anonymous one, where authentication is optional, and for a
     * refused one in error handling.
     */
    auth?: AuthContext | undefined
  }
}

/**
 * Allows requests with a valid access token and sets `c.var.auth`; throws for the others what Hono
 * answers from.
 *
 * Asks for no right: add {@link requiredScopes}, {@link requiredPower} or another requirement to
 * the route.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between
 *   routes
 * @param authOptions `optional` allows requests without credentials; default: false
 * @returns a middleware; a `GuardError` reaches `app.onError`, and is answered in JSON without one.
 *   Its `close()` ends the timers of a resource server that it made
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import { auth, authOf, requiredScopes } from '@verifier-guard/fetch/hono'
 * import { Hono } from 'hono'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Hono()
 * app.use('/orders/*', auth(trust))
 * app.get('/orders/:id', requiredScopes('orders:read'), (c) =>
 *   c.json({ hello: authOf(c).clientId }),
 * )
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): MiddlewareHandler & Closable {
  const guard = createGuard(options, authOptions)
  const authenticate: MiddlewareHandler = async (c, next) => {
    const { ended, end } = ownEnd()
    const own: Entry = { guard, exchange: exchangeOf(c, ended) }
    c.set(entry, own)
    // What a guard around this one allowed does not outlive a refusal by this one.
    c.set('auth', undefined)
    const accept = ({ auth, headers }: Admission) => {
      c.set('auth', auth)
      setFields(c, headers)
    }
    await answerable(c, () => authenticateEntry(own, accept))
    try {
      await next()
    } finally {
      end(() => !c.req.raw.signal.aborted)
    }
  }
  return Object.assign(authenticate, { close: guard.close })
}

/**
 * Asks something of the caller of a request that {@link auth} allows; {@link requiredScopes} and
 * the others are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Hono's context
 * @returns a middleware; a route where {@link auth} did not run before is refused with
 *   `invalid_configuration`
 * @example
 * ```ts
 * import { Hono } from 'hono'
 * import { auth, required, requiredRule } from '@verifier-guard/fetch/hono'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Hono()
 * app.use(auth(trust))
 * const mayDelete = requiredRule('an owner', ({ tenant }) => tenant === 'shop')
 * app.delete('/orders/:id', required(mayDelete), (c) => c.json({ deleted: true }))
 * ```
 */
export function required(requirement: Requirement<never>): MiddlewareHandler {
  return async function authorize(c, next) {
    await answerable(c, () => authorizeEntry(c.get(entry) as Entry | undefined, requirement))
    return next()
  }
}

// Middleware that is a requirement still: on a route as it is, or composed with allOf and anyOf.
const bound = bindRequirements<MiddlewareHandler, Context>(required)

/**
 * Requires scopes of the token: all of them, or one with `match: 'any'`. Does not look at powers.
 *
 * @see `requiredScopes` of `@verifier-guard/core` for its options
 */
export const requiredScopes = bound.requiredScopes

/**
 * Requires one power of the caller's mandate that has the function, every action, the domain and
 * the type together. Does not look at scopes.
 *
 * @see `requiredPower` of `@verifier-guard/core` for its options
 */
export const requiredPower = bound.requiredPower

/**
 * Requires that the token is bound to a key, which the request has shown: `dpop`, `certificate` or
 * `any`. Checks no proof itself.
 *
 * @see `requiredBinding` of `@verifier-guard/core`
 */
export const requiredBinding = bound.requiredBinding

/**
 * Requires something of one claim of the token, by its name or the path to it.
 *
 * @see `requiredClaim` of `@verifier-guard/core` for the conditions
 */
export const requiredClaim = bound.requiredClaim

/**
 * Requires that the token was issued for the tenant that the request is about, ASCII letters
 * compared without their case by default.
 *
 * @see `requiredTenant` of `@verifier-guard/core` for its options
 */
export const requiredTenant = bound.requiredTenant

/**
 * Requires a kind of actor: a machine or an employee by its credential, or `none` for a token
 * without one.
 *
 * @see `requiredKind` of `@verifier-guard/core` for the kinds
 */
export const requiredKind = bound.requiredKind

/**
 * Requires what only the application can tell: for example that this caller owns that order. Allows
 * for `true` alone.
 *
 * @see `requiredRule` of `@verifier-guard/core` for what happens when it throws
 */
export const requiredRule = bound.requiredRule

/**
 * Requires that the credential behind the token is neither revoked nor suspended by now. The lists
 * are those of the resource server: its option `status`.
 *
 * @see `requiredStatus` of `@verifier-guard/core` for its options
 */
export const requiredStatus = bound.requiredStatus

/**
 * Requires all of several things, asked in order; the first that is not met refuses.
 *
 * @see `allOf` of `@verifier-guard/core`
 */
export const allOf = bound.allOf

/**
 * Requires one of several things, asked in order; the first that is met allows.
 *
 * @see `anyOf` of `@verifier-guard/core`
 */
export const anyOf = bound.anyOf

/**
 * The caller, typed: for handlers behind {@link auth}. Where authentication is optional,
 * {@link optionalAuthOf} fits.
 *
 * @throws {GuardError} `invalid_configuration` where no guard ran, and for an anonymous caller; the
 *   refusal again where error handling let a refused request go on
 * @example
 * ```ts
 * import { Hono } from 'hono'
 * import { auth, authOf } from '@verifier-guard/fetch/hono'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Hono()
 * app.use(auth(trust))
 * app.get('/me', (c) => c.json({ hello: authOf(c).clientId }))
 * ```
 */
export function authOf<C extends object = Claims>(c: { readonly var: object }): AuthContext<C> {
  return requireCaller<C>(entryOf(c))
}

/**
 * The caller, typed, for handlers that serve anonymous callers as well: behind {@link auth} with
 * `optional`.
 *
 * A request that was refused has no anonymous caller. In a logger or in error handling,
 * `c.var.auth` is `undefined` for both.
 *
 * @returns `undefined` for an anonymous caller
 * @throws {GuardError} `invalid_configuration` where no guard ran; the refusal again where error
 *   handling let a refused request go on
 * @example
 * ```ts
 * import { Hono } from 'hono'
 * import { auth, optionalAuthOf } from '@verifier-guard/fetch/hono'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Hono()
 * app.use(auth(trust, { optional: true }))
 * app.get('/', (c) => c.json({ hello: optionalAuthOf(c)?.clientId ?? 'stranger' }))
 * ```
 */
export function optionalAuthOf<C extends object = Claims>(c: {
  readonly var: object
}): AuthContext<C> | undefined {
  return findCaller<C>(entryOf(c))
}

function entryOf(c: { readonly var?: object } | undefined): Entry | undefined {
  return (c?.var as { [entry]?: Entry } | undefined)?.[entry]
}

/**
 * Hono answers an error that has `getResponse` with what that returns, unless the application has
 * an `onError`: the fields stand in what that answers by the context, too.
 */
async function answerable<T>(c: Context, decide: () => T | Promise<T>): Promise<T> {
  try {
    return await decide()
  } catch (error) {
    if (!isRefusal(error)) throw error
    setFields(c, error.headers)
    throw Object.assign(error, { getResponse: () => refusalResponse(error) })
  }
}

function setFields(c: Context, fields: HeaderFields): void {
  for (const [name, value] of Object.entries(fields))
    for (const [index, one] of [value].flat().entries()) c.header(name, one, { append: index > 0 })
}

/**
 * Middleware such as `bodyLimit` puts a copy in the place of the request: what the first guard of a
 * context saw stands for it.
 */
function exchangeOf(c: Context, ended: Exchange['ended']): Exchange {
  const request = c.req.raw
  const identity = entryOf(c)?.exchange.identity ?? request
  return { request, own: c, identity, key: c, route: () => c.req.routePath, ended }
}
