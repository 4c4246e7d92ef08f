import { Module, type DynamicModule, type INestApplication } from '@nestjs/common'
import { APP_GUARD, NestFactory } from '@nestjs/core'
import {
  AccessTokenGuard,
  VerifierGuardModule,
  type ResourceServerOptions,
} from '@verifier-guard/nestjs'
import { Health } from './health.js'
import { Offers } from './offers.js'

/** Every route is guarded, because the guard stands under `APP_GUARD`; `@Public()` opens one. */
@Module({
  controllers: [Health, Offers],
  providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
})
class AppModule {
  static with(options: ResourceServerOptions): DynamicModule {
    return { module: AppModule, imports: [VerifierGuardModule.forRoot(options)] }
  }
}

/** Makes the API. */
export function createApp(options: ResourceServerOptions): Promise<INestApplication> {
  return NestFactory.create(AppModule.with(options), { logger: ['warn', 'error'] })
}
