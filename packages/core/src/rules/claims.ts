import { Denial, type ErrorCode } from '../kit/errors.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import { MILLISECONDS } from '../kit/members.js'
import type { CallerKind } from '../options/profiles.js'
import type { JwsHeader } from '../jwt/jws.js'
import { likelyDifference } from '../kit/url.js'
import { quote } from '../kit/display.js'

/** What a rule looks at. Times in seconds. */
export interface ClaimContext {
  readonly header: JwsHeader
  readonly claims: Readonly<Record<string, unknown>>
  readonly issuer: Pick<
    TrustedIssuer,
    'issuer' | 'profile' | 'audience' | 'clientIds' | 'audiences'
  >
  readonly now: number
  readonly clockTolerance: number
  readonly maxTokenAge: number
}

/**
 * The limits in time that a token sets by its claims, the tolerance included; in seconds, and
 * infinite where there is none.
 */
export interface TokenWindow {
  readonly nbf: number
  readonly iat: number
  /** The first moment after its life. */
  readonly expires: number
  /** The last moment of the age that is allowed. */
  readonly ages: number
}

type Rule = (context: ClaimContext) => void

/**
 * The rules for the claims of a verified token, in the order in which they are asked. Each returns,
 * or throws the denial.
 */
export const CLAIM_RULES: readonly Rule[] = [
  registeredTypes,
  // What kind of JWT it is says more than what it lacks for being another.
  acceptedType,
  requiredClaims,
  notExpired,
  alreadyValid,
  youngEnough,
  notAnIdToken,
  addressedToUs,
]

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

/**
 * Judges the claims of a verified token by every rule.
 *
 * Does not look at scopes, powers or any other right: those belong to the route.
 *
 * @throws {Denial} `claim_invalid`, `token_expired`, `token_not_yet_valid`, `token_too_old`,
 *   `token_type_not_accepted`, `token_bound`, `audience_mismatch`
 */
export function checkClaims(context: ClaimContext): void {
  for (const rule of CLAIM_RULES) rule(context)
}

function registeredTypes({ claims }: ClaimContext): void {
  for (const [name, expected, fits] of TYPES) {
    const value = claims[name]
    if (Object.hasOwn(claims, name) && !fits(value))
      throw deny('claim_invalid', `"${name}" to be ${expected}`, describeType(value))
  }
}

function requiredClaims({ claims, issuer: { profile, audience } }: ClaimContext): void {
  for (const name of ['exp', ...profile.requiredClaims]) {
    if (Object.hasOwn(claims, name) || (name === 'aud' && audience === null)) continue
    throw deny('claim_invalid', `the claim "${name}"`, 'none', requiredHint(name, profile))
  }
}

function requiredHint(
  name: string,
  { credential }: ClaimContext['issuer']['profile'],
): string | undefined {
  if (name === 'exp') return 'a token that never expires can never be taken back'
  return credential || name === 'aud'
    ? undefined
    : `the profile "rfc9068" asks for it (RFC 9068 §2.2), ${OTHERS}`
}

const OTHERS = '"auto" takes tokens of any server, "eudistack" and "dome" those of their Verifiers'

/** One place for what the rules judge now, and what the memory for decisions goes by later. */
export function tokenWindow(
  claims: ClaimContext['claims'],
  { clockTolerance, maxTokenAge }: Pick<ClaimContext, 'clockTolerance' | 'maxTokenAge'>,
): TokenWindow {
  const {
    exp,
    nbf = -Infinity,
    iat = -Infinity,
  } = claims as { exp: number; nbf?: number; iat?: number }
  return {
    nbf: nbf - clockTolerance,
    iat: iat - clockTolerance,
    expires: exp + clockTolerance,
    ages: maxTokenAge === Infinity ? Infinity : iat + maxTokenAge + clockTolerance,
  }
}

