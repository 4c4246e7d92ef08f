import { ConfigurableModuleBuilder, Inject, Module, type OnModuleDestroy } from '@nestjs/common'
import { AccessTokenGuard } from './guard.js'
import { createGuards, GUARDS, type Guards, type VerifierGuardOptions } from './guards.js'

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<VerifierGuardOptions>()
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createVerifierGuardOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build()

/** For `forRootAsync({ useClass })`: a class that makes the options. */
export interface VerifierGuardOptionsFactory {
  createVerifierGuardOptions(): VerifierGuardOptions | Promise<VerifierGuardOptions>
}

/**
 * Provides {@link AccessTokenGuard}: `forRoot(options)`, or `forRootAsync({ useFactory | useClass | useExisting, inject, imports })`.
 *
 * Guards nothing by itself. Seen by the whole application, unless `isGlobal: false` leaves it to the modules that import it, so that each
 * can trust a Verifier of its own.
 *
 * @throws {GuardError} `invalid_configuration`, when the application starts
 * @example
 * ```ts
 * import { Module } from '@nestjs/common'
 * import { APP_GUARD } from '@nestjs/core'
 * import { AccessTokenGuard, VerifierGuardModule } from '@verifier-guard/nestjs'
 *
 * @Module({
 *   imports: [VerifierGuardModule.forRoot({ issuer: 'https://verifier.example.org', profile: 'eudistack' })],
 *   providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
 * })
 * export class AppModule {}
 * ```
 */
@Module({
  providers: [{ provide: GUARDS, useFactory: createGuards, inject: [MODULE_OPTIONS_TOKEN] }, AccessTokenGuard],
  exports: [GUARDS, AccessTokenGuard],
})
export class VerifierGuardModule extends ConfigurableModuleClass implements OnModuleDestroy {
  constructor(@Inject(GUARDS) private readonly guards: Guards) {
    super()
  }

  /** Calls off fetches and timers. */
  onModuleDestroy(): void {
    this.guards.close()
  }
}
