/**
 * Gateways: `VerifierGuardModule.forRoot({ …, transports: [websockets()] })`.
 *
 * @packageDocumentation
 */
import { WsException } from '@nestjs/websockets'
import type { RequestLike } from '@verifier-guard/core'
import type { Transport } from './transport.js'

/** A socket.io client with its handshake, or a `ws` client without one. */
interface Client {
  readonly handshake?: RequestLike & { readonly auth?: { readonly token?: unknown } }
  send(text: string): unknown
}

const upgrades = new WeakMap<object, RequestLike>()

/**
 * Remembers the upgrade request of a `ws` client, whose headers Nest does not hand on: call it in `handleConnection`.
 * Not needed for socket.io.
 *
 * @param client as `handleConnection` gets it
 * @param request its second argument
 */
export function rememberUpgrade(client: object, request: RequestLike): void {
  upgrades.set(client, request)
}

/**
 * Judges each message to a gateway by the token of its connection, so that a token that expired meanwhile is noticed.
 *
 * The token is that of the upgrade's `Authorization` field or, from browsers with socket.io, of `auth: { token }`.
 */
export function websockets(): Transport {
  return {
    type: 'ws',
    request: (host) => requestOf(host.switchToWs().getClient<Client>()),
    refusal(error, host) {
      const client = host.switchToWs().getClient<Client>()
      // Nest tells socket.io clients of exceptions, but emits those of plain sockets on this side of the wire only.
      if (client.handshake === undefined) client.send(JSON.stringify({ event: 'exception', data: error.body }))
      return new WsException(error.body)
    },
  }
}

function requestOf(client: Client): RequestLike | undefined {
  const { handshake } = client
  if (handshake === undefined) return upgrades.get(client)
  const token = handshake.auth?.token
  if (typeof token !== 'string') return handshake
  const { authorization } = handshake.headers as { authorization?: string }
  return { headers: { authorization: authorization === undefined ? `Bearer ${token}` : [authorization, token] } }
}
