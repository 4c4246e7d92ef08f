/* The module that an application imports: its options in, its guards out. */
import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common'
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { decidingGuard } from './decision.js'
import { reportAccess } from './start-report.js'
import { AccessTokenGuard } from './guard.js'
import {
  createGuards,
  GLOBAL_GUARD,
  GUARDS,
  OWN_GUARD,
  type Guards,
  type VerifierGuardOptions,
} from './guards.js'
import { inspect } from './inspection.js'
import { guardModules, refuseAmbiguous } from './modules.js'

// Nest 10 takes two dynamic modules for one if they differ in closures alone: the second Verifier
// would be dropped without a word. A transient module has an identifier of its own.
const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<VerifierGuardOptions>({ alwaysTransient: true })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createVerifierGuardOptions')
    .setExtras({ isGlobal: true }, ({ providers = [], ...definition }, { isGlobal = true }) => {
      const token = isGlobal ? GLOBAL_GUARD : OWN_GUARD
      return {
        ...definition,
        global: isGlobal,
        providers: [...providers, { provide: token, useExisting: AccessTokenGuard }],
        exports: [token],
      }
    })
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
 * **Guards nothing by itself.** Without `APP_GUARD` as below, a method without any of our
 * decorators stays open to everyone. At the start, one line in the log counts the handlers that are
 * guarded, optional, public and open, and names the open ones.
 *
 * Seen by the whole application. With `isGlobal: false` it is seen by the modules that import it,
 * so that each can trust a Verifier of its own; there it comes before a global one.
 *
 * The application does not start where a token or a requirement would never be asked for:
 *
 * - on a field resolver of GraphQL without `fieldResolverEnhancers: ['guards']`
 * - on a method that another decorator replaced, without a guard on its class or the application
 * - in a guarded gateway or microservice without its transport
 * - in a module that could get one of two Verifiers
 *
 * Closes its resource server when the application has shut down, after the last request.
 *
 * @throws {GuardError} `invalid_configuration`, when the application starts
 * @example
 * What `@Module` of the application gets:
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
  providers: [
    { provide: GUARDS, useFactory: createGuards, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: AccessTokenGuard,
      useFactory: (guards: Guards) => new AccessTokenGuard(decidingGuard(guards)),
      inject: [GUARDS],
    },
  ],
  exports: [AccessTokenGuard],
})
export class VerifierGuardModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    @Inject(GUARDS) private readonly guards: Guards,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    super()
  }

  /** @throws {GuardError} `invalid_configuration` for requirements that would never be asked */
  onModuleInit(): void {
    const { modules, config, adapterHost } = this
    const [first] = guardModules(modules).map(({ instance }) => instance as unknown)
    // Each looks at the whole application, so one of them is enough.
    if (first !== this) return
    refuseAmbiguous(modules)
    reportAccess(inspect({ modules, config, adapterHost }))
  }

  /** Ends fetches and timers. Requests are decided until the server has stopped. */
  onApplicationShutdown(): void {
    this.guards.close()
  }
}
