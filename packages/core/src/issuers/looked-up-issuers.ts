/*
 * Issuers that the application looks up. `iss` in, trusted issuer out, as long as the lookup
 * confirms it.
 */
import { backOff } from '../kit/back-off.js'
import { quote } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import { Kept } from '../kit/kept.js'
import { singleFlights } from '../kit/single-flight.js'
import { isIssuer } from '../kit/url.js'
import type { IssuerSettings, Settings } from '../options/options.js'
import type { KeySet } from './key-set.js'
import {
  trustedIssuer,
  type IssuerSource,
  type KeySetOf,
  type TrustedIssuer,
} from './trusted-issuer.js'
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
  const ask = oneAtATime(settings)

  async function lookUp(issuer: string): Promise<TrustedIssuer | undefined> {
    const own = await ask(issuer)
    if (own === undefined) return undefined
    const known = unlisted.get(issuer)
    if (known !== undefined) return known
    const found = trustedIssuer(issuer, own, keySetOf(issuer, own, true))
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

/** Asks the lookups in turn; requests for the same issuer meanwhile share the answer. */
function oneAtATime({ lookups, runtime }: Settings): Ask {
  async function askAll(issuer: string): Promise<IssuerSettings | undefined> {
    for (const lookup of lookups) {
      const own = await lookup(issuer)
      if (own !== undefined) return own
    }
    return undefined
  }
  const flights = singleFlights(askAll, MAX_UNDER_WAY, runtime)
  return async (issuer) => {
    const answer = flights(issuer)
    if (answer === undefined) throw tooMany()
    return answer
  }
}

/**
 * Looks an issuer up again as often as its keys are fetched. One that is refused by then, or gets
 * other settings, is removed with all decisions that rest on its keys. A lookup that fails counts
 * like a Verifier in an outage: its last answer holds up to the maximum staleness.
 */
function underReview(
  issuer: TrustedIssuer,
  ask: Ask,
  unlisted: UnlistedIssuers,
  { limits, runtime }: Settings,
): TrustedIssuer {
  const { maxAge, maxStale } = limits
  const review: Kept<boolean> = new Kept(
    () => isConfirmed(issuer, ask),
    {
      renewal: 'always',
      life: (isConfirmed) => ({
        renewAfter: maxAge * (0.8 + 0.1 * runtime.random()),
        staleAfter: maxAge,
        endsAfter: isConfirmed ? maxStale : 0,
      }),
      pause: (_, failures) => backOff(BACK_OFF, { failures, chance: runtime.random() }),
    },
    runtime,
    { fetched: removeUnless, failed: () => removeUnless(review.current) },
  )
  function removeUnless(isConfirmed: boolean | undefined): void {
    if (isConfirmed !== true) unlisted.remove(issuer.issuer)
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
    release() {
      review.release()
      keySet.release()
    },
    close() {
      review.close()
      keySet.close()
    },
  }
}

async function isConfirmed(issuer: TrustedIssuer, ask: Ask): Promise<boolean> {
  try {
    const own = await ask(issuer.issuer)
    return own !== undefined && settingsOf(issuer.issuer, own) === settingsOf(issuer.issuer, issuer)
  } catch (error) {
    // Whatever else is wrong with the answer, the next request reports.
    if (error instanceof Denial && error.refusal.code === 'keys_unavailable') throw error
    return false
  }
}

function settingsOf(
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
    expected: 'an issuer that the lookup still confirms',
    actual: quote(issuer),
  })
}

function tooMany(): Denial {
  return new Denial('keys_unavailable', {
    check: 'issuer',
    expected: `no more than ${MAX_UNDER_WAY} issuer lookups at a time`,
    actual: 'more',
    hint: 'many tokens of unknown issuers came in: a caller invents them, or the lookup is slow',
  })
}
