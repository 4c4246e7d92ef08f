/*
 * What suites share that write their applications by hand: whom these trust, and where they listen.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@verifier-guard/core'
import type { createDevVerifier } from '@verifier-guard/dev-verifier'
import { heard } from './application.js'

/** Options that trust a development Verifier of this process. */
export const trusting = (verifier: ReturnType<typeof createDevVerifier>) =>
  ({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: { ...systemRuntime, fetch: verifier.fetch },
    events: heard,
  }) as const

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** Closes a server with the suite. */
export function closing(server: Server): Server {
  servers.push(server)
  return server
}

/** Listens on loopback until the suite ends. */
export async function listening(server: Server): Promise<Server> {
  closing(server).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port
