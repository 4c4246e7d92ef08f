/* An issuer with its settings and its keys. */
import type { Later } from '../kit/later.js'
import { readUrl } from '../kit/url.js'
import type { IssuerSettings } from '../options/options.js'
import type { KeySet } from './key-set.js'

/** An issuer whose tokens are accepted, with its keys. */
export interface TrustedIssuer extends IssuerSettings {
  readonly keySet: KeySet
  /** What "aud" may name; `null` for anything. */
  readonly audiences: readonly string[] | null
}

/** One way to know issuers: by name, by template, or by asking the application. */
export interface IssuerSource {
  /** The issuer, if it is one of these. */
  readonly find: (issuer: string) => Later<TrustedIssuer | undefined> | undefined
  /** The key sets that stand from the start. */
  readonly keySets: readonly KeySet[]
}

/** Makes the key set of an issuer. */
export type KeySetOf = (issuer: string, settings: IssuerSettings, isUnverified: boolean) => KeySet

/** Makes the trusted issuer of this name from settings, which may be those of a template. */
export function trustedIssuer(
  issuer: string,
  settings: IssuerSettings,
  keySet: KeySet,
): TrustedIssuer {
  const named = { ...settings, issuer }
  return { ...named, keySet, audiences: audiencesOf(named) }
}

/**
 * The audiences of an issuer's tokens. A machine's token names the Verifier, by its issuer or, from
 * 3.3 on, by its origin; a user's token names a client.
 */
export function audiencesOf({
  issuer,
  audience,
  clientIds,
}: Pick<IssuerSettings, 'issuer' | 'audience' | 'clientIds'>): readonly string[] | null {
  if (audience !== undefined) return audience
  const origin = readUrl(issuer)?.origin ?? issuer
  return [...new Set([issuer, origin, ...clientIds])].filter((one) => one !== 'null')
}
