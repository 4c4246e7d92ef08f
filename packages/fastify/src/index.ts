/**
 * Protects Fastify routes.
 *
 * @packageDocumentation
 */
import {
  GuardError,
  type AuthContext,
  type Claims,
  type Requirement,
  type ResourceServer,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import {
  authenticateEntry,
  authorizeEntry,
  bindRequirements,
  createGuard,
  endOf,
  fieldsByName,
  findCaller,
  requireCaller,
  settle,
  type Admission,
  type AuthOptions,
  type Entry,
  type Exchange,
  type Guard,
} from '@verifier-guard/core/support'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GUARDS, reportDoors } from './doors.js'
import { answerRefusals, refuse } from './refusal.js'
import { entry, hook, type GuardedRequest, type Handler } from './request.js'
import { isOpen, statedFor, watchAround } from './route-config.js'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'
export type { GuardedRequest, Handler } from './request.js'
export type { RouteConfig } from './route-config.js'

/** A plugin that fits Fastify 4 and 5, over HTTP/1.1 and HTTP/2. */
export type Plugin = (
  scope: { addHook: FastifyInstance['addHook'] | ((...parameters: never[]) => unknown) },
  options: unknown,
  done: (error?: Error) => void,
) => void

/**
 * The options of {@link auth} where it is registered itself: those of `createResourceServer`, or a
 * resource server made before, and `optional`.
 */
export type RegisterOptions = AuthOptions &
  (
    | (ResourceServerOptions & { readonly resourceServer?: never })
    | ({ readonly [Option in keyof ResourceServerOptions]?: never } & {
        readonly resourceServer: ResourceServer<object>
      })
  )

/**
 * A plugin that allows requests with a valid access token and sets `request.auth`, on every route
 * of the scope it is registered in. `app.register(auth, { issuer, … })` and
 * `app.register(auth({ issuer, … }))` are the same.
 *
 * Runs as `onRequest`, before the body is read. Asks for no right: state that as the route's own
 * `onRequest` or `preHandler`, or in its `config.auth`. A resource server that it makes ends with
 * the application. When the application is ready, one line of its log names the routes that are
 * open.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between
 *   scopes
 * @param authOptions `optional` allows requests without credentials; default: false
 * @returns a plugin; a refused request goes to Fastify's error handling with status and headers
 *   set, and gets its answer in JSON where no handler answers
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import Fastify from 'fastify'
 * import { auth, authOf, requiredPower } from '@verifier-guard/fastify'
 *
 * const app = Fastify()
 * app.register(async (api) => {
 *   await api.register(auth, {
 *     issuer: 'https://verifier.example.org/verifier',
 *     profile: 'eudistack',
 *   })
 *   const mayCreate = requiredPower({
 *     domain: 'DOME',
 *     function: 'ProductOffering',
 *     action: 'Create',
 *   })
 *   api.post('/offers', { onRequest: mayCreate }, (request) => ({
 *     hello: authOf(request).clientId,
 *   }))
 * })
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): Plugin
export function auth(
  scope: Parameters<Plugin>[0],
  options: RegisterOptions,
  done: (error?: Error) => void,
): void
export function auth(
  first: ResourceServerOptions | ResourceServer<object> | Parameters<Plugin>[0],
  second?: AuthOptions | RegisterOptions,
  done?: (error?: Error) => void,
): Plugin | void {
  if (done !== undefined && 'addHook' in first)
    return register(first as FastifyInstance, second as RegisterOptions, done)
  return pluginOf(first as ResourceServerOptions, second)
}

// What `fastify-plugin` does: the hooks belong to the scope that registers the plugin, not to one
// of the plugin's own.
const skipOverride = { [Symbol.for('skip-override')]: true }
Object.assign(auth, skipOverride)

function register(
  scope: FastifyInstance,
  options: RegisterOptions,
  done: (error?: Error) => void,
): void {
  try {
    // Fastify hands on its own options among those of the plugin.
    const own: Record<string, unknown> = { ...options }
    for (const name of ['prefix', 'logLevel', 'logSerializers']) delete own[name]
    const { optional, resourceServer, ...others } = own as unknown as RegisterOptions
    const authOptions = optional === undefined ? {} : { optional }
    pluginOf(resourceServer ?? (others as ResourceServerOptions), authOptions)(scope, {}, done)
  } catch (error) {
    done(error as Error)
  }
}

function pluginOf(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): Plugin {
  const guard = createGuard(options, authOptions)
  const verifierGuard = (scope: FastifyInstance, _: unknown, done: () => void) => {
    scope.addHook('onRequest', enter(guard, authOptions))
    answerRefusals(scope)
    watchAround(scope)
    reportDoors(scope)
    if (guard.server !== options)
      scope.addHook('onClose', (_, closed) => (guard.server.close(), closed()))
    done()
  }
  return Object.assign(verifierGuard as Plugin, skipOverride)
}

/**
 * Asks something of the caller of a request that {@link auth} allows; {@link requiredScopes} and
 * the others are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Fastify's request
 * @returns a hook for a route's `onRequest` or `preHandler`; a route where {@link auth} did not run
 *   before is refused with `invalid_configuration`
 * @example
 * ```ts
 * import Fastify from 'fastify'
 * import { auth, required, requiredRule } from '@verifier-guard/fastify'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = Fastify()
 * app.register(auth(trust))
 * const mayDelete = requiredRule('an owner', ({ tenant }) => tenant === 'shop')
 * app.delete('/orders/:id', { onRequest: required(mayDelete) }, async () => ({ deleted: true }))
 * ```
 */
