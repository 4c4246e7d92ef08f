/*
 * What the options of a resource server mean, in words. Options in; for each of their effects, what
 * is accepted and what is refused, out.
 */
import { quote } from '../kit/display.js'
import type { IssuerSettings, ResourceServerOptions, Settings } from '../options/options.js'
import { resolveOptions } from '../options/resolve.js'
import { quiet } from './setting.js'

/** One effect of the options. */
export interface Meaning {
  /** `issuer`, `audience`, `clock` … */
  readonly about: string
  readonly accepted: string
  readonly refused: string
}

/**
 * Says what the options of a resource server mean: what it accepts, and what it refuses.
 *
 * Sends no request. Does not check that the Verifier exists.
 *
 * @param options those of the resource server
 * @returns one entry for each effect, the defaults included; for several issuers, those of each
 * @throws {GuardError} `invalid_configuration`
 * @example
 * ```ts
 * import { describeOptions } from '@verifier-guard/core/explain'
 *
 * const options = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const
 * for (const { about, accepted } of describeOptions(options)) console.log(about, accepted)
 * ```
 */
export function describeOptions(options: ResourceServerOptions): readonly Meaning[] {
  const settings = resolveOptions(quiet(options))
  return [...settings.issuers.flatMap(meaningsOf), ...meaningsOfAll(settings)]
}

function meaningsOf(own: IssuerSettings): readonly Meaning[] {
  const { issuer, template, kinds, algorithms } = own
  return [
    {
      about: 'issuer',
      accepted: `tokens whose "iss" is ${template ? 'of the form' : 'exactly'} ${issuer}`,
      refused: 'tokens of other issuers, also where only a slash differs',
    },
    { about: 'keys', accepted: keysOf(own), refused: 'keys that a token names or brings' },
    audienceOf(own),
    {
      about: 'algorithms',
      accepted: [...algorithms.keys()].join(', '),
      refused: 'every other "alg", whatever the metadata state',
    },
    typeOf(own),
    {
      about: 'kind of caller',
      accepted: kinds?.join(', ') ?? 'any',
      refused: kinds === undefined ? 'none' : 'callers of another kind, with 403',
    },
  ]
}

function keysOf({ issuer, keysAt }: IssuerSettings): string {
  const place = keysAt(issuer)
  if ('keys' in place) return `the ${place.keys.keys.length} keys of the configuration`
  return 'jwksUri' in place ? `those at ${place.jwksUri}` : `those that ${issuer} publishes`
}

function audienceOf({ issuer, audience, clientIds }: IssuerSettings): Meaning {
  if (audience === null && clientIds.length > 0)
    return {
      about: 'audience',
      accepted: `any, of the clients ${clientIds.join(' or ')}`,
      refused: 'tokens of other clients',
    }
  if (audience === null)
    return { about: 'audience', accepted: 'any: tokens for other APIs too', refused: 'none' }
  if (audience !== undefined)
    return {
      about: 'audience',
      accepted: `tokens for ${audience.join(' or ')}`,
      refused: 'tokens for other APIs',
    }
  const clients = clientIds.length > 0 ? `; employees' tokens for ${clientIds.join(' or ')}` : ''
  return {
    about: 'audience',
    accepted: `machines' tokens for the Verifier itself, ${issuer}${clients}`,
    refused: "employees' tokens for other clients",
  }
}

function typeOf({ profile, idTokens }: IssuerSettings): Meaning {
  const about = 'token type'
  const types = `"typ" ${profile.types.map((name) => name || 'none').join(', ')}`
  const others = 'logout tokens and other JWTs of the same key'
  // No id_token may say `at+jwt` (RFC 9068 §2.1).
  const mayBeIdTokens = profile.types.some((name) => name !== 'at+jwt')
  if (!mayBeIdTokens || idTokens === 'refuse')
    return { about, accepted: types, refused: `id_tokens, ${others}` }
  if (idTokens === 'accept') return { about, accepted: `${types}; id_tokens too`, refused: others }
  const accepted = `${types}; with the claim ${quote(idTokens.lack)} as access tokens`
  return { about, accepted, refused: `id_tokens without that claim, ${others}` }
}

function proofOf({ dpop, certificate }: Settings): Meaning {
  const about = 'proof'
  if (dpop?.isRequired === true)
    return { about, accepted: 'tokens bound to a DPoP key, with a proof', refused: 'bearer tokens' }
  const ways = [
    ...(dpop === undefined ? [] : ['a DPoP proof']),
    ...(certificate === undefined ? [] : ['the client certificate']),
  ]
  if (ways.length === 0)
    return { about, accepted: 'bearer tokens', refused: 'tokens that are bound to a key' }
  const accepted = `bearer tokens, and tokens bound to a key with ${ways.join(' or ')}`
  const unshown = dpop === undefined ? 'a DPoP key' : 'a client certificate'
  const refused = `bound tokens without that${ways.length === 1 ? `, and those bound to ${unshown}` : ''}`
  return { about, accepted, refused }
}

function meaningsOfAll(settings: Settings): readonly Meaning[] {
  const { clockTolerance, maxTokenAge, checksCredentialValidity, limits, lookups } = settings
  const lookedUp: Meaning = {
    about: 'issuer lookup',
    accepted: 'issuers that the application answers for',
    refused: 'those it does not know',
  }
  return [
    ...(lookups.length > 0 ? [lookedUp] : []),
    {
      about: 'clock',
      accepted: `clocks that differ by up to ${clockTolerance} s`,
      refused: 'tokens that expired, or are not yet valid, by more than that',
    },
    {
      about: 'age',
      accepted: maxTokenAge === Infinity ? 'any until "exp"' : `up to ${maxTokenAge} s after "iat"`,
      refused: 'tokens without "exp"',
    },
    {
      about: 'credential',
      accepted: checksCredentialValidity ? 'credentials that are valid now' : 'expired ones too',
      refused: checksCredentialValidity ? 'tokens that outlive their credential' : 'none',
    },
    proofOf(settings),
    {
      about: 'outage',
      accepted: `keys at hand for up to ${limits.maxStale / 1_000} s without the Verifier`,
      refused: 'every token after that, with 503',
    },
  ]
}
