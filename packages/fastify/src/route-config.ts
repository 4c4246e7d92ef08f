import { channel } from 'node:diagnostics_channel'
import type { GuardError, Requirement } from '@verifier-guard/core'
import { configurationError, missingGuard } from '@verifier-guard/core/support'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { refuse } from './refusal.js'
import { verdict, type GuardedRequest, type Handler } from './request.js'

/** What a route may state in its `config`. */
export interface RouteConfig {
  /** What the route asks of the caller; `false` opens it to everybody, tokens unread. Default: a valid token. */
  readonly auth?: Requirement | false
}

/** What the route of a request states; a `GuardError` where that is no requirement. */
export function statedFor(request: FastifyRequest): RouteConfig['auth'] | GuardError {
  const { auth } = (request.routeOptions.config ?? {}) as RouteConfig
  if (auth === undefined || auth === false || isRequirement(auth)) return auth
  return configurationError(
    'a requirement or false in the "config.auth" of a route',
    typeof auth,
    'pass requiredScopes(…) or its kin',
  )
}

function isRequirement(value: unknown): value is Requirement {
  return typeof (value as Requirement | null | undefined)?.check === 'function'
}

/** Config is only data, and a guard sees its own scope alone: where none stands before a route that states a requirement, the route itself refuses. */
function refuseUnguarded(route: RouteOptions): void {
  const { auth } = (route.config ?? {}) as RouteConfig
  if (!isRequirement(auth)) return
  const check: Handler = (request: GuardedRequest, reply, done) =>
    request[verdict] === undefined ? refuse(reply, done)(missingGuard(auth)) : done()
  route.onRequest = [check, ...[route.onRequest ?? []].flat()]
}

const watched = Symbol.for('@verifier-guard/fastify/watched')
/** On which Fastify announces each instance it makes. One in the process, so that other copies of this module see that it is watched. */
const instances: ReturnType<typeof channel> & { [watched]?: true } = channel('fastify.initialization')
if (!instances[watched]) {
  instances[watched] = true
  instances.subscribe((message) => {
    ;(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', refuseUnguarded)
  })
}
