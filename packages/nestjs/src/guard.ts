/* The guard that Nest asks before each call. */
import {
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common'
import { configurationError } from '@verifier-guard/core/support'
import { GLOBAL_GUARD, OWN_GUARD } from './guards.js'

/**
 * Requires a valid access token of every call, and what `@Scopes`, `@Powers` and our other
 * decorators ask of its caller. Stands before a class or a method by
 * `@UseGuards(AccessTokenGuard)`, or before the whole application by
 * `{ provide: APP_GUARD, useExisting: AccessTokenGuard }`.
 *
 * **Does not check what Nest never brings to a guard.** Global guards of Nest do not reach gateways
 * and the microservices of a hybrid application: put `@UseGuards(AccessTokenGuard)` on their
 * classes. No guard of Nest reaches a gateway's `handleConnection`, middleware, static files, nor
 * GraphQL's field resolvers unless `GraphQLModule` has `fieldResolverEnhancers: ['guards']`.
 *
 * Decides with the `VerifierGuardModule` that the module of the class imports, and with the global
 * one where it imports none.
 *
 * @throws {HttpException} with the status, headers and body of the refusal, and the `GuardError` as
 *   its cause. In gateways it is a `WsException`, in microservices an `RpcException`
 * @example
 * ```ts
 * import { applyDecorators, Controller, UseGuards } from '@nestjs/common'
 * import { AccessTokenGuard } from '@verifier-guard/nestjs'
 *
 * export const GuardedController = (path: string) =>
 *   applyDecorators(Controller(path), UseGuards(AccessTokenGuard))
 * ```
 */
@Injectable()
export class AccessTokenGuard implements CanActivate, OnModuleInit {
  /**
   * Nest makes one of these for each module that names it in `@UseGuards`. They leave the decision
   * to the one that a `VerifierGuardModule` provides, so that replacing that one in a test replaces
   * them all.
   */
  constructor(
    @Optional() @Inject(OWN_GUARD) private readonly own?: CanActivate,
    @Optional() @Inject(GLOBAL_GUARD) private readonly global?: CanActivate,
  ) {}

  /** @throws {GuardError} `invalid_configuration` where the module sees no `VerifierGuardModule` */
  onModuleInit(): void {
    this.deciding()
  }

  /**
   * @param context of the call
   * @returns true; a denial throws, because Nest would turn `false` into a 403 without a challenge
   * @throws {HttpException} for a caller that is denied
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    return (await this.deciding().canActivate(context)) === true
  }

  private deciding(): CanActivate {
    const guard = this.own ?? this.global
    if (guard !== undefined) return guard
    throw configurationError(
      'a VerifierGuardModule for AccessTokenGuard',
      'none',
      'add VerifierGuardModule.forRoot({ … }) to the imports of the application, or of the module that needs the guard',
    )
  }
}
