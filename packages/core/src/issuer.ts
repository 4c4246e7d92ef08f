import { LRUCache } from './lru-cache.js'
import { Denial, quote } from './errors.js'
import type { KeySet, KeySetHealth } from './key-set.js'
import type { IssuerSettings, Settings } from './options.js'
import type { Runtime } from './runtime.js'
import { isIssuer } from './url.js'

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
   * @throws {Denial} `issuer_not_trusted`; `keys_unavailable` while too many issuers of a template are out of reach
   */
  find(issuer: unknown): TrustedIssuer | Promise<TrustedIssuer>
  ready(): Promise<void>
  health(): readonly KeySetHealth[]
  close(): void
}

/** Issuers that the reason of a refusal names: it costs time to write, and whoever sends garbage decides how often. */
const MAX_NAMED = 10
/** Longer ones are nobody's. */
const MAX_LENGTH = 2_048
/** Issuers known by template or lookup that are remembered, each with its key set. */
const MAX_DYNAMIC = 1_000
/** Anybody can invent tenants of a template: no more than this many may be on trial at a time, or be new within a moment. */
const MAX_UNPROVEN = 64
/** How often one more may be new after that, in milliseconds. */
const NEWCOMER_EVERY = 1_000

/** Makes the issuers with one key set each, so that no key of one can ever vouch for another (RFC 8725 §3.8). */
export function createIssuers(
  settings: Settings,
  keySetOf: (issuer: string, own: IssuerSettings, onTrial: boolean) => KeySet,
): Issuers {
  const trust = (issuer: string, own: IssuerSettings, onTrial: boolean): TrustedIssuer => ({
    ...own,
    issuer,
    keySet: keySetOf(issuer, own, onTrial),
    addressees: addresseesOf({ ...own, issuer }),
  })
  const exact = new Map(
    settings.issuers
      .filter(({ template }) => template === undefined)
      .map((own) => [own.issuer, trust(own.issuer, own, false)]),
  )
  const templates = settings.issuers.filter(({ template }) => template !== undefined)
  const dynamic = dynamicIssuers(settings)

  async function findDynamic(issuer: string): Promise<TrustedIssuer> {
    const own = templates.find(({ template }) => template!(issuer)) ?? (await firstAnswer(settings, issuer))
    if (own === undefined) throw notTrusted(issuer, settings)
    return dynamic.get(issuer) ?? dynamic.add(trust(issuer, own, true))
  }

  return {
    find(issuer) {
      if (typeof issuer !== 'string' || issuer.length > MAX_LENGTH) throw notTrusted(issuer, settings)
      const known = exact.get(issuer) ?? dynamic.get(issuer)
      if (known !== undefined) return known
      if (templates.length + settings.lookups.length === 0) throw notTrusted(issuer, settings)
      return findDynamic(issuer)
    },
    async ready() {
      // Every issuer gets its chance before the first failure is reported.
      const results = await Promise.allSettled([...exact.values()].map(({ keySet }) => keySet.ready()))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
    health: () => [...[...exact.values()].map(probe), ...dynamic.health()],
    close() {
      for (const { keySet } of exact.values()) keySet.close()
      dynamic.close()
    },
  }
}

/** A machine's token names the Verifier, by its issuer or, from 3.3 on, by its origin; a user's token names a client. */
export function addresseesOf({
  issuer,
  audience,
  clientIds,
}: Pick<IssuerSettings, 'issuer' | 'audience' | 'clientIds'>): readonly string[] | null {
  if (audience !== undefined) return audience
  return [...new Set([issuer, new URL(issuer).origin, ...clientIds])]
}

/** Asking for the health of keys that nobody needed yet has them fetched: a process that gets no requests before it is ready must become so. */
function probe({ keySet }: TrustedIssuer): KeySetHealth {
  const health = keySet.health()
  if (health.status === 'down') void keySet.ready().catch(() => {})
  return health
}

/**
 * Issuers by template or lookup: on trial until a signature holds by one of their keys. Anybody can invent one, and a Verifier that answers for any
 * host name answers for those too; so they neither push out real ones, nor count in their health, nor cause a fetch of their own accord.
 */
function dynamicIssuers({ runtime, limits }: Settings) {
  const proven = new LRUCache<string, TrustedIssuer>({ max: MAX_DYNAMIC, dispose: ({ keySet }) => keySet.close() })
  const unproven = new Map<string, TrustedIssuer>()
  const newcomers = createAllowance(runtime)
  let closed = false

  function promote(): void {
    for (const [name, issuer] of unproven) {
      if (!issuer.keySet.proven()) continue
      unproven.delete(name)
      proven.set(name, issuer)
      newcomers.giveBack()
    }
  }

  /** Makes room for one more: whoever has had an answer, good or bad, and shown no signature since goes first. */
  function makeRoom(): boolean {
    if (unproven.size < MAX_UNPROVEN) return true
    for (const [name, { keySet }] of unproven) {
      const { status, failures } = keySet.health()
      if (status === 'down' && failures === 0) continue
      unproven.delete(name)
      keySet.close()
      return true
    }
    return false
  }

  return {
    get: (name: string): TrustedIssuer | undefined => proven.get(name) ?? unproven.get(name),
    add(issuer: TrustedIssuer): TrustedIssuer {
      promote()
      if (closed || !newcomers.take() || !makeRoom()) {
        issuer.keySet.close()
        throw tooManyUnproven(limits.timeout)
      }
      unproven.set(issuer.issuer, issuer)
      return issuer
    },
    health(): readonly KeySetHealth[] {
      promote()
      return [...proven.values()].map(({ keySet }) => keySet.health())
    },
    close(): void {
      closed = true
      proven.clear()
      for (const { keySet } of unproven.values()) keySet.close()
      unproven.clear()
    },
  }
}

/** How many new issuers may be tried: some at once, then one a second, so that whoever invents them neither floods the Verifier nor takes every place. Who turns out real does not count. */
function createAllowance(runtime: Pick<Runtime, 'monotonic'>) {
  let left = MAX_UNPROVEN
  let at = runtime.monotonic()
  return {
    take(): boolean {
      const now = runtime.monotonic()
      left = Math.min(MAX_UNPROVEN, left + (now - at) / NEWCOMER_EVERY)
      at = now
      if (left < 1) return false
      left -= 1
      return true
    },
    giveBack() {
      left = Math.min(MAX_UNPROVEN, left + 1)
    },
  }
}

async function firstAnswer({ lookups, limits }: Settings, issuer: string): Promise<IssuerSettings | undefined> {
  // The caller chose the text: what no issuer can look like must not get as far as the application.
  if (!isIssuer(issuer, limits.insecureHttp)) return undefined
  for (const lookup of lookups) {
    const settings = await lookup(issuer)
    if (settings !== undefined) return settings
  }
  return undefined
}

function notTrusted(issuer: unknown, { issuers }: Settings): Denial {
  const expected = issuers.slice(0, MAX_NAMED).map((own) => own.issuer)
  const more = issuers.length > MAX_NAMED ? ` or one of ${issuers.length - MAX_NAMED} more` : ''
  const hint = typeof issuer === 'string' ? likelyMistake(issuer, expected) : undefined
  return new Denial('issuer_not_trusted', {
    check: 'issuer',
    expected:
      expected.length > 0
        ? `"iss" to be ${expected.map(quote).join(' or ')}${more}`
        : '"iss" that the issuer lookup knows',
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

function tooManyUnproven(retryAfter: number): Denial {
  const reason = {
    check: 'issuer',
    expected: `no more than ${MAX_UNPROVEN} new issuers at a time whose keys are still to come`,
    actual: 'more, or a resource server that was closed',
  }
  return new Denial('keys_unavailable', reason, { retryAfter })
}
