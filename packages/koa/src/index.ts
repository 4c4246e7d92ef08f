/**
 * Protects Koa routes.
 *
 * @packageDocumentation
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AuthContext,
  Claims,
  Requirement,
  ResourceServer,
  ResourceServerOptions,
} from '@verifier-guard/core'
import {
  authenticateEntry,
  authorizeEntry,
  bindRequirements,
  createGuard,
  endOf,
  fieldsByName,
  findCaller,
  isRefusal,
  requireCaller,
  setFields,
  type Admission,
  type AuthOptions,
  type Closable,
  type Entry,
  type Exchange,
} from '@verifier-guard/core/support'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const entry = Symbol.for('@verifier-guard/koa/entry')

/** What {@link auth} puts into `ctx.state`: `new Koa<AuthState>()` types it. */
export interface AuthState {
  /**
   * The caller; `undefined` for an anonymous one, where authentication is optional, and for a
   * refused one in error handling.
   */
  auth?: AuthContext | undefined
}

/** Koa's context, as far as this package touches it. */
export interface GuardedContext {
  readonly req: IncomingMessage & { originalUrl?: string }
  readonly res: ServerResponse
  readonly headers: IncomingMessage['headers']
  readonly originalUrl: string
  readonly headerSent: boolean
  readonly app: {
    readonly context: object
    emit(event: string, ...values: readonly unknown[]): boolean
  }
  state: AuthState & { [entry]?: Entry }
  readonly _matchedRoute?: string | RegExp
  onerror(error: unknown): void
}

/** A middleware that fits Koa 2 and 3 alike. */
export type Middleware = (ctx: GuardedContext, next: () => Promise<unknown>) => Promise<unknown>

/**
 * Allows requests with a valid access token and sets `ctx.state.auth`; throws for the others what
 * Koa answers from.
 *
 * Asks for no right: add {@link requiredScopes}, {@link requiredPower} or another requirement to
 * the route.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between
 *   routers
 * @param authOptions `optional` allows requests without credentials; default: false
 * @returns a middleware that throws a `GuardError` with `status`, `headers` and `expose`; uncaught,
 *   it is answered in JSON. Its `close()` ends the timers of a resource server that it made:
 *   `server.on('close', guard.close)`
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import Koa from 'koa'
 * import { auth, authOf, requiredPower } from '@verifier-guard/koa'
 *
 * const app = new Koa()
 * app.use(auth({ issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' }))
 * app.use(requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }))
 * app.use((ctx) => {
 *   ctx.body = { hello: authOf(ctx).clientId }
 * })
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): Middleware & Closable {
  const guard = createGuard(options, authOptions)
  const authenticate: Middleware = async (ctx, next) => {
    answerInJson(ctx)
    // As Express has it: what is mounted in Koa changes `url`, and a proof is made for all of it.
    ctx.req.originalUrl ??= ctx.originalUrl
    const own: Entry = { guard, exchange: exchangeOf(ctx) }
    // What a guard around this one allowed does not outlive a refusal by this one.
    ctx.state[entry] = own
    ctx.state.auth = undefined
    const accept = ({ auth, headers }: Admission) => {
      ctx.state.auth = auth
      setFields(ctx.res, headers)
    }
    await refusing(ctx, () => authenticateEntry(own, accept))
    return next()
  }
  return Object.assign(authenticate, { close: guard.close })
}

/**
 * Asks something of the caller of a request that {@link auth} allows; {@link requiredScopes} and
 * the others are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Koa's context
 * @returns a middleware; a route where {@link auth} did not run before is refused with
 *   `invalid_configuration`
 * @example
 * ```ts
 * import Koa from 'koa'
 * import { auth, required, requiredRule } from '@verifier-guard/koa'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Koa()
 * app.use(auth(trust))
 * const mayDelete = requiredRule('an owner', ({ tenant }) => tenant === 'shop')
 * app.use(required(mayDelete))
 * ```
 */
export function required(requirement: Requirement<never>): Middleware {
  return async function authorize(ctx, next) {
    await refusing(ctx, () => authorizeEntry(ctx.state[entry], requirement))
    return next()
  }
}

// Middleware that is a requirement still: on a route as it is, or composed with allOf and anyOf.
const bound = bindRequirements<Middleware, GuardedContext>(required)

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
 * import Koa from 'koa'
 * import { auth, authOf } from '@verifier-guard/koa'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Koa()
 * app.use(auth(trust))
 * app.use((ctx) => void (ctx.body = { hello: authOf(ctx).clientId }))
 * ```
 */
export function authOf<C extends object = Claims>(ctx: {
  readonly state: AuthState
}): AuthContext<C> {
  return requireCaller<C>(entryOf(ctx))
}

/**
 * The caller, typed, for handlers that serve anonymous callers as well: behind {@link auth} with
 * `optional`.
 *
 * A request that was refused has no anonymous caller. In a logger or in error handling,
 * `ctx.state.auth` is `undefined` for both.
 *
 * @returns `undefined` for an anonymous caller
 * @throws {GuardError} `invalid_configuration` where no guard ran; the refusal again where error
 *   handling let a refused request go on
 * @example
 * ```ts
 * import Koa from 'koa'
 * import { auth, optionalAuthOf } from '@verifier-guard/koa'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = new Koa()
 * app.use(auth(trust, { optional: true }))
 * app.use((ctx) => void (ctx.body = { hello: optionalAuthOf(ctx)?.clientId ?? 'stranger' }))
 * ```
 */
export function optionalAuthOf<C extends object = Claims>(ctx: {
  readonly state: AuthState
}): AuthContext<C> | undefined {
  return findCaller<C>(entryOf(ctx))
}

function entryOf(ctx: { readonly state?: AuthState } | undefined): Entry | undefined {
  return (ctx?.state as GuardedContext['state'] | undefined)?.[entry]
}

function exchangeOf(ctx: GuardedContext): Exchange {
  return {
    request: ctx.req,
    own: ctx,
    key: ctx.req,
    // `@koa/router` has it under this name.
    route: () => (ctx._matchedRoute === undefined ? undefined : String(ctx._matchedRoute)),
    ended: endOf(ctx.res),
  }
}

async function refusing<T>({ res }: GuardedContext, decide: () => T | Promise<T>): Promise<T> {
  try {
    return await decide()
  } catch (error) {
    if (isRefusal(error)) setFields(res, error.headers)
    throw error
  }
}

/**
 * Koa's own last resort answers in plain text; callers of an API expect JSON. An application's own
 * last resort stays in charge.
 */
function answerInJson(ctx: GuardedContext): void {
  if (Object.hasOwn(ctx.app.context, 'onerror')) return
  const fallback = ctx.onerror.bind(ctx)
  ctx.onerror = (error) => {
    if (!isRefusal(error) || ctx.headerSent) return fallback(error)
    ctx.app.emit('error', error, ctx)
    for (const name of ctx.res.getHeaderNames()) ctx.res.removeHeader(name)
    const headers = {
      ...fieldsByName(error.headers),
      'Content-Type': 'application/json; charset=utf-8',
    }
    ctx.res.writeHead(error.status, headers).end(JSON.stringify(error))
  }
}