function notExpired(context: ClaimContext): void {
  const { claims, now } = context
  const exp = claims['exp'] as number
  if (exp >= MILLISECONDS)
    throw deny(
      'claim_invalid',
      '"exp" in seconds',
      `${exp}`,
      'it looks like milliseconds: divide by 1000 where the token is made',
    )
  if (now < tokenWindow(claims, context).expires) return
  throw deny(
    'token_expired',
    `"exp" after ${at(now)}`,
    at(exp),
    `expired ${Math.round(now - exp)} s ago; the caller should get a new one ahead of time, and the clock here agree with the Verifier's`,
  )
}

/** RFC 7519 §4.1.5 for `nbf`; an `iat` in the future shows that one of the clocks is wrong. */
function alreadyValid(context: ClaimContext): void {
  const { claims, now } = context
  const window = tokenWindow(claims, context)
  for (const name of ['nbf', 'iat'] as const) {
    if (now >= window[name]) continue
    const value = claims[name] as number
    const hint =
      value >= MILLISECONDS
        ? 'it looks like milliseconds: divide by 1000 where the token is made'
        : `the clock here may be ${Math.round(value - now)} s behind the Verifier's: compare them, or raise "clockTolerance"`
    throw deny('token_not_yet_valid', `"${name}" no later than ${at(now)}`, at(value), hint)
  }
}

function youngEnough(context: ClaimContext): void {
  const { claims, now, maxTokenAge } = context
  if (maxTokenAge === Infinity) return
  const iat = claims['iat'] as number | undefined
  if (iat === undefined)
    throw deny('claim_invalid', 'the claim "iat"', 'none', '"maxTokenAge" needs it')
  if (now > tokenWindow(claims, context).ages)
    throw deny('token_too_old', `an age of at most ${maxTokenAge} s`, `${Math.round(now - iat)} s`)
}

/** RFC 8725 §3.11: what kind of JWT it is, by its header. */
function acceptedType({ header, issuer: { profile } }: ClaimContext): void {
  const type = mediaType(header.typ)
  if (profile.types.includes(type)) return
  const expected = `"typ" among ${profile.types.map((name) => name || 'none').join(', ')}`
  const hint =
    profile.types.length === 1
      ? `the profile "rfc9068" takes "at+jwt" only, ${OTHERS}, and both take "JWT" too`
      : 'this is another kind of JWT than an access token'
  throw deny('token_type_not_accepted', expected, quote(header.typ), hint)
}

/**
 * An id_token has the same key, issuer and, for a user, the same audience as an access token of the
 * Java Verifiers, and says `typ: JWT` too: only its claims tell. An explicit `at+jwt` needs no such
 * guess (RFC 9068 §2.1).
 */
function notAnIdToken({ header, claims, issuer: { profile } }: ClaimContext): void {
  if (mediaType(header.typ) === 'at+jwt') return
  const shared =
    profile.sharedMarks.length > 0 && isForAnotherThanItsClient(claims) ? profile.sharedMarks : []
  const mark = profile.idTokenMarks.find(
    (name) => Object.hasOwn(claims, name) && !shared.includes(name),
  )
  if (mark !== undefined)
    throw idToken('an access token', `the claim "${mark}", which id_tokens and logout tokens have`)
  const marks = profile.accessTokenMarks
  if (marks.length === 0 || marks.some((name) => Object.hasOwn(claims, name))) return
  throw idToken(`one of ${marks.map(quote).join(', ')}, which access tokens have`, 'none')
}

/**
 * Whether a token has scopes and is addressed to others than the client that it was issued to. An
 * id_token can't be: its `aud` must hold that client, and its `azp` must be it (OpenID Connect Core
 * §2). Some issue one to another app of the same owner all the same, but none with a scope.
 * Keycloak also states in a claim what kind of token it is.
 */
function isForAnotherThanItsClient({
  aud,
  azp,
  client_id,
  scope,
  scp,
  typ,
}: ClaimContext['claims']): boolean {
  const clients = [azp, client_id].filter(isString)
  const isStated = scope !== undefined || scp !== undefined
  const addressed = asList(aud)
  const isAddressed =
    addressed.length > 0 && clients.length > 0 && !addressed.some((one) => clients.includes(one))
  return isStated && isAddressed && (typ === undefined || typ === 'Bearer')
}

