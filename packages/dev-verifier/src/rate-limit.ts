import type { Endpoint } from './faults.js'

/** Requests a minute of one address in `X-Forwarded-For`, or of all requests without it. */
export interface Limits {
  readonly token: number
  readonly others: number
}

/** Whether a request is one too many; asking counts it. */
export type RateLimiter = (endpoint: Endpoint, request: Request) => boolean

const MINUTE = 60_000

/** A limiter that forgets all counts when a minute of the clock ends. */
export function createRateLimiter(limits: Limits | undefined, now: () => number): RateLimiter {
  if (limits === undefined) return () => false
  const counts = new Map<string, number>()
  let minute = 0
  return (endpoint, request) => {
    const current = Math.floor(now() / MINUTE)
    if (current !== minute) counts.clear()
    minute = current
    const group = endpoint === 'token' ? 'token' : 'others'
    const key = `${group} ${addressOf(request)}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count > limits[group]
  }
}

/** The real Verifier goes by the first address that proxies state; direct callers share a count. */
function addressOf({ headers }: Request): string {
  return headers.get('x-forwarded-for')?.split(',', 1)[0]?.trim() ?? 'direct'
}
