import { createDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A development Verifier that can go away and come back under the same address. */
export interface RestartableVerifier {
  readonly issuer: string
  readonly verifier: DevVerifier
  readonly stop: () => Promise<void>
  /** Comes back with another signing key, as a Verifier without a configured key does. */
  readonly startAgain: () => Promise<void>
}

export async function startVerifier(): Promise<RestartableVerifier> {
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    void answer(verifier, request, response)
  let server = await listen(handle, 0)
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}/verifier`
  const verifier = createDevVerifier({ issuer })
  return {
    issuer,
    verifier,
    stop: () => close(server),
    startAgain: async () => {
      verifier.rotateKeys()
      server = await listen(handle, port)
    },
  }
}

async function listen(handle: RequestListener, port: number): Promise<Server> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

/**
 * Hands a request of the network to the Verifier, which is a function with the signature of fetch.
 */
async function answer(
  { issuer, fetch }: DevVerifier,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '', method = 'GET', headers } = request
  const body = await text(request)
  const answered = await fetch(new URL(url, issuer), {
    method,
    headers: headers as Record<string, string>,
    ...(body && { body }),
  })
  response
    .writeHead(answered.status, Object.fromEntries(answered.headers))
    .end(await answered.text())
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
