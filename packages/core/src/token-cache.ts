/*
 * Remembers verified tokens: signature, claims and credential only, never what a route requires.
 * Token in, context and confirmation out. Nothing outlives its token, its credential or its key.
 */
import { contextToKeep, createContext, type AuthContext } from './context.js'
import { LRUCache } from './kit/lru-cache.js'
import type { CacheOptions } from './options/options.js'
import type { Validated } from './rules/validated.js'

/** What is known of a validated token. */
export interface Known extends Pick<
  Validated,
  'confirmation' | 'validFrom' | 'validUntil' | 'basis'
> {
  readonly context: AuthContext
  /** Whether it was validated for an earlier request. */
  readonly isRemembered: boolean
}

/** The memory for verified tokens. */
export interface TokenCache {
  /** @param now milliseconds since 1970 */
  get(token: string, now: number): Known | undefined
  /** Takes a token in, and remembers it from its second sight on. */
  add(validated: Validated): Known
}

/** The end of a token is the end of its signature: as good as a hash, and there already. */
const TAIL = 32
/**
 * Heap of an entry as a multiple of its token's length, once a handler has read its claims; half of
 * that before. Measured by `npm run bench`.
 */
const BYTES_PER_CHARACTER = 4

/** Makes the memory; one that is switched off forgets everything. */
export function createTokenCache(bounds: Required<CacheOptions> | null): TokenCache {
  if (bounds === null) return { get: () => undefined, add: knownNow }
  const seen = createSeenOnce()
  const entries = new LRUCache<string, Known>({
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
  }
}

function knownNow(validated: Validated): Known {
  const { confirmation, validFrom, validUntil, basis } = validated
  const context = createContext(validated)
  return { context, isRemembered: false, confirmation, validFrom, validUntil, basis }
}

const MARKS = 8_192

/**
 * Tells tokens that come again from those that come once, for a few bytes each: a flood of tokens
 * that never come again does not fill the memory. A mark that was overwritten, or that another
 * token left, costs or saves one signature check.
 */
function createSeenOnce(): (token: string) => boolean {
  const marks = new Uint32Array(MARKS)
  return (token) => {
    const mark = hashOfEnd(token)
    const place = mark % MARKS
    if (marks[place] === mark) return true
    marks[place] = mark
    return false
  }
}

/** FNV-1a over the end of a signature, which is evenly spread already. */
function hashOfEnd(token: string): number {
  let hash = 0x811c9dc5
  for (let index = Math.max(0, token.length - TAIL); index < token.length; index += 1)
    hash = Math.imul(hash ^ token.charCodeAt(index), 0x01000193)
  // Zero marks an empty place.
  return hash >>> 0 || 1
}
