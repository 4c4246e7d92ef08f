/*
 * The issuers whose tokens are accepted, each with keys of its own, so that no key of one can ever
 * vouch for another (RFC 8725 §3.8). `iss` in, trusted issuer out.
 */
import { quote } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import type { Emitter } from '../kit/events.js'
import type { Later } from '../kit/later.js'
import { likelyDifference } from '../kit/url.js'
import type { IssuerSettings, Settings } from '../options/options.js'
import { createKeySet, type KeySetHealth } from './key-set.js'
import { lookedUpIssuers } from './looked-up-issuers.js'
import {
  trustedIssuer,
  type IssuerSource,
  type KeySetOf,
  type TrustedIssuer,
} from './trusted-issuer.js'
import { createUnlistedIssuers, type UnlistedIssuers } from './unlisted-issuers.js'

/** The configured issuers. */
export interface Issuers {
  /**
   * Finds the settings for exactly this issuer.
   *
   * @throws {Denial} `issuer_not_trusted`; `keys_unavailable` while too many unverified issuers are
   *   out of reach
   */
  find(issuer: unknown): Later<TrustedIssuer>
  /** Has the keys fetched in the background. */
  prefetch(): void
  ready(): Promise<void>
  health(): readonly KeySetHealth[]
  /** Ends timers of a resource server that is dropped: its use renews keys all the same. */
  release(): void
  close(): void
}

/**
 * Issuers that the reason of a refusal names: a sender of garbage decides how often it is written.
 */
const MAX_NAMED = 10
/** No real issuer is longer. */
const MAX_LENGTH = 2_048

/** Makes the issuers of a resource server, each with the key set that its settings describe. */
export function issuersOf(settings: Settings, emitter: Emitter): Issuers {
  const { limits, runtime } = settings
  return createIssuers(settings, (issuer, { keysAt, algorithms, configuredAs }, isUnverified) =>
    createKeySet({
      ...{ issuer, configuredAs, limits, runtime, emitter, isUnverified },
      keysAt: keysAt(issuer),
      algorithms: [...algorithms.values()],
    }),
  )
}

function createIssuers(settings: Settings, keySetOf: KeySetOf): Issuers {
  const unlisted = createUnlistedIssuers(settings)
  const isTemplate = ({ template }: IssuerSettings) => template !== undefined
  const sources = [
    listedIssuers(
      settings.issuers.filter((own) => !isTemplate(own)),
      keySetOf,
    ),
    ...settings.issuers.filter(isTemplate).map((own) => tenantIssuers(own, keySetOf, unlisted)),
    lookedUpIssuers(settings, keySetOf, unlisted),
  ]
  const keySets = sources.flatMap((source) => source.keySets)
  let isClosed = false

  return {
    find(issuer) {
      if (isClosed) throw afterClose()
      const refuse = () => notTrusted(issuer, settings)
      if (typeof issuer !== 'string' || issuer.length > MAX_LENGTH) throw refuse()
      return findIn(sources, issuer, refuse)
    },
    prefetch() {
      for (const keySet of keySets) void keySet.ready().catch(() => {})
    },
    async ready() {
      // Every issuer gets its chance before the first failure is reported.
      const results = await Promise.allSettled(keySets.map((keySet) => keySet.ready()))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
    health: () => [...keySets.map((keySet) => keySet.health()), ...unlisted.health()],
    release() {
      for (const keySet of keySets) keySet.release()
      unlisted.release()
    },
    close() {
      isClosed = true
      for (const keySet of keySets) keySet.close()
      unlisted.close()
    },
  }
}

function findIn(
  sources: readonly IssuerSource[],
  issuer: string,
  refuse: () => Denial,
): Later<TrustedIssuer> {
  for (const { find } of sources) {
    const found = find(issuer)
    if (found instanceof Promise)
      return found.then((late) => {
        if (late === undefined) throw refuse()
        return late
      })
    if (found !== undefined) return found
  }
  throw refuse()
}

function listedIssuers(listed: readonly IssuerSettings[], keySetOf: KeySetOf): IssuerSource {
  const byName = new Map(
    listed.map((own) => [
      own.issuer,
      trustedIssuer(own.issuer, own, keySetOf(own.issuer, own, false)),
    ]),
  )
  return {
    find: (issuer) => byName.get(issuer),
    keySets: [...byName.values()].map(({ keySet }) => keySet),
  }
}

/** The tenants of a template, each with keys of its own, unless one place has the keys of all. */
function tenantIssuers(
  own: IssuerSettings,
  keySetOf: KeySetOf,
  unlisted: UnlistedIssuers,
): IssuerSource {
  const isTenant = own.template!
  if (own.sharesKeys) {
    const keySet = keySetOf(own.issuer, own, false)
    return {
      find: (issuer) => (isTenant(issuer) ? trustedIssuer(issuer, own, keySet) : undefined),
      keySets: [keySet],
    }
  }
  return {
    find(issuer) {
      if (!isTenant(issuer)) return undefined
      return (
        unlisted.get(issuer) ??
        unlisted.add(trustedIssuer(issuer, own, keySetOf(issuer, own, true)))
      )
    },
    keySets: [],
  }
}

function notTrusted(issuer: unknown, { issuers }: Settings): Denial {
  const expected = issuers.slice(0, MAX_NAMED).map((own) => own.issuer)
  const more = issuers.length > MAX_NAMED ? ` or one of ${issuers.length - MAX_NAMED} more` : ''
  const difference = typeof issuer === 'string' ? likelyDifference(expected, [issuer]) : undefined
  return new Denial('issuer_not_trusted', {
    check: 'issuer',
    expected:
      expected.length > 0
        ? `"iss" to be ${expected.map(quote).join(' or ')}${more}`
        : '"iss" that the issuer lookup knows',
    actual: quote(issuer),
    ...(difference !== undefined && {
      hint: `${difference}: configure the issuer exactly as the token states it`,
    }),
  })
}

function afterClose(): Denial {
  return new Denial('keys_unavailable', {
    check: 'issuer',
    expected: 'a resource server that is open',
    actual: 'one that was closed',
    hint: 'close() was called; a server that shuts down should stop taking requests before',
  })
}
