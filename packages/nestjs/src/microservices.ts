/**
 * Microservices: `VerifierGuardModule.forRoot({ …, transports: [microservices()] })`.
 *
 * @packageDocumentation
 */
import { RpcException } from '@nestjs/microservices'
import { fieldsOf, metadataOf } from './messages.js'
import type { CredentialTransport } from './transport.js'

/** How a microservice's messages are judged. */
export interface MicroservicesOptions {
  /**
   * Takes the value of the authorization field from a message, scheme included (`Bearer eyJ…`): for
   * TCP and Redis, which have no headers. A list with more than one is refused. Default: the
   * metadata or headers of gRPC, NATS, Kafka, RabbitMQ and MQTT 5.
   */
  readonly authorization?: (
    data: unknown,
    context: unknown,
  ) => string | readonly string[] | undefined
}

/** The codes of gRPC that say the same: https://grpc.io/docs/guides/status-codes/. */
const GRPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 503: 14 }
const GRPC_INTERNAL = 13

/**
 * Judges each message to a microservice by the token that it carries. A call that streams,
 * `@GrpcStreamCall()` included, is judged once, when it begins.
 *
 * Does not bring the guard along: global guards do not reach the microservices of a hybrid
 * application, so put `@UseGuards(AccessTokenGuard)` on the class.
 *
 * @param options where the token is; default: in the message's headers
 * @returns a transport for `VerifierGuardModule.forRoot`
 * @example
 * ```ts
 * import { VerifierGuardModule } from '@verifier-guard/nestjs'
 * import { microservices } from '@verifier-guard/nestjs/microservices'
 *
 * VerifierGuardModule.forRoot({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 *   transports: [
 *     microservices({
 *       authorization: (data) => (data as { authorization?: string }).authorization,
 *     }),
 *   ],
 * })
 * ```
 */
export function microservices({
  authorization = fieldsOf,
}: MicroservicesOptions = {}): CredentialTransport {
  return {
    type: 'rpc',
    request(host) {
      const rpc = host.switchToRpc()
      return { headers: { authorization: authorization(rpc.getData(), rpc.getContext()) } }
    },
    refusal({ body, status }, host) {
      const message = body.error_description
      const refusal = { ...body, status, code: GRPC_CODES[status] ?? GRPC_INTERNAL, message }
      return refuseStream(host.getArgs(), refusal)
        ? new Promise(() => undefined)
        : new RpcException(refusal)
    },
  }
}

/**
 * Answers a call of `@GrpcStreamCall()` by itself. Nest does not catch what its guards throw: the
 * caller would wait for ever, and the process end with an unhandled rejection.
 */
function refuseStream(
  [call, callback]: readonly unknown[],
  { code, message }: { code: number; message: string },
): boolean {
  if (metadataOf(call) === undefined) return false
  const status = { code, details: message }
  if (typeof callback === 'function') (callback as (status: object) => void)(status)
  else (call as { emit(event: 'error', status: object): void }).emit('error', status)
  return true
}
