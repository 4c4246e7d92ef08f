/*
 * Puts the check of access tokens before a WebSocket's handshake. An upgrade in, an accepted caller
 * or a refusal on the socket out.
 */
import type { AuthContext } from '../context.js'
import { GuardError, type HeaderFields } from '../kit/errors.js'
import type { ResourceServerOptions } from '../options/options.js'
import type { RequestLike } from '../presented/request.js'
import type { Requirement } from '../requirements/index.js'
import type { ResourceServer } from '../server.js'
import { authenticateEntry, authorizeEntry, type Entry } from './callers.js'
import { ownEnd } from './exchanges.js'
import { createGuard, readRouteOptions, type AuthOptions, type Closable } from './guard.js'

/** The socket of an upgrade, as far as this package touches it. */
export interface UpgradeSocket {
  end(text: string, finished: () => void): unknown
  destroy(): unknown
  on(event: 'error', listener: () => void): unknown
  off(event: 'error', listener: () => void): unknown
}

/** What an upgrade asks of the caller. */
export interface UpgradeOptions<Incoming = unknown> extends AuthOptions {
  /** Made by `requiredScopes`, `requiredPower` or another of these. Default: a valid token. */
  readonly requirement?: Requirement<Incoming>
}

/**
 * Puts the check of access tokens before a WebSocket's handshake: a listener for the event
 * `upgrade` of Node's HTTP servers.
 *
 * Refuses with the same status, challenge and body as routes do, and without a handshake. Browsers
 * can't send an `Authorization` field with a WebSocket; tokens in the query are never read.
 *
 * Where `accept` throws or its promise rejects, the socket is destroyed and the error surfaces as
 * that of any listener does: as an uncaught exception.
 *
 * @param options of `createResourceServer`, or a resource server made before
 * @param accept called with the caller once the upgrade may go on, by `ws`'s `handleUpgrade` for
 *   instance. Its last argument is the fields for the answer, which are most often none: a new
 *   `DPoP-Nonce` is one. `ws` adds them in its event `headers`
 * @returns the listener. Its `close()` ends the timers of a resource server that it made
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { protectUpgrade } from '@verifier-guard/express'
 * import { WebSocketServer } from 'ws'
 *
 * const sockets = new WebSocketServer({ noServer: true })
 * const trust = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * const upgrade = protectUpgrade(
 *   trust,
 *   (
 *     request: import('node:http').IncomingMessage,
 *     socket: import('node:stream').Duplex,
 *     head: Buffer,
 *     auth,
 *   ) => {
 *     sockets.handleUpgrade(request, socket, head, (client) =>
 *       client.send(`hello ${auth?.clientId}`),
 *     )
 *   },
 * )
 * createServer().on('upgrade', upgrade)
 * ```
 */
export function protectUpgrade<Incoming extends RequestLike, Socket extends UpgradeSocket, Head>(
  options: ResourceServerOptions | ResourceServer<object>,
  accept: (
    request: Incoming,
    socket: Socket,
    head: Head,
    auth: AuthContext | undefined,
    headers: HeaderFields,
  ) => unknown,
  upgradeOptions: UpgradeOptions<Incoming> = {},
): ((request: Incoming, socket: Socket, head: Head) => void) & Closable {
  const { requirement, optional } = readRouteOptions('protectUpgrade()', upgradeOptions)
  const guard = createGuard(options, { optional })
  const decide = async (request: Incoming) => {
    const { ended, end } = ownEnd()
    const entry: Entry = { guard, exchange: { request, key: request, ended } }
    const admission = await authenticateEntry(entry)
    if (requirement !== undefined) await authorizeEntry(entry, requirement)
    end()
    return admission
  }
  const upgrade = (request: Incoming, socket: Socket, head: Head): void => {
    // Until the application owns the socket, a caller who hangs up would otherwise end the process.
    socket.on('error', hangUp)
    decide(request)
      .then(
        ({ auth, headers }) => {
          socket.off('error', hangUp)
          return accept(request, socket, head, auth, headers)
        },
        (error: unknown) => refuse(socket, error),
      )
      .catch((error: unknown) => {
        socket.destroy()
        // Thrown within the promise it would be an unhandled rejection, which some processes only
        // log.
        queueMicrotask(() => {
          throw error
        })
      })
  }
  return Object.assign(upgrade, { close: guard.close })
}

function hangUp(): void {}

function refuse(socket: UpgradeSocket, error: unknown): void {
  if (!(error instanceof GuardError)) throw error
  const body = JSON.stringify(error)
  const length = new TextEncoder().encode(body).length
  const fields = [
    ...error.headers,
    ['Connection', 'close'],
    ['Content-Type', 'application/json'],
    ['Content-Length', length],
  ].map(([name, value]) => `${name}: ${value}\r\n`)
  // Node leaves the sockets of upgrades half open, and no time-out of the server reaches them any
  // more.
  socket.end(`HTTP/1.1 ${error.status} \r\n${fields.join('')}\r\n${body}`, () => socket.destroy())
}
