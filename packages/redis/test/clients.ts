import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import type { ReplayStore } from '@verifier-guard/core'
import { ioredisStore, nodeRedisStore, rateLimiterStore } from '../src/index.js'

/** A store on a client of its own. */
export interface Connected {
  readonly store: ReplayStore
  close(): Promise<unknown>
}

async function connectNodeRedis(path: string) {
  const client = createClient({ socket: { path, tls: false }, disableOfflineQueue: true })
  // Lost connections are what some tests are about.
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => Promise.resolve(client.destroy()) }
}

async function connectIoredis<Client extends Redis | Valkey>(
  Package: new (options: object) => Client,
  path: string,
) {
  const client = new Package({ path, lazyConnect: true, enableOfflineQueue: false })
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => Promise.resolve(client.disconnect()) }
}

/** A limiter that refuses a key that it knows without asking Redis. */
export async function connectBlocking(socket: string): Promise<Connected> {
  const { client, close } = await connectIoredis<Redis>(Redis, socket)
  const settings = { storeClient: client, keyPrefix: 'blocking', inMemoryBlockOnConsumed: 1 }
  return {
    store: rateLimiterStore(new RateLimiterRedis({ ...settings, points: 1, duration: 60 })),
    close,
  }
}

/** Every way to a store on Redis, by the packages that it takes. */
export const STORES: Readonly<Record<string, (socket: string) => Promise<Connected>>> = {
  async redis(socket) {
    const { client, close } = await connectNodeRedis(socket)
    return { store: nodeRedisStore(client), close }
  },
  async ioredis(socket) {
    const { client, close } = await connectIoredis<Redis>(Redis, socket)
    return { store: ioredisStore(client), close }
  },
  async iovalkey(socket) {
    const { client, close } = await connectIoredis<Valkey>(Valkey, socket)
    return { store: ioredisStore(client), close }
  },
  async 'rate-limiter-flexible on redis'(socket) {
    const { client, close } = await connectNodeRedis(socket)
    const settings = { storeClient: client, useRedisPackage: true, keyPrefix: 'limiter' }
    return {
      store: rateLimiterStore(new RateLimiterRedis({ ...settings, points: 1, duration: 60 })),
      close,
    }
  },
  async 'rate-limiter-flexible on ioredis'(socket) {
    const { client, close } = await connectIoredis<Redis>(Redis, socket)
    const settings = { storeClient: client, keyPrefix: 'limiter' }
    return {
      store: rateLimiterStore(new RateLimiterRedis({ ...settings, points: 1, duration: 60 })),
      close,
    }
  },
}
