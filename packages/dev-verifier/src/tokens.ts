import { isObject, type Json } from './jwt.js'
import type { Kind } from './mandate.js'
import type { ProfileName } from './profiles.js'

/** Where a token carries its credential. */
export type Placement =
  | 'vc'
  | 'vc-string'
  | 'flat'
  | 'flat-and-vc'
  | 'flat-and-vc-string'
  | 'verifiable-credential'
  | 'verifiable-presentation'
  | 'none'

/** What an access token of a plain authorization server is made of. */
export interface PlainFacts {
  readonly issuer: string
  readonly audience: string | readonly string[]
  readonly clientId: string
  readonly scope: string | undefined
  readonly jti: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** What an access token is made of. */
export interface TokenFacts {
  readonly issuer: string
  readonly audience: string
  readonly kind: Kind
  readonly credential: Json
  readonly placement: Placement
  readonly tenant: string | undefined
  readonly jti: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** The members of the mandate that lie flat in a token. */
function parts(credential: Json): Json {
  const { mandatee, mandator, power } = mandateOf(credential)
  return { mandatee, mandator, power }
}

/**
 * The credential's claims in an access token, for each placement.
 *
 * @example
 * ```ts
 * import { createDevVerifier, placements, type Placement } from '@verifier-guard/dev-verifier'
 *
 * const verifier = createDevVerifier()
 * for (const placement of Object.keys(placements) as Placement[])
 *   console.log(verifier.mint({ placement }))
 * ```
 */
export const placements: Record<Placement, (credential: Json) => Json> = {
  vc: (credential) => ({ vc: credential }),
  'vc-string': (credential) => ({ vc: JSON.stringify(credential) }),
  flat: parts,
  'flat-and-vc': (credential) => ({ ...parts(credential), vc: credential }),
  'flat-and-vc-string': (credential) => ({ ...parts(credential), vc: JSON.stringify(credential) }),
  'verifiable-credential': (credential) => ({ verifiableCredential: credential }),
  'verifiable-presentation': (credential) => ({ verifiablePresentation: [credential] }),
  none: () => ({}),
}

const scopes: Record<Kind, string> = {
  machine: 'machine learcredential',
  employee: 'openid learcredential',
}

function common(
  { issuer, audience, jti, issuedAt, expiresAt, kind }: TokenFacts,
  sub: unknown,
): Json {
  return {
    iss: issuer,
    aud: audience,
    ...(sub !== undefined && { sub }),
    jti,
    iat: issuedAt,
    exp: expiresAt,
    scope: scopes[kind],
  }
}

/** Verifier 3.x: flat claims, `sub` from the profile's `subject_paths`, no `client_id`. */
function eudistackClaims(facts: TokenFacts): Json {
  const { mandatee } = mandateOf(facts.credential)
  const names = isObject(mandatee) ? mandatee : {}
  return {
    ...common(
      facts,
      facts.kind === 'machine' ? (names['ipAddress'] ?? names['domain']) : names['email'],
    ),
    credential_type: typesOf(facts.credential)[0],
    ...(facts.tenant !== undefined && { tenant: facts.tenant }),
    ...placements[facts.placement](facts.credential),
  }
}

/** Verifiers 1.x and 2.x: the credential in `vc`, and the Verifier itself as `client_id`. */
function firstClaims(facts: TokenFacts): Json {
  return {
    ...common(facts, holderOf(facts.credential)),
    client_id: facts.issuer,
    ...placements[facts.placement](facts.credential),
  }
}

/** The claims of RFC 9068 §2.2. The subject of a machine's token is the client itself. */
export function plainClaims(facts: PlainFacts): Json {
  return {
    iss: facts.issuer,
    aud: facts.audience,
    sub: facts.clientId,
    client_id: facts.clientId,
    jti: facts.jti,
    iat: facts.issuedAt,
    exp: facts.expiresAt,
    ...(facts.scope !== undefined && { scope: facts.scope }),
  }
}

/** The client of minted tokens of the profile `oauth`. */
const PLAIN_CLIENT = 'my-client'

/** The claims of an access token, for each profile. */
export const accessTokenClaims: Record<ProfileName, (facts: TokenFacts) => Json> = {
  'eudistack-3.3': eudistackClaims,
  'eudistack-3.0': eudistackClaims,
  'eudistack-2': firstClaims,
  dome: firstClaims,
  fiware: (facts) => ({
    iss: facts.issuer,
    aud: [facts.audience],
    sub: holderOf(facts.credential),
    iat: facts.issuedAt,
    exp: facts.expiresAt,
    nonce: facts.jti,
    ...placements[facts.placement](facts.credential),
  }),
  oauth: (facts) => ({
    ...plainClaims({ ...facts, clientId: PLAIN_CLIENT, scope: undefined }),
    ...placements[facts.placement](facts.credential),
  }),
}

/**
 * The claims of an id_token. Key, `typ` and issuer are those of an access token, but no API may
 * accept it.
 */
export function idTokenClaims(facts: TokenFacts, profile: ProfileName): Json {
  const { mandatee } = mandateOf(facts.credential)
  const names = isObject(mandatee) ? mandatee : {}
  const [given, family] = [
    names['firstName'] ?? names['first_name'],
    names['lastName'] ?? names['last_name'],
  ]
  const generation3 = profile.startsWith('eudistack-3')
  return {
    iss: facts.issuer,
    aud: facts.audience,
    sub: holderOf(facts.credential),
    iat: facts.issuedAt,
    exp: facts.expiresAt,
    auth_time: facts.issuedAt,
    nonce: facts.jti,
    acr: '0',
    ...(given !== undefined && {
      name: [given, family].join(' '),
      given_name: given,
      family_name: family,
    }),
    ...(names['email'] !== undefined && { email: names['email'], email_verified: true }),
    vc_json: JSON.stringify(facts.credential),
    ...(generation3 && {
      credential_type: typesOf(facts.credential)[0],
      ...parts(facts.credential),
    }),
    ...(profile === 'eudistack-3.3' && { sid: facts.jti }),
  }
}

/** The subject of a credential in any dialect. */
export function subjectOf(credential: Json): Json {
  const subject = credential['credentialSubject'] ?? credential['credentialSubjectV1'] ?? credential
  return isObject(subject) ? subject : {}
}

/** The mandate of a credential in any dialect. */
export function mandateOf(credential: Json): Json {
  const { mandate } = subjectOf(credential)
  return isObject(mandate) ? mandate : {}
}

/** The DID for which a credential was issued, if it names one. */
export function holderOf(credential: Json): string | undefined {
  const { mandatee } = mandateOf(credential)
  const id = subjectOf(credential)['id'] ?? (isObject(mandatee) ? mandatee['id'] : undefined)
  return typeof id === 'string' ? id : undefined
}

const GENERIC_TYPES = new Set(['VerifiableCredential', 'VerifiableAttestation'])

/** What a credential is, besides a Verifiable Credential. */
export function typesOf(credential: Json): string[] {
  const types: unknown[] = [credential['type'], credential['vct']].flat()
  return types.filter(
    (type): type is string => typeof type === 'string' && !GENERIC_TYPES.has(type),
  )
}
