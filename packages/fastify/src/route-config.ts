import { channel } from 'node:diagnostics_channel'
import type { GuardError, Requirement } from '@verifier-guard/core'
import { configurationError, missingGuard } from '@verifier-guard/core/support'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { answerRefusals, refuse } from './refusal.js'
import { verdict, type GuardedRequest, type Handler } from './request.js'

/** What a route may state in its `config`. */
export interface RouteConfig {
  /**
   * What the route asks of the caller; `false` opens it to everybody, tokens unread. Default: a
   * valid token.
   */
  readonly auth?: Requirement<never> | false
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

/** Whether the route of a request is open to everybody by its config, guard or none. */
export function isOpen({ routeOptions }: Partial<FastifyRequest>): boolean {
  return (routeOptions?.config as RouteConfig | undefined)?.auth === false
}

function isRequirement(value: unknown): value is Requirement<never> {
  return typeof (value as Requirement | null | undefined)?.check === 'function'
}

/**
 * A guard sees its own scope alone, and config is only data: where no guard stands before a route
 * that states a requirement there, the route refuses.
 */
function prepare(route: RouteOptions): void {
  const { auth } = (route.config ?? {}) as RouteConfig
  if (isRequirement(auth)) route.onRequest = [refuseUnguarded(auth), ...listOf(route.onRequest)]
}

function refuseUnguarded(asked: Requirement<never>): Handler {
  return (request: GuardedRequest, reply, done) => {
    if (request[verdict] === undefined) refuse(reply, done)(missingGuard(asked))
    else done()
  }
}

function listOf<T>(value: T | T[] | undefined): readonly T[] {
  return [value ?? []].flat() as T[]
}

const watched = Symbol.for('@verifier-guard/fastify/watched')
/**
 * On which Fastify announces each instance it makes. One in the process, so that other copies of
 * this module see that it is watched.
 */
const instances: ReturnType<typeof channel> & { [watched]?: true } =
  channel('fastify.initialization')
if (!instances[watched]) {
  instances[watched] = true
  instances.subscribe((message) => {
    const { fastify } = message as { fastify: FastifyInstance }
    answerRefusals(fastify)
    fastify.addHook('onRoute', prepare)
  })
}
