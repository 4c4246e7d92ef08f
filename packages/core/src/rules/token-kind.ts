/*
 * Tells an access token from an id_token and other JWTs of the same key. Header and claims in, a
 * fault or none out.
 *
 * The key, the issuer and, for a user, the audience of an id_token may be those of an access token,
 * and both say `typ: JWT`. So certain clues come first, then what the operator states, and a guess
 * last.
 */
import { quote } from '../kit/display.js'
import { asList, clientsOf } from './audience.js'
import type { ClaimContext } from './claims.js'
import type { Fault, Rule } from './rule.js'

/** What a clue says: that this is an access token, or what speaks against it. */
type Verdict = 'access token' | Fault

/** One clue; `undefined` where it says nothing. */
type Clue = (context: ClaimContext) => Verdict | undefined

/** The clues in the order in which they are read: the first that says something decides. */
const CLUES: readonly Clue[] = [
  byHeader,
  byStatedKind,
  byOperator,
  byIdTokenClaim,
  byOwnClaim,
  byAudience,
  bySessionClaim,
  byAccessTokenClaim,
]

/** The rule for the kind of a token (RFC 8725 §2.8, RFC 9068 §2.1). */
export const TOKEN_KIND_RULE: Rule<ClaimContext> = {
  name: 'token-kind',
  expects: () => 'an access token',
  finds: () => 'nothing that speaks against it',
  fault(context) {
    for (const clue of CLUES) {
      const verdict = clue(context)
      if (verdict !== undefined) return verdict === 'access token' ? undefined : verdict
    }
    return undefined
  },
}

/**
 * RFC 7519 §5.1: compared without case, and `application/` may be left out. Only an absent one is
 * none.
 */
export function mediaType(typ: string | undefined): string {
  if (typ === undefined) return ''
  return typ.toLowerCase().replace(/^application\/(?=.)/, '') || 'empty'
}

/** No id_token may say `at+jwt` (RFC 9068 §2.1). */
function byHeader({ header }: ClaimContext): Verdict | undefined {
  return mediaType(header.typ) === 'at+jwt' ? 'access token' : undefined
}

/** Claims in which a server states the kind of a token: `token_use` Cognito, `typ` Keycloak. */
const KIND_CLAIMS = [
  { name: 'token_use', access: ['access'], other: ['id'] },
  {
    name: 'typ',
    access: ['Bearer', 'DPoP'],
    other: ['ID', 'Serialized-ID', 'Refresh', 'Offline', 'Logout'],
  },
] as const

/** `events` makes a logout token or another security event (RFC 8417 §2.2). */
function byStatedKind({ claims, issuer: { profile } }: ClaimContext): Verdict | undefined {
  if (profile.refusesIdTokenClaims && Object.hasOwn(claims, 'events')) return withClaim('events')
  if (!profile.readsKindClaims) return undefined
  let verdict: Verdict | undefined
  for (const { name, access, other } of KIND_CLAIMS) {
    const stated = claims[name]
    // Two claims may contradict each other: then the token is no access token.
    if (includes(other, stated)) return notOne(`the claim "${name}" with ${quote(stated)}`)
    if (includes(access, stated)) verdict = 'access token'
  }
  return verdict
}

function includes(texts: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && texts.includes(value)
}

/** The operator knows how the tokens of one server differ. */
function byOperator({ claims, issuer: { idTokens } }: ClaimContext): Verdict | undefined {
  if (idTokens === 'accept') return 'access token'
  if (idTokens === 'refuse') return undefined
  return Object.hasOwn(claims, idTokens.lack) ? 'access token' : undefined
}

/** What access tokens never carry: hashes of one, and the Java Verifiers' own claim. */
export const ID_TOKEN_CLAIMS = ['vc_json', 'at_hash', 'c_hash', 's_hash'] as const

function byIdTokenClaim({ claims, issuer: { profile } }: ClaimContext): Verdict | undefined {
  return profile.refusesIdTokenClaims ? faultOf(ID_TOKEN_CLAIMS, claims) : undefined
}

/**
 * Claims that their server writes into access tokens alone: how the client authenticated (Microsoft
 * Entra), and by which grant the token was issued (Auth0).
 */
const OWN_CLAIMS = ['azpacr', 'appidacr', 'gty'] as const

/** An id_token without `aud` does not exist (OpenID Connect Core §2). */
function byOwnClaim({ claims, issuer: { profile } }: ClaimContext): Verdict | undefined {
  if (!profile.readsKindClaims) return undefined
  const isOne =
    !Object.hasOwn(claims, 'aud') || OWN_CLAIMS.some((name) => Object.hasOwn(claims, name))
  return isOne ? 'access token' : undefined
}

/**
 * Whether a token has scopes and is addressed to others than the client that it was issued to. An
 * id_token can't be: its `aud` must hold that client, and its `azp` must be it (OpenID Connect Core
 * §2). Some servers issue one to another app of the same owner all the same, but none with a scope.
 */
function byAudience({ claims, issuer: { profile } }: ClaimContext): Verdict | undefined {
  const { scope, scp } = claims
  const isStated = KIND_CLAIMS.some(({ name }) => claims[name] !== undefined)
  if (!profile.readsKindClaims || isStated || (scope ?? scp) === undefined) return undefined
  const clients = clientsOf(claims, profile.clientClaims)
  const isElsewhere =
    clients.length > 0 && !asList(claims['aud']).some((one) => clients.includes(one))
  return isElsewhere ? 'access token' : undefined
}

/** What id_tokens have of the user's session, and the access tokens of some servers too. */
const SESSION_CLAIMS = ['auth_time', 'acr', 'amr', 'sid'] as const

function bySessionClaim(context: ClaimContext): Verdict | undefined {
  if (!context.issuer.profile.refusesIdTokenClaims) return undefined
  const fault = faultOf(SESSION_CLAIMS, context.claims)
  return fault && guessed(fault, context)
}

function byAccessTokenClaim(context: ClaimContext): Verdict | undefined {
  const names = context.issuer.profile.accessTokenClaims
  if (names.length === 0 || names.some((name) => Object.hasOwn(context.claims, name)))
    return undefined
  const expected = `one of ${names.map(quote).join(', ')}, which access tokens have`
  return guessed({ ...notOne('none'), expected }, context)
}

function faultOf(names: readonly string[], claims: ClaimContext['claims']): Fault | undefined {
  const found = names.find((name) => Object.hasOwn(claims, name))
  return found === undefined ? undefined : withClaim(found)
}

function withClaim(name: string): Fault {
  return notOne(`the claim "${name}", which id_tokens and logout tokens have`)
}

const HINT = 'this looks like an id_token: send the access token instead'

function notOne(actual: string): Fault {
  return { code: 'token_type_not_accepted', actual, hint: HINT }
}

/** Access tokens of some servers look like their id_tokens: the operator has to know. */
function guessed(fault: Fault, { claims, issuer: { profile } }: ClaimContext): Fault {
  if (!profile.readsKindClaims) return fault
  const remedy = FLAT.some((name) => Object.hasOwn(claims, name))
    ? 'flat claims of a FIWARE VCVerifier look the same: set the profile "fiware" for it'
    : 'where access tokens of this server look so, say with "idTokens" how to tell them apart'
  return { ...fault, hint: `${HINT}; ${remedy}` }
}

/** FIWARE's flat tokens have neither `jti` nor `scope`, as id_tokens of the Java Verifiers. */
const FLAT = ['mandate', 'mandator'] as const
