import type { DialectName } from './dialects.js'
import type { Kind } from './mandate.js'
import type { Json } from './jwt.js'
import type { Algorithm, CredentialAlgorithm } from './keys.js'
import { throughFirstRecords, throughSecondRecords } from './legacy-records.js'
import type { Generation } from './refusals.js'
import type { Placement } from './tokens.js'

/** A family and generation of Verifiers to behave like. */
export type ProfileName =
  'eudistack-3.3' | 'eudistack-3.0' | 'eudistack-2' | 'dome' | 'fiware' | 'oauth'

/**
 * Who wrote a server: the Java Verifiers, FIWARE's VCVerifier, or `oauth` for a plain authorization
 * server whose tokens follow RFC 9068.
 */
export type Family = 'java' | 'fiware' | 'oauth'

/** Where a profile answers, below its base path. */
export interface Paths {
  readonly token: readonly string[]
  readonly jwks: string
  readonly discovery: readonly string[]
}

/** What a generation of Verifiers takes for a credential. */
export interface CredentialRules {
  /** Types that may use the client_credentials grant. */
  readonly types: RegExp
  /** Algorithms that may sign it. The embedded Issuer uses the first. */
  readonly algorithms: readonly [CredentialAlgorithm, ...CredentialAlgorithm[]]
  /** The issuer's certificate must be in the header (`x5c`). */
  readonly certificate: boolean
  /** It must be in the claim `vc`; the claims themselves are no credential. */
  readonly vcClaim: boolean
  /** It must state both ends of its validity. */
  readonly validity: boolean
  /** The list of trusted issuers must have its mandator too. */
  readonly mandatorListed: boolean
  /** What binds it to a key: the mandatee's DID, `cnf.jwk`, or the first of all that it has. */
  readonly holder: 'mandatee' | 'cnf' | 'any'
  /** A list of revoked ids is read for each credential, whether it names a status list or not. */
  readonly revokedIds: boolean
}

/** How one generation of Verifiers differs from another. */
export interface Profile {
  readonly family: Family
  readonly basePath: string
  readonly paths: Paths
  readonly algorithm: Algorithm
  /** The header parameter `typ` of access tokens. */
  readonly typ: 'JWT' | 'at+jwt'
  /** Life of an access token, in seconds. */
  readonly lifetime: number
  /** What credentials are issued as, by default. */
  readonly dialects: Record<Kind, DialectName>
  /**
   * What the credential looks like in an access token, where that differs from the credential
   * itself.
   */
  readonly tokenDialects: Record<Kind, DialectName>
  readonly placement: Placement
  readonly credentials: CredentialRules
  /**
   * Clients must be registered. Without this rule, any holder of a credential for the tenant is
   * one.
   */
  readonly registeredClientsOnly: boolean
  /** What becomes of a credential on its way into a token. */
  readonly rewriteCredential: (credential: Json) => Json
  /** How it answers what it refuses. */
  readonly answers: Generation
  /** `Cache-Control` of the token response, where it is shorter than everywhere else. */
  readonly tokenCacheControl?: string
  /** Members that the metadata has beside those of all. */
  readonly metadata: Json
  /** What `/health` answers. */
  readonly health: Json
  /** JWK Set and discovery may be read from any origin. */
  readonly cors: boolean
}

const paths: Paths = {
  token: ['/oidc/token'],
  jwks: '/oidc/jwks',
  discovery: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
}

/** Verifiers since 3.0 put a credential into a token as it is. */
function unchanged(credential: Json): Json {
  return credential
}

const firstCredentials = {
  types: /^LEARCredentialMachine$/,
  algorithms: ['RS256'],
  certificate: true,
  vcClaim: true,
  validity: true,
  mandatorListed: true,
  holder: 'mandatee',
} as const

const first = {
  family: 'java',
  basePath: '',
  paths,
  algorithm: 'ES256',
  typ: 'JWT',
  lifetime: 3_600,
  placement: 'vc',
  registeredClientsOnly: true,
  answers: 'first',
  metadata: {},
  health: { status: 'UP', components: { diskSpace: { status: 'UP' }, ping: { status: 'UP' } } },
  cors: false,
} as const

