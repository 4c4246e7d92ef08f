import { LRUCache } from './kit/lru-cache.js'
import type { AuthContext } from './context.js'
import type { PublishedKey } from './jwt/key.js'
import type { DecisionWindow } from './rules/credential-policy.js'
import type { CacheOption } from './options/options.js'

/** A token that was verified, with what the decision rests on. */
export interface VerifiedEntry extends DecisionWindow {
  readonly context: AuthContext
  readonly key: PublishedKey
}

/**
 * The memory for verified tokens: signature, claims and credential only, never what a route
 * requires.
 */
export interface TokenCache {
  get(token: string, now: number): AuthContext | undefined
  set(token: string, entry: VerifiedEntry): void
  readonly size: number
}

/** The end of a token is the end of its signature: as good as a hash, and there already. */
const TAIL = 32
/**
 * Heap of an entry as a multiple of its token's length, once a handler has read its claims; half of
 * that before. Measured by `npm run bench`.
 */
const BYTES_PER_CHARACTER = 4

/** Makes the memory, or one that forgets everything when it is switched off. */
export function createTokenCache(bounds: Required<CacheOption> | null): TokenCache {
  if (bounds === null) return { get: () => undefined, set: () => {}, size: 0 }
  const entries = new LRUCache<string, VerifiedEntry>({
    max: bounds.maxEntries,
    maxSize: bounds.maxBytes,
    sizeCalculation: ({ context }) => context.token.length * BYTES_PER_CHARACTER,
  })
  return {
    get(token, now) {
      const tail = token.slice(-TAIL)
      const entry = entries.get(tail)
      // The whole token is compared: the tail only finds the place to look.
      if (entry === undefined || entry.context.token !== token) return undefined
      if (entry.key.trusted && now >= entry.validFrom && now < entry.validUntil)
        return entry.context
      entries.delete(tail)
      return undefined
    },
    set(token, entry) {
      entries.set(token.slice(-TAIL), entry)
    },
    get size() {
      return entries.size
    },
  }
}
