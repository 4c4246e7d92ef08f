import { ALGORITHMS, type AlgorithmRow } from '../algorithms.js'
import { configurationError, quote } from '../errors.js'
import type { TrustOptions, TrustSettings } from '../options.js'
import { KINDS, PROFILES, type Kind, type Profile, type ProfileName } from '../profiles.js'

/**
 * Fills in the defaults of what is believed of an issuer's tokens, from its profile.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function trustSettings(options: TrustOptions): TrustSettings {
  const profile = profileNamed(options.profile ?? 'auto')
  const clientIds = strings('clientIds', options.clientIds ?? [])
  const audience = audienceList(options.audience, profile, options.profile ?? 'auto')
  const users: readonly Kind[] = clientIds.length > 0 || audience !== undefined ? ['employee'] : []
  return {
    profile,
    audience,
    clientIds,
    kinds: kindList(options.kinds) ?? (profile.kinds && [...profile.kinds, ...users]),
    rows: rowsFor(options.algorithms ?? profile.algorithms),
  }
}

function kindList(kinds: readonly Kind[] | undefined): readonly Kind[] | undefined {
  if (kinds === undefined) return undefined
  if (Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => KINDS.includes(kind as Kind)))
    return [...(kinds as readonly Kind[])]
  throw configurationError(`"kinds" among ${KINDS.join(', ')}`, quote(kinds), "leave it out for the profile's own")
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
        `"${name}" has no rule of its own, and null accepts any audience`,
    )
  }
  const list = strings('audience', typeof audience === 'string' ? [audience] : audience)
  if (list.length === 0)
    throw configurationError('"audience"', 'an empty list', 'name at least one, or null to accept any')
  return list
}

function rowsFor(names: readonly string[]): ReadonlyMap<string, AlgorithmRow> {
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
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (Array.isArray(values) && values.every(isText)) return Object.freeze([...(values as readonly string[])])
  throw configurationError(
    `"${name}" as non-empty strings`,
    quote(values),
    'check where the value comes from; an unset environment variable, perhaps',
  )
}