const eudistack3 = {
  family: 'java',
  paths,
  algorithm: 'ES256',
  typ: 'JWT',
  lifetime: 900,
  rewriteCredential: unchanged,
  dialects: { machine: 'machine-v2', employee: 'employee-v3' },
  tokenDialects: { machine: 'machine-v2', employee: 'employee-v3' },
  tokenCacheControl: 'no-store',
  // Nothing stands behind it: these Verifiers bind no token to a key.
  metadata: {
    dpop_signing_alg_values_supported: [
      'RS256',
      'RS384',
      'RS512',
      'PS256',
      'PS384',
      'PS512',
      'ES256',
      'ES384',
      'ES512',
    ],
  },
  health: { status: 'UP' },
} as const

const latestCredentials: CredentialRules = {
  types: /^(?:learcredential\.machine\.(?:w3c\.[23]|sd\.1)|LEARCredentialMachine)$/,
  algorithms: ['ES256', 'RS256'],
  certificate: true,
  vcClaim: false,
  validity: false,
  mandatorListed: false,
  holder: 'any',
  revokedIds: false,
}

/** The profiles, as data. */
export const profiles: Record<ProfileName, Profile> = {
  'eudistack-3.3': {
    ...eudistack3,
    basePath: '/verifier',
    placement: 'flat-and-vc',
    credentials: latestCredentials,
    registeredClientsOnly: false,
    answers: 'translated',
    cors: true,
  },
  'eudistack-3.0': {
    ...eudistack3,
    basePath: '',
    placement: 'flat',
    credentials: {
      types: /^learcredential\.machine\.(?:w3c\.3|sd\.1)$/,
      algorithms: ['ES256'],
      certificate: true,
      vcClaim: false,
      validity: true,
      mandatorListed: true,
      holder: 'cnf',
      revokedIds: false,
    },
    registeredClientsOnly: true,
    answers: 'bare',
    cors: false,
  },
  'eudistack-2': {
    ...first,
    dialects: { machine: 'machine-v2-lear', employee: 'employee-v2' },
    tokenDialects: { machine: 'machine-v2-lear', employee: 'employee-v2-normalised' },
    rewriteCredential: throughSecondRecords,
    credentials: { ...firstCredentials, revokedIds: false },
  },
  dome: {
    ...first,
    dialects: { machine: 'machine-v1', employee: 'employee-v2' },
    tokenDialects: { machine: 'machine-v1', employee: 'employee-v2-normalised' },
    rewriteCredential: throughFirstRecords,
    credentials: { ...firstCredentials, revokedIds: true },
  },
  fiware: {
    family: 'fiware',
    basePath: '',
    paths: {
      token: ['/token', '/services/:service/token'],
      jwks: '/.well-known/jwks',
      discovery: ['/services/:service/.well-known/openid-configuration'],
    },
    algorithm: 'RS256',
    typ: 'JWT',
    lifetime: 1_800,
    dialects: { machine: 'machine-v1', employee: 'employee-v2' },
    tokenDialects: { machine: 'machine-v1', employee: 'employee-v2' },
    placement: 'verifiable-credential',
    rewriteCredential: unchanged,
    credentials: {
      types: /^LEARCredential/,
      algorithms: ['ES256', 'RS256'],
      certificate: false,
      vcClaim: false,
      validity: false,
      mandatorListed: false,
      holder: 'any',
      revokedIds: false,
    },
    registeredClientsOnly: false,
    answers: 'fiware',
    metadata: {},
    health: { status: 'UP' },
    cors: false,
  },
  // Reads no credential. What is said of credentials here serves the embedded Issuer.
  oauth: {
    family: 'oauth',
    basePath: '',
    paths: {
      token: ['/token'],
      jwks: '/jwks',
      discovery: ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
    },
    algorithm: 'ES256',
    typ: 'at+jwt',
    lifetime: 900,
    dialects: eudistack3.dialects,
    tokenDialects: eudistack3.tokenDialects,
    placement: 'none',
    rewriteCredential: unchanged,
    credentials: latestCredentials,
    registeredClientsOnly: true,
    answers: 'oauth',
    tokenCacheControl: 'no-store',
    metadata: {},
    health: { status: 'UP' },
    cors: false,
  },
}
