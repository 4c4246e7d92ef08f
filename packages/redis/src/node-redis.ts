/* A store from a client of `redis`. */
import type { ReplayStore } from '@verifier-guard/core'
import { requireClient, storeOf, type RedisStoreOptions } from './commands.js'

/** A client, a cluster or a pool of the package `redis`, as far as this package touches it. */
export interface NodeRedisClient {
  set(key: string, value: string, options: { NX: true; PX: number }): Promise<unknown>
  pTTL(key: string): Promise<unknown>
}

/**
 * Remembers used proofs by a client of the package `redis` (node-redis).
 *
 * Opens and closes no connection: connect the client before, and close it yourself. Checks no
 * proof. Give the client `disableOfflineQueue: true`, so that an outage is noticed at once.
 *
 * @param client of `createClient`, `createCluster` or `createClientPool`
 * @param options `prefix` starts every key; default: `verifier-guard:`
 * @returns a store for the option `dpop.replay.store` of a resource server
 * @throws {GuardError} `invalid_configuration` for what is no such client
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import { createResourceServer } from '@verifier-guard/core'
 * import { nodeRedisStore } from '@verifier-guard/redis'
 * import { createClient } from 'redis'
 *
 * const client = createClient({ url: 'redis://127.0.0.1:6379', disableOfflineQueue: true })
 * client.on('error', (error) => console.warn(error))
 * const resourceServer = createResourceServer({
 *   issuer: 'https://as.example.org',
 *   audience: 'https://orders.example.org',
 *   resource: 'https://orders.example.org',
 *   dpop: { replay: { store: nodeRedisStore(client) } },
 * })
 * export const start = () => client.connect()
 * export const handle = (request: Request) => resourceServer.authenticate(request)
 * ```
 */
export function nodeRedisStore(
  client: NodeRedisClient,
  options: RedisStoreOptions = {},
): ReplayStore {
  requireClient(client, ['set', 'pTTL'], 'nodeRedisStore(createClient(…))')
  return storeOf(
    {
      setIfAbsent: (key, PX) => client.set(key, '1', { NX: true, PX }),
      timeToLive: (key) => client.pTTL(key),
    },
    options,
  )
}
