// Each call passes a client of another package, which would set keys for ever or fail.
import { Redis } from 'ioredis'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { ioredisStore, nodeRedisStore, rateLimiterStore } from '../../src/index.js'

const nodeRedis = createClient()
const ioredis = new Redis({ lazyConnect: true })

// @ts-expect-error a client of ioredis
nodeRedisStore(ioredis)
// @ts-expect-error a client of redis
ioredisStore(nodeRedis)
// @ts-expect-error a client in place of a limiter
rateLimiterStore(ioredis)
// @ts-expect-error a limiter in place of a client
ioredisStore(new RateLimiterMemory({ points: 1, duration: 60 }))
// @ts-expect-error nothing
nodeRedisStore(undefined)
