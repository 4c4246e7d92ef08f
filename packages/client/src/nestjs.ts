/**
 * Token sources as NestJS providers.
 *
 * @packageDocumentation
 */
import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type InjectionToken,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common'
import { ModulesContainer } from '@nestjs/core'
import { TokenSourceError, invalidOptionError } from './errors.js'
import type { TokenSourceOptions } from './options.js'
import { createTokenSource, type TokenSource } from './token-source.js'

/**
 * The token under which a source is provided, for `inject` of factories and for tests.
 * {@link InjectTokens} is the short form for constructors.
 *
 * @param name that of the source. Default: the source without one.
 * @returns the same token for the same name.
 * @example
 * ```ts
 * import type { FactoryProvider } from '@nestjs/common'
 * import type { TokenSource } from '@verifier-guard/client'
 * import { getTokenSourceToken } from '@verifier-guard/client/nestjs'
 *
 * export const orders: FactoryProvider = {
 *   provide: 'ORDERS',
 *   inject: [getTokenSourceToken('orders')],
 *   useFactory: (tokens: TokenSource) => () => tokens.fetch('https://orders.example.org/orders'),
 * }
 * ```
 */
export function getTokenSourceToken(name?: string): symbol {
  const suffix = name === undefined ? '' : `/${name}`
  return Symbol.for(`@verifier-guard/client/TOKEN_SOURCE${suffix}`)
}

/**
 * Injects the {@link TokenSource} of a {@link TokenSourceModule}.
 *
 * @param name that of the source. Default: the source without one.
 * @returns a decorator for a parameter of a constructor, or a property.
 * @example
 * ```ts
 * import type { TokenSource } from '@verifier-guard/client'
 * import { InjectTokens } from '@verifier-guard/client/nestjs'
 *
 * export class Orders {
 *   constructor(@InjectTokens('orders') private readonly tokens: TokenSource) {}
 *   list = () => this.tokens.fetch('https://orders.example.org/orders')
 * }
 * ```
 */
export function InjectTokens(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getTokenSourceToken(name))
}

/** For `forRootAsync({ useClass })`: a class that makes the options. */
export interface TokenSourceOptionsFactory {
  /** @returns the options of the source. */
  createTokenSourceOptions(): TokenSourceOptions | Promise<TokenSourceOptions>
}

/** The options of the module itself, beside those of its source. */
export interface TokenSourceExtras {
  /** The name of the source. Default: none. */
  name?: string | undefined
  /**
   * Provides the source to the whole application, and not to the modules alone that import this
   * one. Default: false.
   */
  isGlobal?: boolean
}

/** The options and the source of a module, to the module itself. */
const OPTIONS = Symbol('options')
const OWN_SOURCE = Symbol('own source')

