/* What is trusted of an issuer: audience, clients, kinds and algorithms, checked together. */
import { ALGORITHMS, type AlgorithmRow } from '../jwt/algorithms.js'
import { configurationError } from '../kit/errors.js'
import type { TrustOptions, TrustSettings } from './options.js'
import { KINDS, PROFILES, type CallerKind, type Profile, type ProfileName } from './profiles.js'
import type { IssuerTemplate } from './issuer-template.js'
import { quote } from '../kit/display.js'

/**
 * Fills in the defaults of what is believed of an issuer's tokens: from the options that all
 * issuers share, then from its profile.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function trustSettings(
  own: TrustOptions & { readonly issuer: string },
  shared: TrustOptions,
  template: IssuerTemplate | undefined,
): TrustSettings {
  const options: TrustOptions = { ...shared, ...stated(own) }
  const name = options.profile ?? 'auto'
  const profile = profileNamed(name)
  const audience = audienceList(options.audience, profile, name)
  // An issuer with an audience of its own may well stand beside others that go by the shared client
  // ids. Without any audience, those are all that is left.
  const hasOwnAudience = own.audience !== undefined && own.audience !== null
  const isOverruled = own.clientIds === undefined && hasOwnAudience
  const clientIds = strings('clientIds', (isOverruled ? [] : options.clientIds) ?? [])
  if (clientIds.length > 0 && !countsClients(audience, profile)) throw ignoredClients(profile, name)
  const kinds = kindList(options.kinds)
  if (kinds !== undefined && !profile.credential && !kinds.includes('none'))
    throw unmatched(kinds, name)
  const isVerifier = verifierNamed(own.issuer, template)
  const isForUsers =
    clientIds.length > 0 || (audience !== undefined && !audience?.every(isVerifier))
  const users: readonly CallerKind[] = isForUsers ? ['employee'] : []
  return {
    profile,
    audience,
    clientIds,
    idTokens: options.idTokens ?? 'refuse',
    kinds: kinds ?? (profile.kinds && [...profile.kinds, ...users]),
    algorithms: algorithmsNamed(options.algorithms ?? profile.algorithms),
  }
}

/** What an issuer states itself: an unset variable must not undo what all issuers share. */
function stated<T extends object>(own: T): T {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as T
}

/**
 * Whether an audience is the Verifier itself, as machines' tokens name it: by its issuer, or by the
 * origin of that.
 */
function verifierNamed(
  issuer: string,
  template: IssuerTemplate | undefined,
): (audience: string) => boolean {
  const [origin] = /^[^:/]+:\/\/[^/]*/.exec(issuer) ?? [issuer]
  const path = issuer.slice(origin.length)
  return (audience) =>
    audience === issuer ||
    audience === origin ||
    template?.(audience) === true ||
    template?.(audience + path) === true
}

function countsClients(audience: TrustSettings['audience'], profile: Profile): boolean {
  return profile.audience === 'verifier' ? audience === undefined : audience === null
}

function ignoredClients(profile: Profile, name: ProfileName): Error {
  if (profile.audience === 'verifier')
    return configurationError(
      `"clientIds" without "audience" under the profile "${name}"`,
      'both',
      'an explicit "audience" is all that counts: name there what the users\' tokens carry in "aud", and leave "clientIds" out',
    )
  return configurationError(
    `"clientIds" beside "audience: null" under the profile "${name}"`,
    'an audience',
    'the audience is all that counts: leave "clientIds" out, or set "audience" to null for a server that states none',
  )
}

function unmatched(kinds: readonly CallerKind[], name: ProfileName): Error {
  return configurationError(
    `"kinds" with "none" under the profile "${name}"`,
    quote(kinds),
    'it looks for no credential, so that no token is of another kind: leave "kinds" out, or choose another profile',
  )
}

function kindList(kinds: readonly CallerKind[] | undefined): readonly CallerKind[] | undefined {
  if (kinds === undefined) return undefined
  if (
    Array.isArray(kinds) &&
    kinds.length > 0 &&
    kinds.every((kind) => KINDS.includes(kind as CallerKind))
  )
    return [...(kinds as readonly CallerKind[])]
  throw configurationError(
    `"kinds" among ${KINDS.join(', ')}`,
    quote(kinds),
    "leave it out for the profile's own",
  )
}

function profileNamed(name: string): Profile {
  if (Object.hasOwn(PROFILES, name)) return PROFILES[name as ProfileName]
  throw configurationError(
    `"profile" to be one of ${Object.keys(PROFILES).join(', ')}`,
    quote(name),
    'leave it out for "auto"',
  )
}

function audienceList(
  audience: TrustOptions['audience'],
  profile: Profile,
  name: ProfileName,
): readonly string[] | null | undefined {
  if (audience === null) return null
  if (audience === undefined) {
    if (profile.audience === 'verifier') return undefined
    throw configurationError(
      '"audience"',
      'none',
      `name what your tokens carry in "aud", or the profile "dome" or "eudistack" whose machine tokens are addressed to the Verifier; ` +
        `"${name}" has no rule of its own; null accepts any audience, and "clientIds" beside it names the clients instead`,
    )
  }
  const list = strings('audience', typeof audience === 'string' ? [audience] : audience)
  if (list.length === 0)
    throw configurationError(
      '"audience"',
      'an empty list',
      'name at least one, or null to accept any',
    )
  return list
}

function algorithmsNamed(names: readonly string[]): ReadonlyMap<string, AlgorithmRow> {
  const known = [...ALGORITHMS.keys()].join(', ')
  if (!Array.isArray(names) || names.length === 0)
    throw configurationError('"algorithms" as a list', quote(names), `name some of ${known}`)
  return new Map(
    (names as readonly string[]).map((name) => {
      const row = ALGORITHMS.get(name)
      if (row === undefined)
        throw configurationError(
          `"algorithms" among ${known}`,
          quote(name),
          'symmetric algorithms and "none" can never be allowed',
        )
      return [name, row]
    }),
  )
}

function strings(name: string, values: readonly string[]): readonly string[] {
  const isText = (value: unknown) =>
    typeof value === 'string' && value !== '' && value === value.trim()
  if (Array.isArray(values) && values.every(isText))
    return Object.freeze([...(values as readonly string[])])
  throw configurationError(
    `"${name}" as non-empty strings without white space around them`,
    quote(values),
    'check where the value comes from; an unset environment variable, perhaps',
  )
}
