import { Denial } from '../kit/errors.js'
import type { TrustedIssuer } from './issuer.js'
import type { IssuerSettings, Settings } from '../options/options.js'

/**
 * Has an issuer that a lookup let in looked up again as often as its keys: one that is let in no
 * more, or on other terms, is given up with all that was decided by its keys. A lookup in trouble
 * is treated like a Verifier in trouble: its last answer holds up to the maximum staleness.
 *
 * @param ask the lookup
 * @param giveUp called with the issuer's name
 */
export function reviewed(
  issuer: TrustedIssuer,
  ask: () => Promise<IssuerSettings | undefined>,
  giveUp: (issuer: string) => void,
  { limits, runtime }: Pick<Settings, 'limits' | 'runtime'>,
): TrustedIssuer {
  let answeredAt = runtime.monotonic()
  let closed = false
  let cancel = () => {}

  async function review(): Promise<void> {
    const holds = await standsBy(issuer, ask)
    if (closed) return
    if (holds === true) answeredAt = runtime.monotonic()
    if (holds === false || runtime.monotonic() - answeredAt >= limits.maxStale)
      giveUp(issuer.issuer)
    else reviewLater()
  }

  function reviewLater(): void {
    cancel = runtime.schedule(() => void review(), limits.maxAge * (0.8 + 0.1 * runtime.random()))
  }

  function close(): void {
    closed = true
    cancel()
    issuer.keySet.close()
  }

  reviewLater()
  return { ...issuer, keySet: { ...issuer.keySet, close } }
}

/** @returns `undefined` while the lookup can't be asked */
async function standsBy(
  issuer: TrustedIssuer,
  ask: () => Promise<IssuerSettings | undefined>,
): Promise<boolean | undefined> {
  try {
    const own = await ask()
    return own !== undefined && terms(issuer.issuer, own) === terms(issuer.issuer, issuer)
  } catch (error) {
    // Whatever else is wrong with the answer, the next request tells.
    return error instanceof Denial && error.code === 'keys_unavailable' ? undefined : false
  }
}

function terms(
  issuer: string,
  { origin, profile, audience, clientIds, kinds, rows }: IssuerSettings,
): string {
  return JSON.stringify({
    origin: origin(issuer),
    profile,
    audience,
    clientIds,
    kinds,
    algorithms: [...rows.keys()],
  })
}
