/*
 * Issuers that the application looks up. `iss` in, trusted issuer out, as long as the lookup stands
 * by it.
 */
import { backOff } from '../kit/back-off.js'
import { quote } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import { Kept } from '../kit/kept.js'
import { singleFlights } from '../kit/single-flight.js'
import { isIssuer } from '../kit/url.js'
import type { IssuerSettings, Settings } from '../options/options.js'
import type { KeySet } from './key-set.js'
import { trust, type IssuerSource, type KeySetOf, type TrustedIssuer } from './trusted-issuer.js'
import type { UnlistedIssuers } from './unlisted-issuers.js'

/** Callers invent issuers as they like: no more lookups than this are under way at a time. */
const MAX_UNDER_WAY = 100
const SECOND = 1_000
const BACK_OFF = {
  first: SECOND,
  longest: 60 * SECOND,
  longestDemand: 2 * SECOND,
  longestRetryAfter: 0,
}

type Ask = (issuer: string) => Promise<IssuerSettings | undefined>

/** Makes the source of issuers by lookup. */
export function lookedUpIssuers(
  settings: Settings,
  keySetOf: KeySetOf,
  unlisted: UnlistedIssuers,
): IssuerSource {
  const { lookups, limits } = settings
  const ask = oneAtATime(lookups)

  async function lookUp(issuer: string): Promise<TrustedIssuer | undefined> {
    const own = await ask(issuer)
    if (own === undefined) return undefined
    const known = unlisted.get(issuer)
    if (known !== undefined) return known
    const found = trust(issuer, own, keySetOf(issuer, own, true))
    return unlisted.add(underReview(found, ask, unlisted, settings))
  }

  return {
    keySets: [],
    find(issuer) {
      // The caller chose the text: what no issuer can look like must not reach the application.
      if (lookups.length === 0 || !isIssuer(issuer, limits.insecureHttp)) return undefined
      return unlisted.get(issuer) ?? lookUp(issuer)
    },
  }
}

/** Asks the lookups in turn; whoever asks for the same issuer meanwhile shares the answer. */
function oneAtATime(lookups: Settings['lookups']): Ask {
  const flights = singleFlights(async (issuer) => {
    for (const lookup of lookups) {
      const own = await lookup(issuer)
      if (own !== undefined) return own
    }
    return undefined
  }, MAX_UNDER_WAY)
  return async (issuer) => {
    const answer = flights(issuer)
    if (answer === undefined) throw tooMany()
    return answer
  }
}

/**
 * Has an issuer looked up again as often as its keys are fetched. One that is refused by then, or
 * answered for on other terms, is removed with all that was decided by its keys. A lookup in
 * trouble counts like a Verifier in trouble: its last answer holds up to the maximum staleness.
 */
function underReview(
  issuer: TrustedIssuer,
  ask: Ask,
  unlisted: UnlistedIssuers,
  { limits, runtime }: Settings,
): TrustedIssuer {
  const { maxAge, maxStale } = limits
  const review: Kept<boolean> = new Kept(
    () => standsBy(issuer, ask),
    {
      renewal: 'always',
      life: (stands) => ({
        renewAfter: maxAge * (0.8 + 0.1 * runtime.random()),
        staleAfter: maxAge,
        endsAfter: stands ? maxStale : 0,
      }),
      pause: (_, failures) => backOff(BACK_OFF, { failures, chance: runtime.random() }),
    },
    runtime,
    { fetched: removeUnless, failed: () => removeUnless(review.current) },
  )
  function removeUnless(stands: boolean | undefined): void {
    if (stands !== true) unlisted.remove(issuer.issuer)
  }
  review.put(true)
  return { ...issuer, keySet: reviewed(issuer, review) }
}

/** The key set of an issuer for as long as its review holds. */
function reviewed({ issuer, keySet }: TrustedIssuer, review: Kept<boolean>): KeySet {
  async function afterReview(): Promise<void> {
    if (!review.isPausing) await review.refresh()
    if (review.current !== true) throw noLonger(issuer)
  }

  return {
    ...keySet,
    find(kid, mayRefetch) {
      if (review.fresh() === true) return keySet.find(kid, mayRefetch)
      return afterReview().then(() => keySet.find(kid, mayRefetch))
    },
    holds: (key) => review.fresh() === true && keySet.holds(key),
    close() {
      review.close()
      keySet.close()
    },
  }
}

async function standsBy(issuer: TrustedIssuer, ask: Ask): Promise<boolean> {
  try {
    const own = await ask(issuer.issuer)
    return own !== undefined && terms(issuer.issuer, own) === terms(issuer.issuer, issuer)
  } catch (error) {
    // Whatever else is wrong with the answer, the next request tells.
    if (error instanceof Denial && error.refusal.code === 'keys_unavailable') throw error
    return false
  }
}

function terms(
  issuer: string,
  { keysAt, profile, audience, clientIds, idTokens, kinds, algorithms }: IssuerSettings,
): string {
  const names = [...algorithms.keys()]
  const keys = keysAt(issuer)
  return JSON.stringify({ keys, profile, audience, clientIds, idTokens, kinds, names })
}

function noLonger(issuer: string): Denial {
  return new Denial('issuer_not_trusted', {
    check: 'issuer',
    expected: 'an issuer that the lookup still stands by',
    actual: quote(issuer),
  })
}

function tooMany(): Denial {
  return new Denial('keys_unavailable', {
    check: 'issuer',
    expected: `no more than ${MAX_UNDER_WAY} issuer lookups at a time`,
    actual: 'more',
    hint: 'many tokens of issuers not seen before came in: somebody invents them, or the lookup is slow',
  })
}
