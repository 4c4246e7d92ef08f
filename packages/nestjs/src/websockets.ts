/**
 * Gateways: `VerifierGuardModule.forRoot({ …, transports: [websockets()] })`.
 *
 * @packageDocumentation
 */
import { WsException } from '@nestjs/websockets'
import type { RequestLike } from '@verifier-guard/core'
import { requireObject } from '@verifier-guard/core/support'
import type { CredentialTransport } from './transport.js'

/** A client of socket.io with its handshake, or one of `ws` without it. */
interface Client {
  readonly handshake?: RequestLike & { readonly auth?: { readonly token?: unknown } }
  /** The request of the handshake, which shows a field that was sent twice. */
  readonly request?: RequestLike
  send(text: string): unknown
}

const CLIENT = 'pass what handleConnection(client, request) gets'

const upgrades = new WeakMap<object, RequestLike>()

/**
 * Remembers the upgrade request of a `ws` client, whose headers Nest does not hand on. Call it in
 * `handleConnection`. socket.io does not need it. Checks nothing.
 *
 * @param client as `handleConnection` gets it
 * @param request its second argument
 * @throws {GuardError} `invalid_configuration` without a client
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
  requireObject('the client first: rememberUpgrade(client, request)', client, CLIENT)
  upgrades.set(client, request)
}

/**
 * The request of a gateway's client, for `resourceServer.authenticate` in `handleConnection`. **No
 * guard of Nest runs there**: an anonymous client stays connected until the gateway disconnects it.
 *
 * The token is that of the upgrade's `Authorization` field or, from browsers with socket.io, of
 * `auth: { token }`. Both together are denied.
 *
 * @param client as `handleConnection` gets it
 * @returns a request without credentials for a `ws` client whose upgrade was not remembered by
 *   {@link rememberUpgrade}
 * @throws {GuardError} `invalid_configuration` without a client
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
  requireObject('the client of a gateway', client, CLIENT)
  const { handshake, request = handshake } = client as Client
  if (handshake === undefined || request === undefined)
    return upgrades.get(client) ?? { headers: {} }
  const token = handshake.auth?.token ?? undefined
  if (token === undefined) return request
  const { url } = request
  const { authorization } = request.headers as { authorization?: string }
  // Clients choose what the token is. What is no text stays what it is, and is denied.
  const sent = typeof token === 'string' ? `Bearer ${token}` : (token as string)
  return {
    url,
    headers: { authorization: authorization === undefined ? sent : [authorization, sent] },
  }
}

/**
 * Reads the token of a gateway's connection for each message, so that a message after its expiry is
 * denied. **Does not decide on the connection itself**: see {@link requestOf}.
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
      // Nest sends exceptions to clients of socket.io, but not to those of plain sockets.
      if (client.handshake === undefined)
        client.send(JSON.stringify({ event: 'exception', data: error.body }))
      return new WsException(error.body)
    },
  }
}
