/*
 * Remembers verified tokens: signature, claims and credential only, never what a route requires.
 * Token in, context and confirmation out. Nothing outlives its token, its credential or its key.
 */
import { contextToKeep, createContext, type AuthContext } from './context.js'
import { LRUCache } from './kit/lru-cache.js'
import type { CacheOptions } from './options/options.js'
import type { Validated } from './rules/validated.js'

/** What is known of a validated token. */
export interface ValidatedToken extends Pick<
  Validated,
  'confirmation' | 'validFrom' | 'validUntil' | 'basis'
> {
  readonly context: AuthContext
  /** Whether it was validated for an earlier request. */
  readonly isRemembered: boolean
}

/** The token cache. */
export interface TokenCache {
  /** @param now milliseconds since 1970 */
  get(token: string, now: number): ValidatedToken | undefined
  /** Adds a token, and remembers it when it comes for the second time. */
  add(validated: Validated): ValidatedToken
  /** Tokens that are remembered, and their estimated heap in bytes. */
  size(): TokenCacheSize
}

/** How full the token cache is. */
export interface TokenCacheSize {
  readonly entries: number
  readonly bytes: number
}

/**
 * The end of a token is the end of its signature: as good as a hash, and there already. Longer ends
 * V8 would not copy, and looks up at half the speed.
 */
const TAIL = 12
/**
 * Heap of an entry as a multiple of its token's length, once a handler has read its claims; half of
 * that before. Measured by `npm run bench`.
 */
const BYTES_PER_CHARACTER = 4

/** Makes the token cache; with `null` it remembers nothing. */
export function createTokenCache(bounds: Required<CacheOptions> | null): TokenCache {
  if (bounds === null)
    return { get: () => undefined, add: knownNow, size: () => ({ entries: 0, bytes: 0 }) }
  const seen = createSeenOnce(bounds.maxEntries)
  const entries = new LRUCache<string, ValidatedToken>({
    max: bounds.maxEntries,
    maxSize: bounds.maxBytes,
    sizeCalculation: ({ context }) => context.token.length * BYTES_PER_CHARACTER,
  })
  return {
    get(token, now) {
      const tail = token.slice(-TAIL)
      const known = entries.get(tail)
      // The whole token is compared: the tail only finds the place to look.
      if (known === undefined || known.context.token !== token) return undefined
      if (now >= known.validFrom && now < known.validUntil && known.basis.holds()) return known
      entries.delete(tail)
      return undefined
    },
    add(validated) {
      const known = knownNow(validated)
      if (seen(validated.token))
        entries.set(validated.token.slice(-TAIL), {
          ...known,
          context: contextToKeep(known.context),
          isRemembered: true,
        })
      return known
    },
    size: () => ({ entries: entries.size, bytes: entries.calculatedSize }),
  }
}

/** What is known of a token that was validated just now. */
export function knownNow(validated: Validated): ValidatedToken {
  const { confirmation, validFrom, validUntil, basis } = validated
  const context = createContext(validated)
  return { context, isRemembered: false, confirmation, validFrom, validUntil, basis }
}

/**
 * Recognises tokens that come again, for a number each: a flood of tokens that come once does not
 * fill the cache. Two generations of as many tokens as are remembered, so that as many callers in
 * turn are all recognised.
 */
function createSeenOnce(generation: number): (token: string) => boolean {
  let current = new Set<number>()
  let previous = new Set<number>()
  return (token) => {
    const hash = hashOfEnd(token)
    if (current.has(hash) || previous.has(hash)) return true
    if (current.size >= generation) {
      previous = current
      current = new Set()
    }
    current.add(hash)
    return false
  }
}

/** Characters of a signature that distinguish it from others, for most purposes. */
const HASHED_CHARACTERS = 10

/**
 * FNV-1a over the end of a signature, which is evenly spread already. Of two tokens with one hash
 * the second is remembered at its first sight, and no harm is done.
 */
function hashOfEnd(token: string): number {
  let hash = 0x811c9dc5
  for (let index = Math.max(0, token.length - HASHED_CHARACTERS); index < token.length; index += 1)
    hash = Math.imul(hash ^ token.charCodeAt(index), 0x01000193)
  // V8 keeps whole numbers of 31 bits in place, without an object on the heap for each.
  return hash >> 1
}
