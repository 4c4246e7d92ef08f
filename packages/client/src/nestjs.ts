/**
 * A token source as a NestJS provider.
 *
 * @packageDocumentation
 */
import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common'
import { TokenSourceError } from './errors.js'
import type { TokenSourceOptions } from './options.js'
import { createTokenSource, type TokenSource } from './token-source.js'

/** The token under which the source is provided; {@link InjectTokens} is the short form. */
export const TOKEN_SOURCE = Symbol.for('@verifier-guard/client/TOKEN_SOURCE')

/**
 * Injects the {@link TokenSource} of {@link TokenSourceModule}.
 *
 * @returns a decorator for a parameter of a constructor, or a property.
 */
export function InjectTokens(): ParameterDecorator & PropertyDecorator {
  return Inject(TOKEN_SOURCE)
}

/** Options that other providers are needed for. */
export interface TokenSourceAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: NonNullable<FactoryProvider['inject']>
  readonly useFactory: (...injected: never[]) => TokenSourceOptions | Promise<TokenSourceOptions>
}

/**
 * Provides one {@link TokenSource} to the whole application.
 *
 * A wrong key, credential or address stops the start of the application; a Verifier that is away
 * does not.
 *
 * @example
 * ```ts
 * import { Injectable, Module } from '@nestjs/common'
 * import type { TokenSource } from '@verifier-guard/client'
 * import { InjectTokens, TokenSourceModule } from '@verifier-guard/client/nestjs'
 *
 * @Injectable()
 * export class Orders {
 *   constructor(@InjectTokens() private readonly tokens: TokenSource) {}
 *   list = () => this.tokens.fetch('https://orders.example.org/orders')
 * }
 *
 * @Module({
 *   imports: [
 *     TokenSourceModule.forRoot({
 *       verifier: 'https://verifier.example.org',
 *       credential: process.env.MACHINE_CREDENTIAL ?? '',
 *       privateKey: process.env.MACHINE_KEY ?? '',
 *       allowedOrigins: ['https://orders.example.org'],
 *     }),
 *   ],
 *   providers: [Orders],
 * })
 * export class AppModule {}
 * ```
 */
export class TokenSourceModule implements OnModuleInit, OnModuleDestroy {
  readonly #tokens: TokenSource

  constructor(tokens: TokenSource) {
    this.#tokens = tokens
  }

  /**
   * Provides a source made with these options.
   *
   * @param options see {@link TokenSourceOptions}; checked when the application starts.
   * @returns the module, for `imports` of the application's own.
   */
  static forRoot(options: TokenSourceOptions): DynamicModule {
    return TokenSourceModule.forRootAsync({ useFactory: () => options })
  }

  /**
   * Provides a source whose options come from other providers, such as a configuration service.
   *
   * @param options what to inject, and the function that makes the options of it.
   * @returns the module, for `imports` of the application's own.
   * @example
   * ```ts
   * import { Module } from '@nestjs/common'
   * import { TokenSourceModule } from '@verifier-guard/client/nestjs'
   *
   * @Module({
   *   imports: [
   *     TokenSourceModule.forRootAsync({
   *       useFactory: async () => ({
   *         verifier: 'https://verifier.example.org',
   *         credential: process.env.MACHINE_CREDENTIAL ?? '',
   *         privateKey: process.env.MACHINE_KEY ?? '',
   *       }),
   *     }),
   *   ],
   * })
   * export class AppModule {}
   * ```
   */
  static forRootAsync({
    imports = [],
    inject = [],
    useFactory,
  }: TokenSourceAsyncOptions): DynamicModule {
    const provider: FactoryProvider<TokenSource> = {
      provide: TOKEN_SOURCE,
      inject,
      useFactory: async (...injected: unknown[]) =>
        createTokenSource(await useFactory(...(injected as never[]))),
    }
    return {
      module: TokenSourceModule,
      global: true,
      imports,
      providers: [provider],
      exports: [TOKEN_SOURCE],
    }
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.#tokens.ready()
    } catch (error) {
      if (!(error instanceof TokenSourceError && error.retryable)) throw error
    }
  }

  onModuleDestroy(): void {
    this.#tokens.close()
  }
}

// Decorators applied as the functions they are: the package compiles under either kind of
// decorators.
Module({})(TokenSourceModule)
Inject(TOKEN_SOURCE)(TokenSourceModule, undefined, 0)
