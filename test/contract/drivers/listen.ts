import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Running } from '../application.js'

/** Listens on loopback with a handler of Node's requests. */
export function listen(handler: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Running> {
  return started(createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1'))
}

/** Where a server answers, once it does. */
export async function started(server: Server): Promise<Running> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The version of a package as installed, by the alias it is installed under. */
export function versionOf(alias: string): string {
  const { version } = JSON.parse(
    readFileSync(join(__dirname, '../../../node_modules', alias, 'package.json'), 'utf8'),
  ) as {
    version: string
  }
  return version
}
