/*
 * The rules for the claims of a verified token. Does not look at scopes, powers or anything else
 * that a route requires.
 */
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { JwsHeader } from '../jwt/jws.js'
import { quote } from '../kit/display.js'
import type { Profile } from '../options/profiles.js'
import { AUDIENCE_RULES } from './audience.js'
import type { Fault, RuleTable } from './rule.js'
import { TIME_RULES } from './times.js'
import { mediaType, TOKEN_KIND_RULE } from './token-kind.js'

/** What a rule looks at. Times in seconds. */
export interface ClaimContext {
  readonly header: JwsHeader
  readonly claims: Readonly<Record<string, unknown>>
  readonly issuer: Pick<
    TrustedIssuer,
    'issuer' | 'profile' | 'audience' | 'clientIds' | 'audiences' | 'idTokens'
  >
  readonly now: number
  readonly clockTolerance: number
  readonly maxTokenAge: number
}

/**
 * The rules in the order in which they are asked.
 *
 * Their codes: `claim_invalid`, `token_type_not_accepted`, `token_expired`, `token_not_yet_valid`,
 * `token_too_old`, `audience_mismatch`.
 */
export const CLAIM_RULES: RuleTable<ClaimContext> = {
  check: 'claims',
  rows: [
    {
      name: 'claim-types',
      expects: () => 'registered claims of their types',
      finds: () => 'claims of those types',
      fault: wrongType,
      stopsTable: true,
    },
    {
      // What kind of JWT it is says more than what it lacks for being another.
      name: 'token-type',
      expects: ({ issuer: { profile } }) =>
        `"typ" among ${profile.types.map((name) => name || 'none').join(', ')}`,
      finds: ({ header }) => quote(header.typ),
      fault: otherType,
    },
    {
      name: 'required-claims',
      expects: ({ issuer }) => `the claims ${requiredOf(issuer).map(named).join(', ')}`,
      finds: ({ claims, issuer }) =>
        requiredOf(issuer)
          .flat()
          .filter((name) => Object.hasOwn(claims, name))
          .map(quote)
          .join(', ') || 'none',
      fault: missingClaim,
      stopsTable: true,
    },
    ...TIME_RULES,
    TOKEN_KIND_RULE,
    ...AUDIENCE_RULES,
  ],
}

function isString(value: unknown) {
  return typeof value === 'string'
}
function isDate(value: unknown) {
  return typeof value === 'number' && Number.isFinite(value)
}
function isStringList(value: unknown) {
  return Array.isArray(value) && value.every(isString)
}
function isStringOrList(value: unknown) {
  return isString(value) || isStringList(value)
}

/**
 * Types of the registered claims (RFC 7519 §4.1, RFC 9068 §2.2); a claim of another type has no
 * meaning to compare.
 */
const TYPES = [
  ['iss', 'a string', isString],
  ['sub', 'a string', isString],
  ['aud', 'a string or a list of strings', isStringOrList],
  ['jti', 'a string', isString],
  ['client_id', 'a string', isString],
  ['azp', 'a string', isString],
  ['tenant', 'a string', isString],
  ['scope', 'a string or a list of strings', isStringOrList],
  ['scp', 'a string or a list of strings', isStringOrList],
  ['exp', 'a number of seconds', isDate],
  ['nbf', 'a number of seconds', isDate],
  ['iat', 'a number of seconds', isDate],
] as const

function wrongType({ claims }: ClaimContext): Fault | undefined {
  for (const [name, expected, fits] of TYPES) {
    const value = claims[name]
    if (Object.hasOwn(claims, name) && !fits(value))
      return {
        code: 'claim_invalid',
        expected: `"${name}" to be ${expected}`,
        actual: describeType(value),
      }
  }
  return undefined
}

function describeType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value)
    ? 'a list with something else in it'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`
}

const OTHERS = '"auto" takes tokens of any server, "eudistack" and "dome" those of their Verifiers'

/** RFC 8725 §3.11: what kind of JWT it is, by its header. */
function otherType({ header, issuer: { profile } }: ClaimContext): Fault | undefined {
  if (profile.types.includes(mediaType(header.typ))) return undefined
  const hint =
    profile.types.length === 1
      ? `the profile "rfc9068" takes "at+jwt" only, ${OTHERS}, and both take "JWT" too`
      : 'this is another kind of JWT than an access token'
  return { code: 'token_type_not_accepted', hint }
}

type Required = Profile['requiredClaims'][number]

function requiredOf({ profile, audience }: ClaimContext['issuer']): readonly Required[] {
  const needed = profile.requiredClaims.filter((name) => name !== 'aud' || audience !== null)
  return ['exp', ...needed]
}

/** A claim by its name, or by any of its names. */
function named(name: Required): string {
  return [name].flat().map(quote).join(' or ')
}

function missingClaim({ claims, issuer }: ClaimContext): Fault | undefined {
  const { profile, audience } = issuer
  if (!Object.hasOwn(claims, 'exp')) return missing('exp', profile)
  for (const name of profile.requiredClaims) {
    const isThere =
      typeof name === 'string'
        ? Object.hasOwn(claims, name)
        : name.some((one) => Object.hasOwn(claims, one))
    if (!isThere && (name !== 'aud' || audience !== null)) return missing(name, profile)
  }
  return undefined
}

function missing(name: Required, profile: Profile): Fault {
  const expected = `the claim ${named(name)}`
  return { code: 'claim_invalid', expected, actual: 'none', hint: missingHint(name, profile) }
}

function missingHint(name: Required, { credential, readsKindClaims }: Profile): string | undefined {
  if (name === 'exp') return 'a token that never expires can never be taken back'
  if (name === 'aud')
    return readsKindClaims
      ? 'Keycloak leaves it out until the client has an audience mapper; where the server can state none, as Amazon Cognito, set "audience" to null and name the clients in "clientIds"'
      : undefined
  return credential ? undefined : `the profile "rfc9068" asks for it (RFC 9068 §2.2), ${OTHERS}`
}
