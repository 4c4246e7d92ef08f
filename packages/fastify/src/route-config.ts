/* What a route states in its `config`: its requirement, or that it is open. */
import type { GuardError, Requirement } from '@verifier-guard/core'
import { configurationError, missingGuard } from '@verifier-guard/core/support'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { answerRefusals, refuse } from './refusal.js'
import { entry, hook, type Handler } from './request.js'

/** What a route may state in its `config`. */
export interface RouteConfig {
  /**
   * What the route asks of the caller; `false` opens it to everyone, tokens unread. Default: a
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
    'pass requiredScopes(…) or another requirement',
  )
}

/** Whether the route of a request is open to everyone by its config, guard or none. */
export function isOpen({ routeOptions }: Partial<FastifyRequest>): boolean {
  return opensRoute(routeOptions?.config)
}

/** Whether a route's config opens it. */
export function opensRoute(config: object | undefined): boolean {
  return (config as RouteConfig | undefined)?.auth === false
}

function isRequirement(value: unknown): value is Requirement<never> {
  return typeof (value as Requirement | null | undefined)?.check === 'function'
}

const watched = Symbol.for('@verifier-guard/fastify/watched')

/**
 * Makes routes outside the scope of a guard refuse where their config states a requirement. The
 * guard does not run there, and without this the requirement would be ignored. Holds for routes
 * that are stated from now on.
 */
export function watchAround(scope: FastifyInstance): void {
  const around = Object.getPrototypeOf(scope) as (FastifyInstance & { [watched]?: true }) | null
  // Fastify makes each scope from the one around it. Around the outermost there is none.
  if (typeof around?.addHook !== 'function') return
  watchAround(around)
  if (Object.hasOwn(around, watched)) return
  around[watched] = true
  around.addHook('onRoute', guardRoute)
  answerRefusals(around)
}

function guardRoute(route: RouteOptions): void {
  const { auth } = (route.config ?? {}) as RouteConfig
  if (isRequirement(auth)) route.onRequest = [refuseUnguarded(auth), ...listOf(route.onRequest)]
}

function refuseUnguarded(asked: Requirement<never>): Handler {
  return hook((request, reply, done) => {
    if (request[entry] === undefined) refuse(reply, done)(missingGuard(asked))
    else done()
  })
}

function listOf<T>(value: T | T[] | undefined): readonly T[] {
  return [value ?? []].flat() as T[]
}