export function required(requirement: Requirement<never>): Handler {
  return hook(function authorize(request, reply, done) {
    const goOn = () => done()
    settle(() => authorizeEntry(request[entry], requirement), goOn, refuse(reply, done))
  })
}

// Hooks that are requirements still: of a route, in its config.auth, or composed with allOf and
// anyOf.
const bound = bindRequirements<Handler, FastifyRequest>(required)

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
 * import Fastify from 'fastify'
 * import { auth, authOf } from '@verifier-guard/fastify'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = Fastify()
 * app.register(auth(trust))
 * app.get('/me', async (request) => ({ hello: authOf(request).clientId }))
 * ```
 */
export function authOf<C extends object = Claims>(request: object): AuthContext<C> {
  return requireCaller<C>(entryOf(request))
}

/**
 * The caller, typed, for handlers that serve anonymous callers as well: behind {@link auth} with
 * `optional`.
 *
 * A request that was refused has no anonymous caller. In a logger or in error handling,
 * `request.auth` is `undefined` for both.
 *
 * @returns `undefined` for an anonymous caller, and on routes that are open by `config.auth: false`
 * @throws {GuardError} `invalid_configuration` where no guard ran; the refusal again where error
 *   handling let a refused request go on
 * @example
 * ```ts
 * import Fastify from 'fastify'
 * import { auth, optionalAuthOf } from '@verifier-guard/fastify'
 *
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const app = Fastify()
 * app.register(auth(trust, { optional: true }))
 * app.get('/', async (request) => ({ hello: optionalAuthOf(request)?.clientId ?? 'stranger' }))
 * ```
 */
export function optionalAuthOf<C extends object = Claims>(
  request: object,
): AuthContext<C> | undefined {
  return findCaller<C>(entryOf(request))
}

/** A route that its config opens has an anonymous caller, guard or none. */
function entryOf(request: Partial<GuardedRequest> | undefined): Pick<Entry, 'outcome'> | undefined {
  if (request?.[entry] !== undefined) return request[entry]
  return request && isOpen(request) ? { outcome: { caller: undefined } } : undefined
}

function enter(guard: Guard, { optional = false }: AuthOptions = {}): Handler {
  const enters = hook(function authenticate(request, reply, done) {
    const asked = statedFor(request)
    const refused = refuse(reply, done)
    if (asked === false) return done()
    if (asked instanceof GuardError) return refused(asked)
    const own: Entry = { guard, exchange: exchangeOf(request, reply) }
    request[entry] = own
    const setCaller = (caller: AuthContext | undefined) => {
      if (!request.server.hasRequestDecorator('auth')) request.auth = caller
    }
    // What a guard around this one allowed does not outlive a refusal by this one.
    setCaller(undefined)
    const accept = ({ auth: caller, headers }: Admission) => {
      if (!reply.sent) reply.headers(fieldsByName(headers))
      setCaller(caller)
    }
    const goOn = () => (asked === undefined ? done() : required(asked)(request, reply, done))
    settle(() => authenticateEntry(own, accept), goOn, refused)
  })
  return Object.defineProperty(enters, 'name', { value: GUARDS[optional ? 'optional' : 'guarded'] })
}

function exchangeOf(request: GuardedRequest, reply: FastifyReply): Exchange {
  const { raw } = request
  const route = () => request.routeOptions.url
  return { request: raw, own: request, key: raw, route, ended: endOf(reply.raw) }
}
