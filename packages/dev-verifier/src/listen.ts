import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'

/** A listening HTTP server. */
export interface Listener {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Serves a request handler over HTTP; a handler that throws has its connection destroyed. */
export async function listen(
  handle: (request: Request) => Response | Promise<Response>,
  { port, host }: { port: number; host: string },
): Promise<Listener> {
  const fetch = async (
    request: Request,
    { incoming }: HttpBindings | Http2Bindings,
  ): Promise<Response> => {
    try {
      return await handle(request)
    } catch {
      incoming.socket.destroy()
      return RESPONSE_ALREADY_SENT
    }
  }
  // The adaptor would otherwise replace the global Request and Response of the developer's whole
  // process.
  const server = createAdaptorServer({
    fetch,
    hostname: host,
    overrideGlobalObjects: false,
  }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
