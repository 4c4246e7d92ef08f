import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common'
import { DiscoveryModule, DiscoveryService } from '@nestjs/core'
import { AccessTokenGuard } from './guard.js'
import { createGuards, GUARDS, JUDGE, type Guards, type VerifierGuardOptions } from './guards.js'
import { inspect } from './inspection.js'

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<VerifierGuardOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createVerifierGuardOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build()

/** For `forRootAsync({ useClass })`: a class that makes the options. */
export interface VerifierGuardOptionsFactory {
  /** @returns the options of {@link VerifierGuardModule} */
  createVerifierGuardOptions(): VerifierGuardOptions | Promise<VerifierGuardOptions>
}

/**
 * Provides {@link AccessTokenGuard}: `forRoot(options)`, or
 * `forRootAsync({ useFactory | useClass | useExisting, inject, imports })`.
 *
 * Guards nothing by itself: without `APP_GUARD` as below, methods that have none of our decorators
 * stay open. Seen by the whole application, unless `isGlobal: false` leaves it to the modules that
 * import it, so that each can trust a Verifier of its own.
 *
 * The application does not start where Nest would never put a requirement to its callers: on
 * GraphQL's field resolvers without `fieldResolverEnhancers: ['guards']`, and on a method that
 * another decorator replaced, without a guard on its class or the application.
 *
 * @throws {GuardError} `invalid_configuration`, when the application starts
 * @example
 * What `@Module` of the application is given:
 * ```ts
 * import type { ModuleMetadata } from '@nestjs/common'
 * import { APP_GUARD } from '@nestjs/core'
 * import { AccessTokenGuard, VerifierGuardModule } from '@verifier-guard/nestjs'
 *
 * export const application: ModuleMetadata = {
 *   imports: [
 *     VerifierGuardModule.forRoot({
 *       issuer: 'https://verifier.example.org/verifier',
 *       profile: 'eudistack',
 *     }),
 *   ],
 *   providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
 * }
 * ```
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: GUARDS, useFactory: createGuards, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: AccessTokenGuard,
      useFactory: (guards: Guards) => new AccessTokenGuard(guards),
      inject: [GUARDS],
    },
    { provide: JUDGE, useExisting: AccessTokenGuard },
  ],
  exports: [GUARDS, JUDGE, AccessTokenGuard],
})
export class VerifierGuardModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnModuleDestroy
{
  constructor(
    @Inject(GUARDS) private readonly guards: Guards,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
  ) {
    super()
  }

  /** @throws {GuardError} `invalid_configuration` for requirements that would never be asked */
  onModuleInit(): void {
    inspect(this.discovery)
  }

  /** Calls off fetches and timers. */
  onModuleDestroy(): void {
    this.guards.close()
  }
}
