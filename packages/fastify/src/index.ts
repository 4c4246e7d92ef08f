import type { AuthContext, Claims, Requirement, ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import { GuardError } from '@verifier-guard/core'
import {
  createGuard,
  liftRequirements,
  missingGuard,
  presentCaller,
  settle,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { answerUnanswered, refuse } from './refusal.js'
import { verdict, type GuardedRequest, type Handler } from './request.js'
import { statedFor } from './route-config.js'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'
export type { GuardedRequest, Handler } from './request.js'
export type { RouteConfig } from './route-config.js'

/**
 * A plugin that lets requests with a valid access token in and sets `request.auth`, on every route of the scope it is registered in.
 *
 * Runs as `onRequest`, before the body is read. Asks for no right: state that as the route's own `onRequest` or `preHandler`, or in its `config.auth`.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between scopes
 * @param authOptions `optional` lets requests without credentials through; default: false
 * @returns a plugin; a refused request goes to Fastify's error handling with status and headers set, and gets its answer in JSON where no handler answers
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
 *   api.post('/offers', { onRequest: mayCreate }, (request) => ({ hello: authOf(request).clientId }))
 * })
 * ```
 */
export function auth(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions?: AuthOptions,
): FastifyPluginCallback {
  const guard = createGuard(options, authOptions)
  const verifierGuard: FastifyPluginCallback = (scope, _, done) => {
    scope.addHook('onRequest', enter(guard))
    scope.addHook('onSend', answerUnanswered)
    if (guard.server !== options) scope.addHook('onClose', (_, closed) => (guard.server.close(), closed()))
    done()
  }
  // What `fastify-plugin` does: the hooks belong to the scope that registers the plugin, not to one of the plugin's own.
  return Object.assign(verifierGuard, { [Symbol.for('skip-override')]: true })
}

/**
 * Asks something of the caller that {@link auth} let in; {@link requiredScopes} and its kin are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Fastify's request
 * @returns a hook for a route's `onRequest` or `preHandler`; a route where {@link auth} did not run before is refused with `invalid_configuration`
 */
export function required(requirement: Requirement<never>): Handler {
  return function authorize(request: GuardedRequest, reply, done) {
    const refused = refuse(reply, done)
    if (request[verdict] === undefined) return refused(missingGuard(requirement))
    const { guard, caller } = request[verdict]
    settle(
      () => guard.authorize(caller, requirement, request.raw, request),
      () => done(),
      refused,
    )
  }
}

/** The requirements of `@verifier-guard/core` as hooks: of a route, in its `config.auth`, or composed with `allOf` and `anyOf`. */
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
export function authOf<C extends object = Claims>(request: object): AuthContext<C> {
  return presentCaller<C>((request as GuardedRequest)[verdict]?.caller)
}

function enter(guard: Guard): Handler {
  return function authenticate(request: GuardedRequest, reply, done) {
    const asked = statedFor(request)
    const refused = refuse(reply, done)
    if (asked === false) return done()
    if (asked instanceof GuardError) return refused(asked)
    const admit = (caller: AuthContext | undefined) => {
      request[verdict] = { guard, caller }
      if (!request.server.hasRequestDecorator('auth')) request.auth = caller
      if (asked === undefined) done()
      else required(asked)(request, reply, done)
    }
    settle(() => guard.authenticate(request.raw), admit, refused)
  }
}
