import type { DiscoveryService } from '@nestjs/core'
import { configurationError } from '@verifier-guard/core/support'
import { AccessTokenGuard } from './guard.js'
import { demandingHandlers, type Handler } from './handlers.js'

type Provider = ReturnType<DiscoveryService['getProviders']>[number]

// What Nest's decorators and modules leave behind, by the names that it has in all versions.
const GUARDS = '__guards__'
const FIELDS = ['graphql:resolve_property', 'graphql:resolve_reference']
const MESSAGES = ['websockets:message_mapping', 'microservices:pattern']
const GRAPHQL_OPTIONS = 'GqlModuleOptions'

/**
 * Looks for requirements that Nest would never put to a caller, before the application starts.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function inspect(
  discovery: Pick<DiscoveryService, 'getProviders' | 'getControllers'>,
): void {
  const providers = discovery.getProviders()
  const instances = [...discovery.getControllers(), ...providers].map(
    ({ instance }) => instance as unknown,
  )
  const fields = providers.filter(({ token }) => token === GRAPHQL_OPTIONS).every(guardsFields)
  const everywhere = providers.some((provider) => isGlobalGuard(provider, providers))
  for (const handler of instances.flatMap(demandingHandlers)) {
    if (!fields && carries(handler, FIELDS)) throw unguardedField(handler)
    if (!isGuarded(handler) && (!everywhere || carries(handler, MESSAGES))) throw lostGuard(handler)
  }
}

function carries({ method }: Handler, names: readonly string[]): boolean {
  return names.some((name) => Reflect.hasMetadata(name, method))
}

function guardsFields({ instance }: Provider): boolean {
  const { fieldResolverEnhancers = [] } = (instance ?? {}) as {
    fieldResolverEnhancers?: readonly string[]
  }
  return fieldResolverEnhancers.includes('guards')
}

/** In a test, another guard may stand in the place of ours. */
function isGlobalGuard({ token, instance }: Provider, providers: readonly Provider[]): boolean {
  if (typeof token !== 'string' || !token.startsWith('APP_GUARD')) return false
  const ours = providers.some(
    (other) => other.token === AccessTokenGuard && other.instance === instance,
  )
  return ours || instance instanceof AccessTokenGuard
}

function isGuarded({ method, type }: Handler): boolean {
  const guards = [method, type].flatMap(
    (one) => (Reflect.getMetadata(GUARDS, one) ?? []) as readonly object[],
  )
  return guards.some(
    (guard) =>
      guard === AccessTokenGuard ||
      guard instanceof AccessTokenGuard ||
      (guard as { readonly prototype?: unknown }).prototype instanceof AccessTokenGuard,
  )
}

function unguardedField({ name }: Handler): Error {
  const hint = 'Nest runs no guards on field resolvers without it'
  return configurationError(
    `fieldResolverEnhancers: ['guards'] in GraphQLModule for ${name}`,
    'none',
    hint,
  )
}

function lostGuard({ name }: Handler): Error {
  const hint =
    'put @Scopes and its kin above the decorator that replaces the method, or @UseGuards(AccessTokenGuard) on the class'
  return configurationError(`AccessTokenGuard before ${name}`, 'none', hint)
}
