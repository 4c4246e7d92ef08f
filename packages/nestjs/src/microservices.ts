/**
 * Microservices: `VerifierGuardModule.forRoot({ …, transports: [microservices()] })`.
 *
 * @packageDocumentation
 */
import { RpcException } from '@nestjs/microservices'
import { requireObject } from '@verifier-guard/core/support'
import { fieldsOf, metadataOf } from './messages.js'
import type { CredentialTransport } from './transport.js'

/** Where the messages of a microservice carry their tokens. */
export interface MicroservicesOptions {
  /**
   * Takes the value of the authorization field from a message, scheme included (`Bearer eyJ…`): for
   * TCP and Redis, which have no headers. A list with more than one is denied, and so is a message
   * for which the function throws. Default: the metadata or headers of gRPC, NATS, Kafka, RabbitMQ
   * and MQTT 5.
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
 * Reads the token of each message to a microservice, which is decided on by itself. A call that
 * streams, `@GrpcStreamCall()` included, is decided on once, when it begins.
 *
 * **Does not put the guard before a handler**: global guards of Nest do not reach the microservices
 * of a hybrid application, so put `@UseGuards(AccessTokenGuard)` on the class.
 *
 * @param options where the token is. Default: in the message's headers
 * @returns a transport for `VerifierGuardModule.forRoot`
 * @throws {GuardError} `invalid_configuration` for options that are no object
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
export function microservices(options: MicroservicesOptions = {}): CredentialTransport {
  requireObject('options of microservices as an object', options, 'leave them out for the default')
  const { authorization = fieldsOf } = options
  return {
    type: 'rpc',
    request(host) {
      const rpc = host.switchToRpc()
      const field = valueOr(() => authorization(rpc.getData(), rpc.getContext()))
      return { headers: { authorization: field } }
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
 * Senders choose what a message is. Where the application's function fails on one, what it threw
 * stands for a field without a token in it, which denies the message.
 */
function valueOr<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    return (error ?? null) as Value
  }
}

/**
 * Answers a call of `@GrpcStreamCall()`. Nest does not catch what a guard throws there: the caller
 * would wait for ever, and an unhandled rejection would end the process.
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
