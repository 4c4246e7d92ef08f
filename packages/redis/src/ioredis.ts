/* A store from a client of `ioredis` or `iovalkey`. */
import type { ReplayStore } from '@verifier-guard/core'
import { requireClient, storeOf, type RedisStoreOptions } from './commands.js'

/** A client or a cluster of `ioredis` or `iovalkey`, as far as this package touches it. */
export interface IoredisClient {
  set(key: string, value: string, px: 'PX', ttl: number, nx: 'NX'): Promise<unknown>
  pttl(key: string): Promise<unknown>
}

/**
 * Remembers used proofs by a client of the package `ioredis` or `iovalkey`.
 *
 * Opens and closes no connection, and checks no proof. Give the client `enableOfflineQueue: false`,
 * so that an outage is noticed at once.
 *
 * @param client of `new Redis(…)` or `new Cluster(…)`
 * @param options `prefix` starts every key; default: `verifier-guard:`
 * @returns a store for the option `dpop.replay.store` of a resource server
 * @throws {GuardError} `invalid_configuration` for what is no such client
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import { createResourceServer } from '@verifier-guard/core'
 * import { ioredisStore } from '@verifier-guard/redis'
 * import { Redis } from 'ioredis'
 *
 * const client = new Redis('redis://127.0.0.1:6379', { lazyConnect: true })
 * const resourceServer = createResourceServer({
 *   issuer: 'https://as.example.org',
 *   audience: 'https://orders.example.org',
 *   resource: 'https://orders.example.org',
 *   dpop: { replay: { store: ioredisStore(client) } },
 * })
 * export const start = () => client.connect()
 * export const handle = (request: Request) => resourceServer.authenticate(request)
 * ```
 */
export function ioredisStore(client: IoredisClient, options: RedisStoreOptions = {}): ReplayStore {
  requireClient(client, ['set', 'pttl'], 'ioredisStore(new Redis(…))')
  return storeOf(
    {
      setIfAbsent: (key, ttl) => client.set(key, '1', 'PX', ttl, 'NX'),
      timeToLive: (key) => client.pttl(key),
    },
    options,
  )
}
