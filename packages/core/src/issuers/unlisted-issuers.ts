/*
 * Remembers issuers by template or lookup, whose names come with tokens. They are unverified until
 * a signature holds by one of their keys. Any caller can invent one, and a Verifier that answers
 * for any host name answers for those too. So unverified ones neither push out verified ones, nor
 * count in the health, nor cause a fetch in the background.
 */
import { Denial } from '../kit/errors.js'
import { LRUCache } from '../kit/lru-cache.js'
import { createTokenBucket } from '../kit/token-bucket.js'
import type { Settings } from '../options/options.js'
import type { KeySetHealth } from './key-set.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** The issuers known by template or lookup. */
export interface UnlistedIssuers {
  get(name: string): TrustedIssuer | undefined
  /** Adds an issuer not known before. @throws {Denial} `keys_unavailable` when too many are new */
  add(issuer: TrustedIssuer): TrustedIssuer
  remove(name: string): void
  /** Of the verified ones. */
  health(): readonly KeySetHealth[]
  /** Ends timers. */
  release(): void
  close(): void
}

/** Verified issuers that are remembered, each with its key set. */
const MAX_VERIFIED = 1_000
/** Unverified issuers at a time, and how many more may come in each second. */
const MAX_UNVERIFIED = 64
/** Invented tenants compete with real ones for these, and each costs two fetches. */
const NEW_EVERY = 100

/** Makes the issuers by template or lookup; none is known at first. */
export function createUnlistedIssuers({ runtime, limits }: Settings): UnlistedIssuers {
  const verified = new LRUCache<string, TrustedIssuer>({
    max: MAX_VERIFIED,
    dispose: ({ keySet }) => keySet.close(),
  })
  const unverified = new Map<string, TrustedIssuer>()
  const places = createTokenBucket(runtime, { size: MAX_UNVERIFIED, every: NEW_EVERY })
  let isClosed = false

  /** The issuer as it is until one of its signatures holds. */
  function asUnverified(issuer: TrustedIssuer): TrustedIssuer {
    const candidate: TrustedIssuer = { ...issuer, keySet: { ...issuer.keySet, confirm } }
    function confirm(): void {
      if (unverified.get(issuer.issuer) !== candidate) return
      unverified.delete(issuer.issuer)
      verified.set(issuer.issuer, issuer)
      places.giveBack()
      issuer.keySet.confirm()
    }
    return candidate
  }

  return {
    get: (name) => verified.get(name) ?? unverified.get(name),
    add(issuer) {
      if (isClosed || !places.take() || !makeRoom(unverified)) {
        issuer.keySet.close()
        throw tooManyUnverified(limits.timeout)
      }
      const candidate = asUnverified(issuer)
      unverified.set(issuer.issuer, candidate)
      return candidate
    },
    remove(name) {
      unverified.get(name)?.keySet.close()
      unverified.delete(name)
      verified.delete(name)
    },
    health: () => [...verified.values()].map(({ keySet }) => keySet.health()),
    release() {
      for (const { keySet } of verified.values()) keySet.release()
    },
    close() {
      isClosed = true
      verified.clear()
      for (const { keySet } of unverified.values()) keySet.close()
      unverified.clear()
    },
  }
}

/** An issuer whose keys were asked for, and that has shown no signature since, goes first. */
function makeRoom(unverified: Map<string, TrustedIssuer>): boolean {
  if (unverified.size < MAX_UNVERIFIED) return true
  for (const [name, { keySet }] of unverified) {
    const { status, failures } = keySet.health()
    if (status === 'down' && failures === 0) continue
    unverified.delete(name)
    keySet.close()
    return true
  }
  return false
}

function tooManyUnverified(timeout: number): Denial {
  const reason = {
    check: 'issuer',
    expected: `no more than ${MAX_UNVERIFIED} unverified issuers whose keys are still to come`,
    actual: 'more, or a resource server that was closed',
  }
  return new Denial('keys_unavailable', reason, { retryAfter: timeout / 1_000 })
}
