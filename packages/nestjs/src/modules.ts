/*
 * Which VerifierGuardModule decides for which module of an application: Nest's modules in, the
 * guards that each would get out.
 */
import type { ModulesContainer } from '@nestjs/core'
import { configurationError } from '@verifier-guard/core/support'
import { AccessTokenGuard } from './guard.js'
import { GUARDS, type Guards } from './guards.js'

/** A module as Nest keeps it. */
export type NestModule = ModulesContainer extends Map<string, infer One> ? One : never

type Wrapper = ReturnType<NestModule['providers']['get']>

/** Every VerifierGuardModule of an application. */
export function guardModules(modules: ModulesContainer): readonly NestModule[] {
  return [...modules.values()].filter(hasGuards)
}

/** What decides for the classes of a module: its own VerifierGuardModule, or the global one. */
export function guardsFor(asking: NestModule, modules: readonly NestModule[]): Guards | undefined {
  const deciding = ownOf(asking)[0] ?? modules.find(({ isGlobal }) => isGlobal)
  return deciding?.providers.get(GUARDS)?.instance as Guards | undefined
}

/**
 * Refuses applications in which Nest would choose between two Verifiers. Up to version 11.0 it may
 * take a global provider for one that a module imports itself.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function refuseAmbiguous(modules: ModulesContainer): void {
  if (guardModules(modules).filter(({ isGlobal }) => isGlobal).length > 1)
    throw configurationError(
      'one global VerifierGuardModule',
      'several',
      'pass isGlobal: false to those of feature modules, and import each where its Verifier counts',
    )
  for (const asking of modules.values()) {
    const own = ownOf(asking)
    if (own.length > 1) throw severalIn(asking)
    const stray = own.length === 1 ? strayIn(asking, own[0]!) : undefined
    if (stray !== undefined) throw strayed(asking, stray)
  }
}

/** The VerifierGuardModules that a module imports, itself or by what those export again. */
function ownOf(asking: NestModule): readonly NestModule[] {
  const seen = new Set<NestModule>()
  const found = new Set<NestModule>()
  const look = (within: NestModule, isOpen: (imported: NestModule) => boolean) => {
    for (const imported of within.imports) {
      if (seen.has(imported) || !isOpen(imported)) continue
      seen.add(imported)
      if (!hasGuards(imported)) look(imported, ({ metatype }) => imported.exports.has(metatype))
      else if (!imported.isGlobal) found.add(imported)
    }
  }
  look(asking, () => true)
  return [...found]
}

function hasGuards({ providers }: NestModule): boolean {
  return providers.has(GUARDS)
}

/** A class or factory of a module that was given the guard of another Verifier. */
function strayIn({ providers, controllers, injectables }: NestModule, own: NestModule): Wrapper {
  const isStray = ({ token, host }: NonNullable<Wrapper>) =>
    token === AccessTokenGuard && host !== undefined && host !== own && hasGuards(host)
  return [providers, controllers, injectables]
    .flatMap((one) => [...one.values()])
    .find((wrapper) => !choosesItself(wrapper) && dependenciesOf(wrapper).some(isStray))
}

/** Our guard is given both, under tokens that Nest can't confuse. */
function choosesItself({ metatype }: NonNullable<Wrapper>): boolean {
  if (typeof metatype !== 'function') return false
  return metatype === AccessTokenGuard || metatype.prototype instanceof AccessTokenGuard
}

function dependenciesOf(wrapper: NonNullable<Wrapper>): readonly NonNullable<Wrapper>[] {
  const properties = wrapper.getPropertiesMetadata() ?? []
  return [...(wrapper.getCtorMetadata() ?? []), ...properties.map((property) => property.wrapper)]
}

function severalIn({ metatype }: NestModule): Error {
  return configurationError(
    `one VerifierGuardModule in ${metatype.name}`,
    'several',
    'import one, or pass several issuers to it: issuer: [...]',
  )
}

function strayed({ metatype }: NestModule, stray: NonNullable<Wrapper>): Error {
  return configurationError(
    `the AccessTokenGuard of ${metatype.name} in ${stray.name}`,
    'that of the global VerifierGuardModule',
    'update @nestjs/core, or pass isGlobal: false to every VerifierGuardModule',
  )
}
