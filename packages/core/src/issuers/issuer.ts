import { Denial, quote } from '../kit/errors.js'
import { dynamicIssuers } from './dynamic-issuers.js'
import { createLookups } from './lookups.js'
import { reviewed } from './review.js'
import type { KeySet, KeySetHealth } from './key-set.js'
import type { IssuerSettings, Settings } from '../options/options.js'
import { likelyDifference } from '../kit/url.js'

/** An issuer whose tokens are accepted, with its keys. */
export interface TrustedIssuer extends IssuerSettings {
  readonly keySet: KeySet
  /** What "aud" may name, by the application or by the profile's own rule; `null` for anything. */
  readonly addressees: readonly string[] | null
}

/** The configured issuers. */
export interface Issuers {
  /**
   * The settings for exactly this issuer.
   *
   * @throws {Denial} `issuer_not_trusted`; `keys_unavailable` while too many issuers of a template
   *   are out of reach
   */
  find(issuer: unknown): TrustedIssuer | Promise<TrustedIssuer>
  ready(): Promise<void>
  health(): readonly KeySetHealth[]
  close(): void
}

/**
 * Issuers that the reason of a refusal names: it costs time to write, and whoever sends garbage
 * decides how often.
 */
const MAX_NAMED = 10
/** Longer ones are nobody's. */
const MAX_LENGTH = 2_048

/**
 * Makes the issuers with one key set each, so that no key of one can ever vouch for another (RFC
 * 8725 §3.8).
 */
export function createIssuers(
  settings: Settings,
  keySetOf: (issuer: string, own: IssuerSettings, onTrial: boolean) => KeySet,
): Issuers {
  const trust = (issuer: string, own: IssuerSettings, keySet: KeySet): TrustedIssuer => ({
    ...own,
    issuer,
    keySet,
    addressees: addresseesOf({ ...own, issuer }),
  })
  const configured = settings.issuers.map((own) => ({
    own,
    keySet: isOneSource(own) ? keySetOf(own.issuer, own, false) : undefined,
  }))
  const keySets = configured.flatMap(({ keySet }) => keySet ?? [])
  const exact = new Map(
    configured
      .filter(({ own }) => own.template === undefined)
      .map(({ own, keySet }) => [own.issuer, trust(own.issuer, own, keySet!)]),
  )
  const templates = configured.filter(({ own }) => own.template !== undefined)
  const lookUp = createLookups(settings)
  const dynamic = dynamicIssuers(settings)
  let closed = false

  async function findByLookup(issuer: string): Promise<TrustedIssuer> {
    const own = await lookUp(issuer)
    if (own === undefined) throw notTrusted(issuer, settings)
    const known = dynamic.get(issuer)
    if (known !== undefined) return known
    const newcomer = trust(issuer, own, keySetOf(issuer, own, true))
    return dynamic.add(reviewed(newcomer, () => lookUp(issuer), dynamic.remove, settings))
  }

  return {
    find(issuer) {
      if (closed) throw afterClose()
      if (typeof issuer !== 'string' || issuer.length > MAX_LENGTH)
        throw notTrusted(issuer, settings)
      const known = exact.get(issuer) ?? dynamic.get(issuer)
      if (known !== undefined) return known
      const templated = templates.find(({ own }) => own.template!(issuer))
      if (templated?.keySet !== undefined) return trust(issuer, templated.own, templated.keySet)
      if (templated !== undefined)
        return dynamic.add(trust(issuer, templated.own, keySetOf(issuer, templated.own, true)))
      if (settings.lookups.length === 0) throw notTrusted(issuer, settings)
      return findByLookup(issuer)
    },
    async ready() {
      // Every issuer gets its chance before the first failure is reported.
      const results = await Promise.allSettled(keySets.map((keySet) => keySet.ready()))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
    health: () => [...keySets.map(probe), ...dynamic.health()],
    close() {
      closed = true
      for (const keySet of keySets) keySet.close()
      dynamic.close()
    },
  }
}

/**
 * Whether there is one source of keys, whoever the tenant is: then nobody has another key set made
 * by inventing tenants.
 */
function isOneSource({ issuer, template, origin }: IssuerSettings): boolean {
  return template === undefined || !('discovery' in origin(issuer))
}

/**
 * A machine's token names the Verifier, by its issuer or, from 3.3 on, by its origin; a user's
 * token names a client.
 */
export function addresseesOf({
  issuer,
  audience,
  clientIds,
}: Pick<IssuerSettings, 'issuer' | 'audience' | 'clientIds'>): readonly string[] | null {
  if (audience !== undefined) return audience
  return [...new Set([issuer, new URL(issuer).origin, ...clientIds])]
}

/**
 * Asking for the health of keys that nobody needed yet has them fetched: a process that gets no
 * requests before it is ready must become so.
 */
function probe(keySet: KeySet): KeySetHealth {
  const health = keySet.health()
  if (health.status === 'down') void keySet.ready().catch(() => {})
  return health
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
  const hint = 'close() was called; a server that shuts down should stop taking requests before'
  const reason = {
    check: 'issuer',
    expected: 'a resource server that is open',
    actual: 'one that was closed',
    hint,
  }
  return new Denial('keys_unavailable', reason, { retryAfter: 1_000 })
}
