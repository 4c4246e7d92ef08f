import { createGuard, type AuthOptions } from './adapter.js'
import type { AuthContext } from './context.js'
import { GuardError } from './errors.js'
import type { ResourceServerOptions } from './options.js'
import type { RequestLike } from './request.js'
import type { Requirement } from './requirements.js'
import type { ResourceServer } from './resource-server.js'
import { systemRuntime, type Runtime } from './runtime.js'

/**
 * Calls back once when the caller's token expires: to end a stream, a socket or a subscription that outlives its request.
 *
 * Does not notice that a token or its credential is revoked before.
 *
 * @param auth the caller, or anything that says when: `expiresAt` in seconds since 1970
 * @param callback called at once where the token has expired already; a promise that it returns may reject, as closing what is closed does
 * @param runtime the clock and the timer; default: the system's, whose timer does not keep the process alive
 * @returns a function that calls it off: for connections that end by themselves
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, authOf, whenExpired } from '@verifier-guard/express'
 *
 * const app = express()
 * app.use(auth({ issuer: 'https://verifier.example.org', profile: 'eudistack' }))
 * app.get('/events', (req, res) => {
 *   res.type('text/event-stream').write('event: open\n\n')
 *   res.on('close', whenExpired(authOf(req), () => res.end('event: expired\n\n')))
 * })
 * ```
 */
export function whenExpired(
  { expiresAt }: Pick<AuthContext, 'expiresAt'>,
  callback: () => unknown,
  runtime: Pick<Runtime, 'now' | 'schedule'> = systemRuntime,
): () => void {
  let cancel = (): void => undefined
  const wait = () => {
    const left = expiresAt * 1_000 - runtime.now()
    // A timer that can't last so long calls back sooner.
    if (left > 0) cancel = runtime.schedule(wait, left)
    else void Promise.resolve(callback()).catch(() => {})
  }
  wait()
  return () => cancel()
}

/** The socket of an upgrade, as far as this package touches it. */
export interface UpgradeSocket {
  end(text: string, finished: () => void): unknown
  destroy(): unknown
  on(event: 'error', listener: () => void): unknown
  off(event: 'error', listener: () => void): unknown
}

/** What an upgrade asks of the caller. */
export interface UpgradeOptions extends AuthOptions {
  /** From `requiredScopes`, `requiredPower` and their kin. Default: a valid token. */
  readonly requirement?: Requirement
}

/**
 * Puts the check of access tokens before a WebSocket's handshake: a listener for the event `upgrade` of Node's HTTP servers.
 *
 * Refuses with the same status, challenge and body as routes do, and without a handshake. Browsers can't send an `Authorization` field with
 * a WebSocket; tokens in the query are never read.
 *
 * @param options of `createResourceServer`, or a resource server made before
 * @param accept called with the caller once the upgrade may go on, by `ws`'s `handleUpgrade` for instance
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { protectUpgrade } from '@verifier-guard/express'
 * import { WebSocketServer } from 'ws'
 *
 * const sockets = new WebSocketServer({ noServer: true })
 * const trust = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const
 * const upgrade = protectUpgrade(trust, (request: import('node:http').IncomingMessage, socket: import('node:stream').Duplex, head: Buffer, auth) => {
 *   sockets.handleUpgrade(request, socket, head, (client) => client.send(`hello ${auth?.clientId}`))
 * })
 * createServer().on('upgrade', upgrade)
 * ```
 */
export function protectUpgrade<Incoming extends RequestLike, Socket extends UpgradeSocket, Head>(
  options: ResourceServerOptions | ResourceServer,
  accept: (request: Incoming, socket: Socket, head: Head, auth: AuthContext | undefined) => void,
  { requirement, ...authOptions }: UpgradeOptions = {},
): (request: Incoming, socket: Socket, head: Head) => void {
  const guard = createGuard(options, authOptions)
  const judge = async (request: Incoming) => {
    const auth = await guard.authenticate(request)
    if (requirement !== undefined) await guard.authorize(auth, requirement, request)
    return auth
  }
  return (request, socket, head) => {
    // Until somebody owns the socket, a caller who hangs up would otherwise end the process.
    socket.on('error', hangUp)
    judge(request).then(
      (auth) => {
        socket.off('error', hangUp)
        accept(request, socket, head, auth)
      },
      (error: unknown) => refuse(socket, error),
    )
  }
}

function hangUp(): void {}

function refuse(socket: UpgradeSocket, error: unknown): void {
  if (!(error instanceof GuardError)) {
    socket.destroy()
    throw error
  }
  const body = JSON.stringify(error)
  const length = new TextEncoder().encode(body).length
  const headers = {
    ...error.headers,
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': length,
  }
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // Node leaves the sockets of upgrades half open, and no time-out of the server reaches them any more.
  socket.end(`HTTP/1.1 ${error.status} \r\n${fields.join('')}\r\n${body}`, () => socket.destroy())
}
