/**
 * Protects Express routes.
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
  findCaller,
  isRefusal,
  requireCaller,
  setFields,
  settle,
  type Admission,
  type AuthOptions,
  type Closable,
  type Entry,
  type Exchange,
} from '@verifier-guard/core/support'
import { addLastErrorHandler, type Application } from './last-resort.js'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const entry = Symbol.for('@verifier-guard/express/entry')

/** Express' request, as far as this package touches it. */
export interface GuardedRequest extends IncomingMessage {
  /**
   * The caller; set by {@link auth}. `undefined` for an anonymous caller, and for a refused one in
   * an error handler. Requirements do not read it, as others may write it.
   */
  auth?: AuthContext | undefined
  app?: Application
  baseUrl?: string
  route?: { readonly path: unknown }
  [entry]?: Entry
}

/** Express' request as the functions of an application see it, on a route. */
export interface RouteRequest extends GuardedRequest {
  /** What the path names; a wildcard of Express 5 names a list. */
  readonly params: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * A middleware that fits Express 4 and 5 alike, whatever else in the program says of `req.auth`.
 */
export type Handler = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Allows requests with a valid access token and sets `req.auth`; refuses the others through
 * Express' error handling.
 *
 * Asks for no right: add {@link requiredScopes}, {@link requiredPower} or another requirement to
 * the route.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between
 *   routers
 * @param authOptions `optional` allows requests without credentials; default: false
 * @returns a middleware; it calls `next(error)` with a `GuardError`, which is answered in JSON
 *   where no error handler of the application answers. Its `close()` ends the timers of a resource
 *   server that it made: `server.on('close', guard.close)`
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, requiredPower } from '@verifier-guard/express'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = express()
 * app.use('/offers', auth(trust))
 * app.post(
 *   '/offers',
 *   requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
 *   (req, res) => {
 *     res.status(201).json({})
 *   },
 * )
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): Handler & Closable {
  const guard = createGuard(options, authOptions)
  const authenticate: Handler = (req: GuardedRequest, res, next) => {
    const own: Entry = { guard, exchange: exchangeOf(req, res) }
    // What a guard around this one allowed does not outlive a refusal by this one.
    req[entry] = own
    req.auth = undefined
    const accept = ({ auth, headers }: Admission) => {
      req.auth = auth
      setFields(res, headers)
    }
    const goOn = () => next()
    settle(() => authenticateEntry(own, accept), goOn, refuse(req, res, next))
  }
  return Object.assign(authenticate, { close: guard.close })
}

/**
 * Asks something of the caller of a request that {@link auth} allows; {@link requiredScopes} and
 * the others are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`
 * @returns a middleware; a route where {@link auth} did not run before is refused with
 *   `invalid_configuration`
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, required, requiredRule } from '@verifier-guard/express'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = express()
 * app.use(auth(trust))
 * const mayDelete = requiredRule('an owner', ({ tenant }) => tenant === 'shop')
 * app.delete('/orders/:id', required(mayDelete), (req, res) => void res.sendStatus(204))
 * ```
 */
export function required(requirement: Requirement<never>): Handler {
  return function authorize(req: GuardedRequest, res, next) {
    const goOn = () => next()
    settle(() => authorizeEntry(req[entry], requirement), goOn, refuse(req, res, next))
  }
}

// Middleware that is a requirement still: on a route as it is, or composed with allOf and anyOf.
const bound = bindRequirements<Handler, RouteRequest>(required)

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
 *   refusal again where an error handler let a refused request go on
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, authOf } from '@verifier-guard/express'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = express()
 * app.use(auth(trust))
 * app.get('/me', (req, res) => void res.json({ hello: authOf(req).clientId }))
 * ```
 */
export function authOf<C extends object = Claims>(req: object): AuthContext<C> {
  return requireCaller<C>(entryOf(req))
}

/**
 * The caller, typed, for handlers that serve anonymous callers as well: behind {@link auth} with
 * `optional`.
 *
 * A request that was refused has no anonymous caller. In a logger or an error handler, `req.auth`
 * is `undefined` for both.
 *
 * @returns `undefined` for an anonymous caller
 * @throws {GuardError} `invalid_configuration` where no guard ran; the refusal again where an error
 *   handler let a refused request go on
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, optionalAuthOf } from '@verifier-guard/express'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = express()
 * app.use(auth(trust, { optional: true }))
 * app.get('/', (req, res) => void res.json({ hello: optionalAuthOf(req)?.clientId ?? 'stranger' }))
 * ```
 */
export function optionalAuthOf<C extends object = Claims>(req: object): AuthContext<C> | undefined {
  return findCaller<C>(entryOf(req))
}

function entryOf(req: GuardedRequest | object | undefined): Entry | undefined {
  return (req as GuardedRequest | undefined)?.[entry]
}

function refuse(
  req: GuardedRequest,
  res: ServerResponse,
  next: (error?: unknown) => void,
): (error: unknown) => void {
  return (error) => {
    if (!isRefusal(error)) return next(error)
    // A time-out, for instance, answered meanwhile.
    if (res.headersSent) return
    setFields(res, error.headers)
    addLastErrorHandler(req.app)
    next(error)
  }
}

function exchangeOf(req: GuardedRequest, res: ServerResponse): Exchange {
  return { request: req, key: req, route: () => routeOf(req), ended: endOf(res) }
}

/** What a router is mounted at stands in `baseUrl` as it was requested. */
function routeOf({ baseUrl = '', route }: GuardedRequest): string | undefined {
  const path = baseUrl + (route === undefined ? '' : String(route.path))
  return path === '' ? undefined : path
}