// Nest 10 takes two dynamic modules for one if they differ in closures alone: the second identity
// would be dropped silently. A transient module has an identifier that no other one has.
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TokenSourceOptions>({
  optionsInjectionToken: OPTIONS,
  alwaysTransient: true,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTokenSourceOptions')
  .setExtras<TokenSourceExtras>(
    { name: undefined, isGlobal: false },
    ({ providers = [], ...definition }, { name, isGlobal = false }) => {
      const token = getTokenSourceToken(name)
      const source = {
        provide: token,
        inject: [OPTIONS, ModulesContainer],
        useFactory: (options: TokenSourceOptions, modules: ModulesContainer) => {
          refuseSeveral(modules, token, name)
          return createTokenSource(options)
        },
      }
      const own = { provide: OWN_SOURCE, useExisting: token }
      return {
        ...definition,
        global: isGlobal,
        providers: [...providers, source, own],
        exports: [token],
      }
    },
  )
  .build()

/**
 * Provides a {@link TokenSource}: `forRoot(options)`, or
 * `forRootAsync({ useFactory | useClass | useExisting, inject, imports })`.
 *
 * Seen by the modules that import it; with `isGlobal: true` by the whole application. For several
 * identities, give each a `name`, and {@link InjectTokens} the same.
 *
 * A wrong key, credential or issuer stops the start of the application, and so does a signer that
 * fails: a KMS without permission fails at every call. A Verifier that cannot be reached, wants
 * fewer requests (429), fails (5xx) or answers something unusable does not: the source asks it
 * again at the next call. Until then, `health()` says `down`.
 *
 * Where a module could get one of two sources, the application does not start either.
 *
 * Closes its source when the application has shut down, after the last request.
 *
 * @throws {TokenSourceError} as `createTokenSource`, and `invalid_option` for two sources of one
 *   name, when the application starts.
 * @example
 * What `@Module` of the application gets:
 * ```ts
 * import type { ModuleMetadata } from '@nestjs/common'
 * import type { TokenSource } from '@verifier-guard/client'
 * import { InjectTokens, TokenSourceModule } from '@verifier-guard/client/nestjs'
 *
 * class Orders {
 *   constructor(@InjectTokens() private readonly tokens: TokenSource) {}
 *   list = () => this.tokens.fetch('https://orders.example.org/orders')
 * }
 *
 * export const application: ModuleMetadata = {
 *   imports: [
 *     TokenSourceModule.forRoot({
 *       verifier: 'https://verifier.example.org/verifier',
 *       credential: process.env['CREDENTIAL'] ?? '',
 *       privateKey: process.env['PRIVATE_KEY'] ?? '',
 *       allowedOrigins: ['https://orders.example.org'],
 *     }),
 *   ],
 *   providers: [Orders],
 * }
 * ```
 */
export class TokenSourceModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #tokens: TokenSource

  constructor(tokens: TokenSource) {
    super()
    this.#tokens = tokens
  }

  /** Obtains the first token. */
  async onModuleInit(): Promise<void> {
    try {
      await this.#tokens.ready()
    } catch (error) {
      if (!isOutage(error)) throw error
    }
  }

  /** Stops requests and renewals. The last requests of the application still get their tokens. */
  onApplicationShutdown(): void {
    this.#tokens.close()
  }
}

// Decorators applied as the functions they are: the package compiles under either kind of
// decorators.
Module({})(TokenSourceModule)
Inject(OWN_SOURCE)(TokenSourceModule, undefined, 0)

/**
 * A signer that fails is no outage: a key management service refuses so what it has no permission
 * for, and that would never show.
 */
function isOutage(error: unknown): boolean {
  return error instanceof TokenSourceError && error.retryable && error.kind === 'verifier'
}

type NestModule = ModulesContainer extends Map<string, infer One> ? One : never

/**
 * Refuses two sources of one name where Nest would choose between them. Which one it takes differs
 * from version to version: up to 10 a global one may go before that of the module itself.
 */
function refuseSeveral(
  modules: ModulesContainer,
  token: InjectionToken,
  name: string | undefined,
): void {
  const all = [...modules.values()]
  const sources = all.filter((one) => one.metatype === TokenSourceModule && one.exports.has(token))
  if (sources.length < 2) return
  const called = name === undefined ? 'without a name' : `named "${name}"`
  const hint = 'give each a "name", and @InjectTokens the same'
  if (sources.some(({ isGlobal }) => isGlobal))
    throw invalidOptionError(`one token source ${called}, as it is global`, 'two', hint)
  const ambiguous = all.find((one) => seenBy(one, token).size > 1)
  if (ambiguous === undefined) return
  throw invalidOptionError(`one token source ${called} in ${ambiguous.metatype.name}`, 'two', hint)
}

/** The modules that Nest may find a token in for a module that asks for it. */
function seenBy(asking: NestModule, token: InjectionToken): ReadonlySet<NestModule> {
  const seen = new Set<NestModule>()
  const found = new Set<NestModule>()
  const look = (within: NestModule, isOpen: (imported: NestModule) => boolean) => {
    for (const imported of within.imports) {
      if (seen.has(imported) || !isOpen(imported)) continue
      seen.add(imported)
      if (imported.exports.has(token) && imported.providers.has(token)) found.add(imported)
      else look(imported, ({ metatype }) => imported.exports.has(metatype))
    }
  }
  look(asking, () => true)
  return found
}
