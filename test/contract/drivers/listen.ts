import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Driver, Mount, Running } from '../application.js'

/**
 * Room for more than a token may have, in bytes: by default Node refuses such headers before
 * anybody gets to see them.
 */
export const MAX_HEADER_SIZE = 65_536

/** Listens on loopback with a handler of Node's requests. */
export function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Running> {
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_SIZE },
    (request, response) => void handler(request, response),
  )
  return started(server.listen(0, '127.0.0.1'))
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

/** Loads a package by the alias it is installed under. */
const load = createRequire(__filename)

/**
 * A driver for each version of a framework: one that is not installed, or does not load on the Node
 * at hand, is named with the reason.
 *
 * @param aliases what the versions are installed under
 * @param start gets what the package exports, by default where there is such
 * @param variant tells drivers of the same version apart
 */
export function driversOf<Framework>(
  framework: string,
  aliases: readonly string[],
  start: (framework: Framework, mounts: readonly Mount[]) => Promise<Running>,
  variant = '',
): readonly Driver[] {
  return aliases.map((alias) => {
    try {
      const exported = load(alias) as Framework & { readonly default?: Framework }
      const name = `${framework} ${versionOf(alias)} ${variant}`.trimEnd()
      return { name, start: (mounts) => start(exported.default ?? exported, mounts) }
    } catch (error) {
      const unavailable = `does not load on Node ${process.versions.node}: ${(error as Error).message}`
      return {
        name: `${framework} (${alias}) ${variant}`.trimEnd(),
        unavailable,
        start: () => Promise.reject(new Error(unavailable)),
      }
    }
  })
}

function versionOf(alias: string): string {
  const manifest = readFileSync(
    join(__dirname, '../../../node_modules', alias, 'package.json'),
    'utf8',
  )
  return (JSON.parse(manifest) as { version: string }).version
}
