/**
 * Remembers used DPoP proofs for all instances of an API, on the client of Redis or Valkey that the
 * application has.
 *
 * @packageDocumentation
 */
export { ioredisStore } from './ioredis.js'
export type { IoredisClient } from './ioredis.js'
export { nodeRedisStore } from './node-redis.js'
export type { NodeRedisClient } from './node-redis.js'
export { rateLimiterStore } from './rate-limiter.js'
export type { RateLimiter } from './rate-limiter.js'
export type { RedisStoreOptions } from './commands.js'
