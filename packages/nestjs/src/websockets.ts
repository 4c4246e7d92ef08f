/**
 * Gateways: `VerifierGuardModule.forRoot({ …, transports: [websockets()] })`.
 *
 * @packageDocumentation
 */
import { WsException } from '@nestjs/websockets'
import type { RequestLike } from '@verifier-guard/core'
import type { CredentialTransport } from './transport.js'

/** A socket.io client with its handshake, or a `ws` client without one. */
interface Client {
  readonly handshake?: RequestLike & { readonly auth?: { readonly token?: unknown } }
  /** What the handshake was made of: it shows a field that was sent twice. */
  readonly request?: RequestLike
  send(text: string): unknown
}

const upgrades = new WeakMap<object, RequestLike>()

/**
 * Remembers the upgrade request of a `ws` client, whose headers Nest does not hand on: call it in
 * `handleConnection`. Not needed for socket.io. Checks nothing.
 *
 * @param client as `handleConnection` gets it
 * @param request its second argument
 * @example
 * A gateway, below its `@WebSocketGateway() @UseGuards(AccessTokenGuard)`:
 * ```ts
 * import type { OnGatewayConnection } from '@nestjs/websockets'
 * import type { RequestLike } from '@verifier-guard/nestjs'
 * import { rememberUpgrade } from '@verifier-guard/nestjs/websockets'
 *
 * export class Orders implements OnGatewayConnection {
 *   handleConnection(client: object, request: RequestLike) {
 *     rememberUpgrade(client, request)
 *   }
 * }
 * ```
 */
export function rememberUpgrade(client: object, request: RequestLike): void {
  upgrades.set(client, request)
}

/**
 * The request that a gateway's client is judged by, for `resourceServer.authenticate` in
 * `handleConnection`: no guard of Nest runs there, so that anonymous clients stay connected until
 * the gateway disconnects them.
 *
 * The token is that of the upgrade's `Authorization` field or, from browsers with socket.io, of
 * `auth: { token }`; both together are refused.
 *
 * @param client as `handleConnection` gets it
 * @returns a request without credentials for a `ws` client whose upgrade was not remembered by
 *   {@link rememberUpgrade}
 * @example
 * A gateway, below its `@WebSocketGateway()`:
 * ```ts
 * import type { OnGatewayConnection } from '@nestjs/websockets'
 * import { createResourceServer, whenExpired } from '@verifier-guard/nestjs'
 * import { requestOf } from '@verifier-guard/nestjs/websockets'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 * })
 *
 * export class Orders implements OnGatewayConnection {
 *   async handleConnection(client: { disconnect(close: boolean): void }) {
 *     const auth = await resourceServer.authenticate(requestOf(client)).catch(() => undefined)
 *     if (auth === undefined) client.disconnect(true)
 *     else whenExpired(auth, () => client.disconnect(true))
 *   }
 * }
 * ```
 */
export function requestOf(client: object): RequestLike {
  const { handshake, request = handshake } = client as Client
  if (handshake === undefined || request === undefined)
    return upgrades.get(client) ?? { headers: {} }
  const token = handshake.auth?.token
  if (typeof token !== 'string') return request
  const { authorization } = request.headers as { authorization?: string }
  const { url } = request
  return {
    url,
    headers: {
      authorization: authorization === undefined ? `Bearer ${token}` : [authorization, token],
    },
  }
}

/**
 * Judges each message to a gateway by the token of its connection, so that a token that expired
 * meanwhile is noticed. Does not judge the connection itself: see {@link requestOf}.
 *
 * @returns a transport for `VerifierGuardModule.forRoot`
 * @example
 * ```ts
 * import { VerifierGuardModule } from '@verifier-guard/nestjs'
 * import { websockets } from '@verifier-guard/nestjs/websockets'
 *
 * VerifierGuardModule.forRoot({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 *   transports: [websockets()],
 * })
 * ```
 */
export function websockets(): CredentialTransport {
  return {
    type: 'ws',
    request: (host) => requestOf(host.switchToWs().getClient<object>()),
    refusal(error, host) {
      const client = host.switchToWs().getClient<Client>()
      // Nest tells socket.io clients of exceptions, but emits those of plain sockets on this side
      // of the wire only.
      if (client.handshake === undefined)
        client.send(JSON.stringify({ event: 'exception', data: error.body }))
      return new WsException(error.body)
    },
  }
}