function idToken(expected: string, actual: string): Denial {
  return deny(
    'token_type_not_accepted',
    expected,
    actual,
    'this looks like an id_token: send the access token instead',
  )
}

/**
 * RFC 9068 §4: the token must be meant for us, or, under the profiles of the Java Verifiers, for
 * the Verifier itself or a known client.
 */
function addressedToUs({ claims, issuer }: ClaimContext): void {
  const { audiences } = issuer
  if (audiences === null) return
  const stated = asList(claims['aud'])
  if (stated.some((one) => audiences.includes(one))) return
  throw deny(
    'audience_mismatch',
    `"aud" to hold ${audiences.join(' or ')}`,
    quote(claims['aud']),
    audienceHint(stated, claims, issuer),
  )
}

/**
 * Judges the addressee of an employee's token where the application names no audience: it must be a
 * configured client. One that is addressed to the Verifier itself, as machines' are, was refreshed
 * with a client id that nobody checked. A machine may come by way of a client, too.
 *
 * @throws {Denial} `audience_mismatch`
 */
export function checkAudienceOfKind(
  { claims, issuer: { audience, clientIds } }: Pick<ClaimContext, 'claims' | 'issuer'>,
  kind: CallerKind,
): void {
  if (kind !== 'employee' || audience !== undefined) return
  if (asList(claims['aud']).some((one) => clientIds.includes(one))) return
  const expected = `"aud" of an employee's token to hold ${clientIds.join(' or ') || 'a client that is configured'}`
  const hint = 'list the clients whose users may call in "clientIds"'
  throw deny('audience_mismatch', expected, quote(claims['aud']), hint)
}

function audienceHint(
  stated: readonly string[],
  claims: ClaimContext['claims'],
  issuer: ClaimContext['issuer'],
): string | undefined {
  const accepted = issuer.audience ?? [issuer.issuer]
  const difference = likelyDifference(accepted, stated)
  if (difference !== undefined) return difference
  if (stated.includes(issuer.issuer))
    return 'the token is addressed to the Verifier, as all its machine tokens are: leave "audience" out and set the profile "eudistack" or "dome"'
  if (isClient(stated, claims) && issuer.audience !== undefined)
    return 'the token is addressed to its client, as id_tokens and the user tokens of these Verifiers are: send an access token, or name that client in "audience"'
  if (issuer.audience === undefined && isMachine(claims))
    return 'a machine\'s token is addressed to the Verifier that issued it, and this one elsewhere: if that is this API, name it in "audience"'
  if (issuer.audience === undefined)
    return 'a user\'s token is addressed to a client: list the clients to accept in "clientIds"'
  return undefined
}

/** By the constant scope of these Verifiers' machine tokens; their credential is not read yet. */
function isMachine({ scope }: ClaimContext['claims']): boolean {
  return typeof scope === 'string' && scope.split(' ').includes('machine')
}

/** Clients of these Verifiers go by their DID; a resource server has none. */
function isClient(stated: readonly string[], { client_id, azp }: ClaimContext['claims']): boolean {
  return stated.some((one) => one === client_id || one === azp || one.startsWith('did:'))
}

/**
 * RFC 7519 §5.1: compared without case, and `application/` may be left out. Only an absent one is
 * none.
 */
function mediaType(typ: string | undefined): string {
  if (typ === undefined) return ''
  return typ.toLowerCase().replace(/^application\/(?=.)/, '') || 'empty'
}

function asList(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : ((value as readonly string[] | undefined) ?? [])
}

function describeType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value)
    ? 'a list with something else in it'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`
}

function at(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString()
}

function deny(code: ErrorCode, expected: string, actual: string, hint?: string): Denial {
  return new Denial(code, {
    check: 'claims',
    expected,
    actual,
    ...(hint !== undefined && { hint }),
  })
}
