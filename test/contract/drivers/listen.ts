import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeGuards, type Running } from '../application.js'

/**
 * Room for more than a token may have, in bytes: by default Node refuses such headers before any
 * application sees them.
 */
export const MAX_HEADER_SIZE = 65_536

/** Listens on loopback with a handler of Node's requests. */
export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Running> {
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_SIZE },
    (request, response) => void handler(request, response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return running(server, () => {
    closeGuards()
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
}

/** A server that listens on loopback, whatever it calls the address. */
export function running(server: Server, close: () => Promise<unknown>): Running {
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, server, close }
}

/** What a time-out of the application does: it answers, and the request goes on. */
export function giveUp(response: ServerResponse, timeout: Promise<unknown>): void {
  void timeout.then(() => response.headersSent || response.writeHead(504).end('late'))
}
