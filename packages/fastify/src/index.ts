import type { AuthContext, Claims, Requirement, ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import { GuardError } from '@verifier-guard/core'
import {
  configurationError,
  createGuard,
  isRefusal,
  liftRequirements,
  missingGuard,
  presentCaller,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const guard = Symbol.for('@verifier-guard/fastify/guard')

/** Fastify's request with what {@link auth} adds to it. */
export type GuardedRequest = FastifyRequest & {
  /** Who calls; `undefined` for nobody where authentication is optional. */
  auth?: AuthContext | undefined
  [guard]?: Guard
}

/** What a route may state in its `config`. */
export interface RouteConfig {
  /** What the route asks of the caller; `false` opens it to everybody, tokens unread. Default: a valid token. */
  readonly auth?: Requirement | false
}

/** A hook, in the form with a callback: for `onRequest`, `preParsing`'s successors and `preHandler`. */
export type Handler = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/**
 * A plugin that lets requests with a valid access token in and sets `request.auth`, on every route of the scope it is registered in.
 *
 * Runs as `onRequest`, before the body is read. Asks for no right: state that in the route's `config.auth`, or as `preHandler`.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between scopes
 * @param authOptions `optional` lets requests without credentials through; default: false
 * @returns a plugin; a refused request gets its answer in JSON, or goes to the scope's own error handler with status and headers set
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import Fastify from 'fastify'
 * import { auth, authOf, requiredPower } from '@verifier-guard/fastify'
 *
 * const app = Fastify()
 * app.register(async (api) => {
 *   await api.register(auth({ issuer: 'https://verifier.example.org', profile: 'eudistack' }))
 *   const mayCreate = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' })
 *   api.post('/offers', { config: { auth: mayCreate } }, (request) => ({ hello: authOf(request).clientId }))
 * })
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer,
  authOptions?: AuthOptions,
): FastifyPluginCallback {
  const shared = createGuard(options, authOptions)
  const verifierGuard: FastifyPluginCallback = (scope, _, done) => {
    if (!scope.hasRequestDecorator('auth')) scope.decorateRequest('auth', undefined)
    scope.addHook('onRequest', (request, reply, next) => enter(shared, request, reply, next))
    if (shared.server !== options) scope.addHook('onClose', (_, closed) => (shared.server.close(), closed()))
    done()
  }
  // What `fastify-plugin` does: the hook belongs to the scope that registers the plugin, not to one of the plugin's own.
  return Object.assign(verifierGuard, { [Symbol.for('skip-override')]: true })
}

/**
 * Asks something of the caller that {@link auth} let in; {@link requiredScopes} and its kin are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Fastify's request
 * @returns a hook for `preHandler`; a route where {@link auth} did not run before is refused with `invalid_configuration`
 */
export function required(requirement: Requirement): Handler {
  return function authorize(request: GuardedRequest, reply, done) {
    const shared = request[guard]
    const refused = refuse(request, reply, done)
    if (shared === undefined) return refused(missingGuard(requirement))
    settle(shared.authorize(request.auth, requirement, request.raw, request), () => done(), refused)
  }
}

/** The requirements of `@verifier-guard/core` as hooks: in `config.auth`, as `preHandler`, or composed with `allOf` and `anyOf`. */
export const {
  requiredScopes,
  requiredPower,
  requiredClaim,
  requiredTenant,
  requiredKind,
  requiredRule,
  requiredStatus,
  allOf,
  anyOf,
} = liftRequirements<Handler, FastifyRequest>(required)

/**
 * Who calls, typed: for handlers behind {@link auth}.
 *
 * @throws {GuardError} `invalid_configuration` where no caller is known
 */
export function authOf<C extends Claims = Claims>(request: object): AuthContext<C> {
  return presentCaller<C>((request as GuardedRequest).auth)
}

function enter(shared: Guard, request: GuardedRequest, reply: FastifyReply, done: (error?: Error) => void): void {
  const { auth: asked } = (request.routeOptions.config ?? {}) as RouteConfig
  if (asked === false) return done()
  const refused = refuse(request, reply, done)
  if (asked !== undefined && typeof asked.check !== 'function') return refused(unknownConfig(typeof asked))
  const admit = (auth: AuthContext | undefined) => {
    request[guard] = shared
    request.auth = auth
    if (asked === undefined) return done()
    settle(shared.authorize(auth, asked, request.raw, request), () => done(), refused)
  }
  settle(shared.authenticate(request.raw), admit, refused)
}

/** Goes on at once where nothing has to be waited for. */
function settle<T>(pending: T | Promise<T>, next: (value: T) => void, refused: (error: Error) => void): void {
  if (pending instanceof Promise) pending.then(next, refused)
  else next(pending)
}

/** Fastify's own last resort would tell callers our code or message, which are the operator's; an error handler of the application gets the error itself. */
function refuse(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): (error: Error) => void {
  return (error) => {
    if (!(error instanceof GuardError)) return done(error)
    reply.code(error.status).headers(error.headers)
    if (request.server.errorHandler.name !== 'defaultErrorHandler') return done(error)
    if (!isRefusal(error)) request.log.error(error)
    reply.send(error.body)
  }
}

function unknownConfig(found: string): GuardError {
  return configurationError(
    'a requirement or false in the "config.auth" of a route',
    found,
    'pass requiredScopes(…) or its kin',
  )
}
