import { LRUCache } from 'lru-cache'
import { Denial, quote } from './errors.js'
import type { KeySet, KeySetHealth } from './key-set.js'
import type { IssuerSettings, Settings } from './options.js'

/** An issuer whose tokens are accepted, with its keys. */
export interface TrustedIssuer extends IssuerSettings {
  readonly keySet: KeySet
}

/** The configured issuers. */
export interface Issuers {
  /**
   * The settings for exactly this issuer.
   *
   * @throws {Denial} `issuer_not_trusted`; `keys_unavailable` while too many issuers of a template are out of reach
   */
  find(issuer: unknown): TrustedIssuer | Promise<TrustedIssuer>
  ready(): Promise<void>
  health(): readonly KeySetHealth[]
  close(): void
}

/** Issuers known by template or lookup that are remembered, each with its key set. */
const MAX_DYNAMIC = 1_000
/** Invented tenants of a template lead to fetches that fail: no more than this many may be out of reach at a time. */
const MAX_UNREACHABLE = 16
const UNREACHABLE_FOR = 60_000

/** Makes the issuers with one key set each, so that no key of one can ever vouch for another (RFC 8725 §3.8). */
export function createIssuers(settings: Settings, keySetOf: (issuer: string, own: IssuerSettings) => KeySet): Issuers {
  const trust = (issuer: string, own: IssuerSettings): TrustedIssuer => ({
    ...own,
    issuer,
    keySet: keySetOf(issuer, own),
  })
  const exact = new Map(
    settings.issuers.filter(({ tenantPattern }) => !tenantPattern).map((own) => [own.issuer, trust(own.issuer, own)]),
  )
  const templates = settings.issuers
    .filter(({ tenantPattern }) => tenantPattern)
    .map((own) => ({ own, pattern: compile(own) }))
  const dynamic = dynamicIssuers(settings)

  async function findDynamic(issuer: string): Promise<TrustedIssuer> {
    const template = templates.find(({ pattern }) => pattern.test(issuer))?.own
    const own = template ?? (await firstAnswer(settings.lookups, issuer))
    if (own === undefined) throw notTrusted(issuer, settings)
    return dynamic.get(issuer) ?? dynamic.add(trust(issuer, own))
  }

  return {
    find(issuer) {
      if (typeof issuer !== 'string') throw notTrusted(issuer, settings)
      const known = exact.get(issuer) ?? dynamic.get(issuer)
      if (known !== undefined) return known
      if (templates.length + settings.lookups.length === 0) throw notTrusted(issuer, settings)
      return findDynamic(issuer)
    },
    async ready() {
      await Promise.all([...exact.values()].map(({ keySet }) => keySet.ready()))
    },
    health: () => [...exact.values(), ...dynamic.values()].map(({ keySet }) => keySet.health()),
    close() {
      for (const { keySet } of [...exact.values(), ...dynamic.values()]) keySet.close()
    },
  }
}

function dynamicIssuers({ runtime, limits }: Settings) {
  const known = new LRUCache<string, TrustedIssuer & { readonly since: number }>({
    max: MAX_DYNAMIC,
    dispose: ({ keySet }) => keySet.close(),
  })
  const isDown = ({ keySet }: TrustedIssuer) => keySet.health().status === 'down'

  return {
    get: (issuer: string): TrustedIssuer | undefined => known.get(issuer),
    values: (): Iterable<TrustedIssuer> => known.values(),
    add(issuer: TrustedIssuer): TrustedIssuer {
      const now = runtime.monotonic()
      const unreachable = [...known.values()].filter(isDown)
      for (const one of unreachable) if (now - one.since > UNREACHABLE_FOR) known.delete(one.issuer)
      if (unreachable.length >= MAX_UNREACHABLE) {
        issuer.keySet.close()
        throw tooManyUnreachable(unreachable.length, limits.timeout)
      }
      const added = { ...issuer, since: now }
      known.set(issuer.issuer, added)
      return added
    },
  }
}

/** A template as an anchored pattern: the tenant is all that may vary. */
function compile({ issuer, tenantPattern }: IssuerSettings): RegExp {
  const [before, after] = issuer.split('{tenant}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) as [
    string,
    string,
  ]
  return new RegExp(`^${before}(?:${tenantPattern!.source})${after}$`)
}

async function firstAnswer(lookups: Settings['lookups'], issuer: string): Promise<IssuerSettings | undefined> {
  for (const lookup of lookups) {
    const settings = await lookup(issuer)
    if (settings !== undefined) return settings
  }
  return undefined
}

function notTrusted(issuer: unknown, { issuers }: Settings): Denial {
  const expected = issuers.map((own) => own.issuer)
  const hint = typeof issuer === 'string' ? likelyMistake(issuer, expected) : undefined
  return new Denial('issuer_not_trusted', {
    check: 'issuer',
    expected: expected.length > 0 ? `"iss" to be ${expected.join(' or ')}` : '"iss" that the issuer lookup knows',
    actual: quote(issuer),
    ...(hint !== undefined && { hint }),
  })
}

function likelyMistake(issuer: string, expected: readonly string[]): string | undefined {
  const differsBy = (suffix: string) => expected.some((own) => own + suffix === issuer || issuer + suffix === own)
  if (differsBy('/')) return 'they differ by a trailing slash only: configure the issuer exactly as the token states it'
  if (differsBy('/verifier'))
    return 'they differ by the suffix "/verifier" only, which Verifiers from 3.1 on have in their issuer: configure it as the token states it'
  if (expected.some((own) => own.toLowerCase() === issuer.toLowerCase()))
    return 'they differ in upper and lower case only'
  if (expected.some((own) => own.replace(/^https?:/, '') === issuer.replace(/^https?:/, '')))
    return 'they differ by http and https only'
  return undefined
}

function tooManyUnreachable(count: number, retryAfter: number): Denial {
  const reason = { check: 'issuer', expected: `fewer than ${MAX_UNREACHABLE} issuers out of reach`, actual: `${count}` }
  return new Denial('keys_unavailable', reason, { retryAfter })
}
