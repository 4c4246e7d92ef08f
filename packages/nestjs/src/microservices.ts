/**
 * Microservices: `VerifierGuardModule.forRoot({ …, transports: [microservices()] })`.
 *
 * @packageDocumentation
 */
import { RpcException } from '@nestjs/microservices'
import type { Transport } from './transport.js'

/** How a microservice's messages are judged. */
export interface MicroservicesOptions {
  /**
   * Takes the value of the authorization field, scheme included, from a message: for TCP and Redis, which have no headers. Default: the
   * metadata or headers of gRPC, NATS, Kafka, RabbitMQ and MQTT 5.
   */
  readonly authorization?: (data: unknown, context: unknown) => string | undefined
}

/** The codes of gRPC that say the same: https://grpc.io/docs/guides/status-codes/. */
const GRPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 503: 14 }
const GRPC_INTERNAL = 13

/** Judges each message to a microservice by the token that it carries. */
export function microservices({ authorization = fromHeaders }: MicroservicesOptions = {}): Transport {
  return {
    type: 'rpc',
    request(host) {
      const rpc = host.switchToRpc()
      return { headers: { authorization: authorization(rpc.getData(), rpc.getContext()) } }
    },
    refusal({ body, status, message }) {
      return new RpcException({ ...body, status, code: GRPC_CODES[status] ?? GRPC_INTERNAL, message })
    },
  }
}

/** The parts of Nest's contexts and gRPC's metadata that hold headers. */
interface MessageContext {
  get?(name: string): readonly unknown[]
  getHeaders?(): { get(name: string): unknown } | undefined
  getMessage?(): { readonly headers?: Fields; readonly properties?: { readonly headers?: Fields } }
  getPacket?(): { readonly properties?: { readonly userProperties?: Fields } }
}
type Fields = Readonly<Record<string, unknown>>

function fromHeaders(_: unknown, context: unknown): string | undefined {
  const of = (context ?? {}) as MessageContext
  const message = of.getMessage?.()
  const fields = message?.headers ?? message?.properties?.headers ?? of.getPacket?.().properties?.userProperties
  const value = of.get?.('authorization')[0] ?? of.getHeaders?.()?.get('authorization') ?? fields?.['authorization']
  // Kafka has bytes.
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : value
  return typeof text === 'string' && text !== '' ? text : undefined
}
