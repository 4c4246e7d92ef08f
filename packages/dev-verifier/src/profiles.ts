import type { DialectName } from './dialects.js'
import type { Kind } from './mandate.js'
import type { Json } from './jwt.js'
import type { Algorithm } from './keys.js'
import { throughLegacyRecords } from './legacy-records.js'
import type { Placement } from './tokens.js'

/** A family and generation of Verifiers to behave like. */
export type ProfileName = 'eudistack-3.3' | 'eudistack-3.0' | 'dome' | 'fiware'

/** Where a profile answers, below its base path. */
export interface Paths {
  readonly token: readonly string[]
  readonly jwks: string
  readonly discovery: readonly string[]
}

/** What tells one generation of Verifiers from another. */
export interface Profile {
  readonly basePath: string
  readonly paths: Paths
  readonly algorithm: Algorithm
  /** Life of an access token, in seconds. */
  readonly lifetime: number
  /** What credentials are issued as, unless asked otherwise. */
  readonly dialects: Record<Kind, DialectName>
  /**
   * What the credential looks like in an access token, where that differs from the credential
   * itself.
   */
  readonly tokenDialects: Record<Kind, DialectName>
  readonly placement: Placement
  /** Credential types that may use the client_credentials grant. */
  readonly eligibleTypes: RegExp
  /**
   * Clients must be registered; otherwise any holder of a credential for the tenant is a client.
   */
  readonly registeredClientsOnly: boolean
  /** What becomes of a credential on its way into a token. */
  readonly rewriteCredential: (credential: Json) => Json
  /** Failures of the grant itself surface as 403 with an empty body. */
  readonly bareErrors: boolean
  /** JWK Set and discovery may be read from any origin. */
  readonly cors: boolean
}

const paths: Paths = {
  token: ['/oidc/token'],
  jwks: '/oidc/jwks',
  discovery: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
}

function unchanged(credential: Json): Json {
  return credential
}

const eudistack = {
  paths,
  algorithm: 'ES256',
  lifetime: 900,
  rewriteCredential: unchanged,
  dialects: { machine: 'machine-v2', employee: 'employee-v3' },
  tokenDialects: { machine: 'machine-v2', employee: 'employee-v3' },
} as const

/** The profiles, as data. */
export const profiles: Record<ProfileName, Profile> = {
  'eudistack-3.3': {
    ...eudistack,
    basePath: '/verifier',
    placement: 'flat-and-vc',
    eligibleTypes: /^(?:learcredential\.machine\.(?:w3c\.[23]|sd\.1)|LEARCredentialMachine)$/,
    registeredClientsOnly: false,
    bareErrors: false,
    cors: true,
  },
  'eudistack-3.0': {
    ...eudistack,
    basePath: '',
    placement: 'flat',
    eligibleTypes: /^learcredential\.machine\.(?:w3c\.3|sd\.1)$/,
    registeredClientsOnly: true,
    bareErrors: true,
    cors: false,
  },
  dome: {
    basePath: '',
    paths,
    algorithm: 'ES256',
    lifetime: 3600,
    dialects: { machine: 'machine-v1', employee: 'employee-v2' },
    tokenDialects: { machine: 'machine-v1', employee: 'employee-v2-normalised' },
    placement: 'vc',
    rewriteCredential: throughLegacyRecords,
    eligibleTypes: /^LEARCredentialMachine$/,
    registeredClientsOnly: true,
    bareErrors: true,
    cors: false,
  },
  fiware: {
    basePath: '',
    paths: {
      token: ['/token', '/services/:service/token'],
      jwks: '/.well-known/jwks',
      discovery: [
        '/.well-known/openid-configuration',
        '/services/:service/.well-known/openid-configuration',
      ],
    },
    algorithm: 'RS256',
    lifetime: 1800,
    dialects: { machine: 'machine-v1', employee: 'employee-v2' },
    tokenDialects: { machine: 'machine-v1', employee: 'employee-v2' },
    placement: 'verifiable-credential',
    rewriteCredential: unchanged,
    eligibleTypes: /^LEARCredential/,
    registeredClientsOnly: false,
    bareErrors: false,
    cors: false,
  },
}
