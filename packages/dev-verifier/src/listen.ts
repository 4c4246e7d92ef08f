import { X509Certificate } from 'node:crypto'
import type { Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { noteCertificate } from './client-certificate.js'

/** A listening HTTP server. */
export interface Listener {
  readonly port: number
  /** Gives the server its key and certificate, without which no connection with TLS begins. */
  readonly certify: (identity: { readonly key: string; readonly cert: string }) => void
  readonly close: () => Promise<void>
}

/**
 * Serves a request handler over HTTP, or over TLS as soon as it is certified. A handler that throws
 * has its connection destroyed.
 */
export async function listen(
  handle: (request: Request) => Response | Promise<Response>,
  { port, host, https }: { port: number; host: string; https: boolean },
): Promise<Listener> {
  const fetch = async (
    request: Request,
    { incoming }: HttpBindings | Http2Bindings,
  ): Promise<Response> => {
    noteCertificate(request, peerCertificate(incoming.socket))
    try {
      return await handle(request)
    } catch {
      incoming.socket.destroy()
      return RESPONSE_ALREADY_SENT
    }
  }
  // By default, the adaptor replaces the global Request and Response of the developer's whole
  // process.
  const server = createAdaptorServer({
    fetch,
    hostname: host,
    overrideGlobalObjects: false,
    ...(https && TLS),
  }) as Server | TlsServer
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    certify: (identity) => {
      if ('setSecureContext' in server) server.setSecureContext(identity)
    },
    close: () => close(server),
  }
}

/** Clients are asked for certificates of any issuer: the hash alone binds (RFC 8705 §6.2). */
const TLS = {
  createServer: createTlsServer,
  serverOptions: { requestCert: true, rejectUnauthorized: false },
}

/** `undefined` without TLS, and where the client showed none. */
function peerCertificate(socket: object): X509Certificate | undefined {
  const { raw } = (socket as Partial<TLSSocket>).getPeerCertificate?.() ?? {}
  return raw === undefined ? undefined : new X509Certificate(raw)
}

function close(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
