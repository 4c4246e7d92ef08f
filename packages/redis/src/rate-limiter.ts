/* A store from a limiter of `rate-limiter-flexible`. */
import type { ReplayStore } from '@verifier-guard/core'
import { configurationError, requireObject } from '@verifier-guard/core/support'

/** A limiter of the package `rate-limiter-flexible`, as far as this package touches it. */
export interface RateLimiter {
  readonly points: number
  readonly insuranceLimiter?: unknown
  consume(key: string, points: number, options: { customDuration: number }): Promise<unknown>
}

/**
 * Remembers used proofs by a limiter of the package `rate-limiter-flexible`: on Redis, Valkey,
 * Memcached, DynamoDB, PostgreSQL, MySQL, MongoDB and others. A limiter that allows one point
 * counts atomically, so the second use of a proof is refused.
 *
 * Checks no proof. A `RateLimiterMemory` remembers in one process alone.
 *
 * @param limiter with `points: 1` and without an `insuranceLimiter`, which would accept used proofs
 *   in an outage
 * @returns a store for the option `dpop.replay.store` of a resource server
 * @throws {GuardError} `invalid_configuration` for a limiter with other settings
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import { rateLimiterStore } from '@verifier-guard/redis'
 * import { Redis } from 'ioredis'
 * import { RateLimiterRedis } from 'rate-limiter-flexible'
 *
 * const storeClient = new Redis('redis://127.0.0.1:6379', { lazyConnect: true })
 * const limiter = new RateLimiterRedis({
 *   storeClient,
 *   keyPrefix: 'dpop',
 *   points: 1,
 *   duration: 60,
 * })
 * export const store = rateLimiterStore(limiter)
 * ```
 */
export function rateLimiterStore(limiter: RateLimiter): ReplayStore {
  requireObject('a limiter of rate-limiter-flexible', limiter, 'write rateLimiterStore(limiter)')
  if (limiter.points !== 1) throw unfit('points: 1', `points: ${limiter.points}`)
  if (limiter.insuranceLimiter !== undefined && limiter.insuranceLimiter !== null)
    throw unfit('no "insuranceLimiter"', 'one, which accepts used proofs in an outage')
  return {
    async add(key, ttl) {
      try {
        // A part of a second would count as no end at all.
        await limiter.consume(key, 1, { customDuration: Math.ceil(ttl) })
        return 'added'
      } catch (refused) {
        if (isRefusal(refused)) return 'present'
        throw refused
      }
    },
  }
}

/**
 * A refusal is no error, but the state of the key. One that the limiter remembers by itself
 * (`inMemoryBlockOnConsumed`) states that no points are consumed.
 */
function isRefusal(thrown: unknown): boolean {
  const { consumedPoints } = Object(thrown) as { consumedPoints?: unknown }
  return !(thrown instanceof Error) && typeof consumedPoints === 'number'
}

function unfit(expected: string, found: string): Error {
  return configurationError(
    `a limiter of rate-limiter-flexible with ${expected}`,
    found,
    'make a limiter for used proofs alone',
  )
}
