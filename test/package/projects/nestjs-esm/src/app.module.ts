import { Controller, Get, Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import {
  AccessTokenGuard,
  Auth,
  Powers,
  Public,
  VerifierGuardModule,
  type AuthContext,
} from '@verifier-guard/nestjs'

@Controller()
export class AppController {
  @Get('health')
  @Public()
  health(): string {
    return 'up'
  }

  @Get('offers')
  @Powers({ domain: 'DOME', function: 'ProductOffering', action: 'Read' })
  offers(@Auth() auth: AuthContext): { kind: string } {
    return { kind: auth.kind }
  }
}

@Module({
  imports: [
    VerifierGuardModule.forRootAsync({
      useFactory: () => ({ issuer: process.env.VERIFIER!, profile: 'eudistack' }),
    }),
  ],
  controllers: [AppController],
  providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
})
export class AppModule {}
