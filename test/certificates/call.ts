import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import type { SecureVersion, TLSSocket } from 'node:tls'
import { CA, type Identity } from './clients.js'

/** How a client calls. */
export interface Calling {
  readonly port: number
  readonly token: string
  /** Fields beside the token. */
  readonly headers?: OutgoingHttpHeaders
  readonly as?: Identity | undefined
  readonly version?: SecureVersion
  readonly session?: Buffer | undefined
}

/** What came back. */
export interface Received {
  readonly status: number | undefined
  readonly text: string
  readonly isReused: boolean
  /** For the next connection. */
  readonly session: Buffer | undefined
}

/** Key and certificate, as TLS takes them. */
export const partsOf = (as: Identity | undefined) =>
  as === undefined ? {} : { key: as.key, cert: as.cert }

/** Calls over a connection of its own. */
export async function call({
  port,
  token,
  headers,
  as,
  version,
  session,
}: Calling): Promise<Received> {
  const sent = request({
    port,
    host: '127.0.0.1',
    agent: false,
    ca: CA,
    // Caddy demands that the name of the connection is that of the request.
    servername: 'localhost',
    headers: { host: 'localhost', authorization: `Bearer ${token}`, ...headers },
    ...partsOf(as),
    ...(version !== undefined && { minVersion: version, maxVersion: version }),
    ...(session !== undefined && { session }),
  })
  let next: Buffer | undefined
  sent.once('socket', (socket) => socket.on('session', (made: Buffer) => (next = made)))
  sent.end()
  const [response] = (await Promise.race([once(sent, 'response'), once(sent, 'upgrade')])) as [
    IncomingMessage,
  ]
  const isReused = (response.socket as TLSSocket).isSessionReused()
  const text = response.statusCode === 101 ? '' : (await response.toArray()).join('')
  return { status: response.statusCode, text, isReused, session: next }
}
