import { Denial } from '../kit/errors.js'
import type { IssuerSettings, Settings } from '../options/options.js'
import { sharesWork } from '../kit/runtime.js'
import { isIssuer } from '../kit/url.js'

/**
 * Callers invent issuers as they like: no more than this many have the application look something
 * up at a time.
 */
const MAX_UNDER_WAY = 100

/**
 * Asks the lookups for an issuer, one after the other until one knows it; whoever asks for the same
 * issuer meanwhile shares the answer.
 *
 * @returns a function that rejects with `keys_unavailable` when a lookup is in trouble, or too many
 *   are under way
 */
export function createLookups({
  lookups,
  limits,
}: Pick<Settings, 'lookups' | 'limits'>): (issuer: string) => Promise<IssuerSettings | undefined> {
  const underWay = new Map<string, Promise<IssuerSettings | undefined>>()

  async function firstAnswer(issuer: string): Promise<IssuerSettings | undefined> {
    for (const lookup of lookups) {
      const settings = await lookup(issuer)
      if (settings !== undefined) return settings
    }
    return undefined
  }

  return async (issuer) => {
    // The caller chose the text: what no issuer can look like must not get as far as the
    // application.
    if (!isIssuer(issuer, limits.insecureHttp)) return undefined
    if (!sharesWork) return firstAnswer(issuer)
    if (!underWay.has(issuer)) {
      if (underWay.size >= MAX_UNDER_WAY) throw tooMany()
      underWay.set(
        issuer,
        firstAnswer(issuer).finally(() => underWay.delete(issuer)),
      )
    }
    return underWay.get(issuer)
  }
}

function tooMany(): Denial {
  const reason = {
    check: 'issuer',
    expected: `no more than ${MAX_UNDER_WAY} issuer lookups at a time`,
    actual: 'more',
    hint: 'many tokens of issuers not seen before came in: somebody invents them, or the lookup is slow',
  }
  return new Denial('keys_unavailable', reason, { retryAfter: 1_000 })
}
