import { x5c } from './certificate.js'
import { anything, checkOptions, finite, members, oneOf, text } from './checks.js'
import { confirmationFor, type BoundTo } from './bound-to.js'
import { contentChecks, writeCredential, type CredentialRequest } from './credentials.js'
import { dialects, type DialectName } from './dialects.js'
import type { Kind } from './mandate.js'
import { signJwt, type Json } from './jwt.js'
import { signingKey } from './key-ring.js'
import { ALGORITHMS, generateKeyPair, keyPairFrom, type Algorithm } from './keys.js'
import { profiles, type ProfileName } from './profiles.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'
import {
  accessTokenClaims,
  idTokenClaims,
  placements,
  type Placement,
  type TokenFacts,
} from './tokens.js'

/**
 * What to put into a token. Every option has a default. Those of the credential inside are the
 * options of an issued one.
 */
export interface MintOptions extends Pick<
  CredentialRequest,
  | 'powers'
  | 'mandator'
  | 'mandatee'
  | 'tenant'
  | 'validFrom'
  | 'validUntil'
  | 'status'
  | 'revoked'
  | 'key'
> {
  /** Whom the token is for. Default: `machine`, or what the dialect is of. */
  readonly kind?: Kind
  /**
   * The generation whose claims to write. Issuer and key stay the Verifier's own. Default: that of
   * the Verifier.
   */
  readonly profile?: ProfileName
  /** The shape of the credential. Default: that of the profile. */
  readonly dialect?: DialectName
  /** Where the token carries the credential. Default: that of the profile. */
  readonly placement?: Placement
  /** A credential to embed as it is. Default: one written from the other options. */
  readonly credential?: Json
  /**
   * Who the token is addressed to (`aud`). Default: the issuer for a machine, a relying party's
   * client id for an employee, the option `service` for `fiware` and `oauth`.
   */
  readonly audience?: string
  /** Time until `exp`; negative for an expired token. Seconds. Default: that of the profile. */
  readonly expiresIn?: number
  /** The claim `scope`. Default: the constant one of the profile. */
  readonly scope?: string
  /**
   * The algorithm to sign with. A key for another one is published on first use. Default: that of
   * the Verifier's key.
   */
  readonly algorithm?: Algorithm
  /** What the sender has to show along with the token. Default: nothing. */
  readonly boundTo?: BoundTo
  /** Claims to add or replace; `undefined` removes one. Default: none. */
  readonly claims?: Json
  /** Header parameters to add or replace; `undefined` removes one. Default: none. */
  readonly header?: Json
}

/**
 * @throws Error for an option of another name, or of a value with which the token would not be the
 * one asked for.
 */
export function checkMintOptions(of: string, options: MintOptions): void {
  return checkOptions(of, options, {
    ...contentChecks,
    kind: oneOf(['machine', 'employee']),
    profile: oneOf(Object.keys(profiles)),
    placement: oneOf(Object.keys(placements)),
    credential: anything,
    audience: anything,
    expiresIn: finite,
    scope: anything,
    algorithm: oneOf(ALGORITHMS),
    boundTo: members({ key: anything, certificate: text }),
    // Tests put anything into these on purpose.
    claims: anything,
    header: anything,
  })
}

/** The client id of the made-up relying party to which user tokens and id_tokens are addressed. */
export const RELYING_PARTY = 'did:key:zDnaeypyWjzn54GuUP7PmDXiiggCyiG7ksMF7Unm7kjtEKBez'

const ID_TOKEN_LIFETIME = 60

/** An access token as this Verifier would issue it, signed. */
export function mintAccessToken(server: Server, options: MintOptions): string {
  const { facts, profile } = tokenFacts(server, options)
  const claims = {
    ...accessTokenClaims[profile](facts),
    ...(options.scope !== undefined && { scope: options.scope }),
    ...(options.boundTo !== undefined && { cnf: confirmationFor(options.boundTo) }),
  }
  return signToken(server, claims, options)
}

/** An id_token as this Verifier would issue it, signed. */
export function mintIdToken(server: Server, options: MintOptions): string {
  const kind = options.kind ?? 'employee'
  const audience = options.audience ?? RELYING_PARTY
  const { facts, profile } = tokenFacts(server, {
    expiresIn: ID_TOKEN_LIFETIME,
    ...options,
    kind,
    audience,
  })
  const header = { typ: 'JWT', ...options.header }
  return signToken(server, idTokenClaims(facts, profile), { ...options, header })
}

/** Signs claims with the Verifier's key, under the header real Verifiers write. */
export function signToken(
  server: Server,
  claims: Json,
  { algorithm, claims: changes, header, profile }: MintOptions = {},
): string {
  const { pair, kid, certificate } = signingKey(
    server.keys,
    algorithm ?? server.keys.current.pair.algorithm,
  )
  return signJwt(
    {
      kid,
      typ: profiles[profile ?? server.settings.name].typ,
      alg: pair.algorithm,
      ...(certificate && { x5c: x5c(certificate) }),
      ...header,
    },
    { ...claims, ...changes },
    pair,
  )
}

/** The access token that a token request is answered with. */
export function signAccessToken(
  server: Server,
  {
    issuer,
    audience,
    credential,
    tenant,
  }: Pick<TokenFacts, 'issuer' | 'audience' | 'credential' | 'tenant'>,
): string {
  const { settings } = server
  const issuedAt = seconds(settings.runtime)
  const facts: TokenFacts = {
    issuer,
    audience,
    kind: 'machine',
    credential,
    placement: settings.profile.placement,
    tenant: tenantClaim(tenant),
    jti: settings.runtime.uuid(),
    issuedAt,
    expiresAt: issuedAt + settings.lifetime,
  }
  return signToken(server, accessTokenClaims[settings.name](facts))
}

function tokenFacts(
  server: Server,
  options: MintOptions,
): { facts: TokenFacts; profile: ProfileName } {
  const { settings } = server
  const name = options.profile ?? settings.name
  const profile = profiles[name]
  const kind = options.kind ?? (options.dialect && dialects[options.dialect].kind) ?? 'machine'
  const issuedAt = seconds(settings.runtime)
  const lifetime =
    options.expiresIn ?? (name === settings.name ? settings.lifetime : profile.lifetime)
  const audiences = { machine: settings.issuer, employee: RELYING_PARTY }
  const facts = {
    issuer: settings.issuer,
    audience: options.audience ?? (profile.family === 'java' ? audiences[kind] : settings.service),
    kind,
    credential:
      options.credential ??
      embeddedCredential(server, {
        ...options,
        dialect: options.dialect ?? profile.tokenDialects[kind],
      }),
    placement: options.placement ?? profile.placement,
    tenant: tenantClaim(options.tenant ?? settings.tenant),
    jti: settings.runtime.uuid(),
    issuedAt,
    expiresAt: issuedAt + lifetime,
  }
  return { facts, profile: name }
}

function embeddedCredential(server: Server, request: MintOptions & { dialect: DialectName }): Json {
  const { credentialIssuer, settings } = server
  const holder = request.key === undefined ? generateKeyPair() : keyPairFrom(request.key)
  const context = { issuer: credentialIssuer, base: settings.issuer, runtime: settings.runtime }
  const { credential, index } = writeCredential(request, holder, context)
  if (request.revoked && index !== undefined) credentialIssuer.register.revoked.add(index)
  return credential
}

/** Verifiers leave out a tenant that is not of this form. */
function tenantClaim(tenant: string | undefined): string | undefined {
  return tenant !== undefined && /^[a-z0-9-]{1,64}$/.test(tenant) ? tenant : undefined
}
