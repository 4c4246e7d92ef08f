import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common'
import { GuardError } from '@verifier-guard/core'
import { configurationError } from '@verifier-guard/core/support'
import { accessOf } from './access.js'
import { GUARDS, JUDGE, type Guards } from './guards.js'
import { exchangeOf } from './exchange.js'
import { httpException } from './http.js'
import { setCaller, type CredentialTransport } from './transport.js'

// A call has one context for all its guards: of those on the application, the class and the method,
// the first one judges.
const judged = new WeakMap<ExecutionContext, Guards>()

/**
 * Lets calls with a valid access token in and refuses the others, by `@UseGuards(AccessTokenGuard)`
 * or for the whole application by `{ provide: APP_GUARD, useExisting: AccessTokenGuard }`. What it
 * asks beyond a token is stated by `@Scopes`, `@Powers` and their kin.
 *
 * Global guards of Nest do not reach gateways and the microservices of a hybrid application: those
 * need `@UseGuards`. No guard of Nest reaches a gateway's `handleConnection`, nor GraphQL's field
 * resolvers unless `GraphQLModule` has `fieldResolverEnhancers: ['guards']`.
 *
 * @throws {HttpException} with the status, headers and body of the refusal, the `GuardError` as its
 *   cause; `WsException` and `RpcException` alike
 * @example
 * ```ts
 * import { Get, UseGuards } from '@nestjs/common'
 * import { AccessTokenGuard } from '@verifier-guard/nestjs'
 *
 * export class Orders {@Get()@UseGuards(AccessTokenGuard)
 *   list() {
 *     return []
 *   }
 * }
 * ```
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  private readonly logger = new Logger(AccessTokenGuard.name)

  /**
   * Nest makes one of these for each module that names it in `@UseGuards`; they leave the judging
   * to the one that the module provides.
   */
  constructor(
    @Inject(GUARDS) private readonly guards: Guards,
    @Optional() @Inject(JUDGE) private readonly judge?: CanActivate,
  ) {}

  /**
   * @param context of the call
   * @returns true
   * @throws {HttpException} for a caller who is not let in; never answers false, which Nest would
   *   turn into a 403 without a reason
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.judge !== undefined) return (await this.judge.canActivate(context)) === true
    if (judged.get(context) === this.guards) return true
    const { open, requirements } = accessOf(context)
    const transport = this.guards.transports.get(context.getType<string>()) ?? unknown
    if (open === 'public') setCaller(context, undefined)
    else await this.admit(context, transport, open === 'optional', requirements)
    judged.set(context, this.guards)
    return true
  }

  private async admit(
    context: ExecutionContext,
    transport: CredentialTransport,
    optional: boolean,
    requirements: ReturnType<typeof accessOf>['requirements'],
  ): Promise<void> {
    const guard = optional ? this.guards.optional : this.guards.required
    try {
      const request = transport.request(context) ?? { headers: {} }
      const { exchange, end } = exchangeOf(context, request)
      const { auth, headers } = await guard.authenticate(exchange)
      transport.answer?.(headers, context)
      for (const requirement of requirements) await guard.authorize(auth, requirement, exchange)
      setCaller(context, auth)
      end()
    } catch (error) {
      if (!(error instanceof GuardError)) throw error
      if (error.kind === 'configuration') this.logger.error(error.message)
      throw await transport.refusal(error, context)
    }
  }
}

/**
 * For every kind of context that the module was not told of: closed, and plain to the developer.
 */
const unknown: CredentialTransport = {
  type: 'unknown',
  request(host) {
    const hint =
      'pass transports: [websockets()] or [microservices()], or one of your own, to VerifierGuardModule'
    throw configurationError(
      'a kind of context that the guard knows',
      `"${host.getType<string>()}"`,
      hint,
    )
  },
  refusal: httpException,
}
