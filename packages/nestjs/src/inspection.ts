/*
 * What is checked before an application starts: its handlers and global guards in, a refusal out
 * where a requirement would never be asked, or a token never be read.
 */
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { configurationError } from '@verifier-guard/core/support'
import { AccessTokenGuard } from './guard.js'
import { handlersOf, type Handler } from './handlers.js'
import { guardModules, guardsFor, type NestModule } from './modules.js'

/** What Nest knows of an application. */
export interface Application {
  readonly modules: ModulesContainer
  readonly config: ApplicationConfig
  readonly adapterHost: HttpAdapterHost
}

/** A handler, and whether one of our guards stands before it. */
export interface InspectedHandler extends Handler {
  readonly isGuarded: boolean
}

const CLASS_GUARDS = '__guards__'
const GRAPHQL_OPTIONS = 'GqlModuleOptions'

/** The functions that name the transports which a module can be given. */
const TRANSPORTS: Readonly<Partial<Record<Handler['call'], string>>> = {
  ws: 'websockets()',
  rpc: 'microservices()',
}

/**
 * Looks for handlers that Nest would call without asking what our decorators say, or whose calls
 * carry tokens that no transport reads.
 *
 * @returns every handler
 * @throws {GuardError} `invalid_configuration`
 */
export function inspect({
  modules,
  config,
  adapterHost,
}: Application): readonly InspectedHandler[] {
  const deciding = guardModules(modules)
  const reached = reachOfGlobalGuards(deciding, config, adapterHost)
  const fieldsAreGuarded = guardsFields(modules)
  return handlersOf(modules).map((handler) => {
    const isGuarded = hasOwnGuard(handler) || reached(handler)
    if (handler.isDemanding && handler.call === 'field' && !fieldsAreGuarded)
      throw unguardedField(handler)
    if (handler.isDemanding && !isGuarded) throw lostGuard(handler)
    if (isGuarded && handler.access.open !== 'public') refuseUnread(handler, deciding)
    return { ...handler, isGuarded }
  })
}

/** Which handlers a global guard of ours stands before, if there is one. */
function reachOfGlobalGuards(
  deciding: readonly NestModule[],
  config: ApplicationConfig,
  { httpAdapter }: HttpAdapterHost,
): (handler: Handler) => boolean {
  const provided = deciding.map(({ providers }) => providers.get(AccessTokenGuard)?.instance)
  const global = [
    ...config.getGlobalGuards(),
    ...config.getGlobalRequestGuards().map(({ instance }) => instance),
  ]
  // A guard of the application that asks ours holds it.
  const isOurs = (guard: object) =>
    [guard, ...Object.values(guard as Record<string, unknown>)].some(
      (one) => one instanceof AccessTokenGuard || provided.includes(one),
    )
  if (!global.some(isOurs)) return () => false
  const hasHttp = (httpAdapter as unknown) !== undefined
  // Nest's global guards reach no gateways, and no microservices of a hybrid application.
  return ({ call }) => call !== 'ws' && (call !== 'rpc' || !hasHttp)
}

function guardsFields(modules: ModulesContainer): boolean {
  const options = [...modules.values()].flatMap(
    ({ providers }) => providers.get(GRAPHQL_OPTIONS) ?? [],
  )
  return options.every(({ instance }) => {
    const { fieldResolverEnhancers = [] } = (instance ?? {}) as {
      fieldResolverEnhancers?: readonly string[]
    }
    return fieldResolverEnhancers.includes('guards')
  })
}

function hasOwnGuard({ method, type }: Handler): boolean {
  const guards = [method, type].flatMap(
    (one) => (Reflect.getMetadata(CLASS_GUARDS, one) ?? []) as readonly object[],
  )
  return guards.some(
    (guard) =>
      guard === AccessTokenGuard ||
      guard instanceof AccessTokenGuard ||
      (guard as { readonly prototype?: unknown }).prototype instanceof AccessTokenGuard,
  )
}

function refuseUnread({ call, name, module }: Handler, deciding: readonly NestModule[]): void {
  const transport = TRANSPORTS[call]
  const guards = guardsFor(module, deciding)
  if (transport === undefined || guards === undefined || guards.transports.has(call)) return
  throw configurationError(
    `a transport that reads the tokens of ${name}`,
    'none',
    `pass transports: [${transport}] to VerifierGuardModule`,
  )
}

function unguardedField({ name }: Handler): Error {
  return configurationError(
    `fieldResolverEnhancers: ['guards'] in GraphQLModule for ${name}`,
    'none',
    'Nest runs no guards on field resolvers without it',
  )
}

function lostGuard({ name }: Handler): Error {
  return configurationError(
    `AccessTokenGuard before ${name}`,
    'none',
    'put our decorators above the one that replaces the method, or @UseGuards(AccessTokenGuard) on the class',
  )
}
