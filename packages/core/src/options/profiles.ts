import type { Algorithm } from '../jwt/algorithms.js'

/** Kinds of actor behind a token: by its credential, or `none` for a plain access token. */
export const KINDS = ['machine', 'employee', 'unknown', 'none'] as const

/** CallerKind of actor behind a token. */
export type CallerKind = (typeof KINDS)[number]

/**
 * The defaults for one family of Verifiers: what their tokens look like, and what may be asked of
 * them.
 */
export interface Profile {
  /**
   * Algorithms that are accepted unless the application names others. Never taken from discovery,
   * which states RS256 wrongly for the Java Verifiers.
   */
  readonly algorithms: readonly Algorithm[]
  /**
   * The audience rule where the application names no audience: `required` refuses to start without
   * one; `verifier` takes machine tokens addressed to the Verifier itself, and user tokens
   * addressed to one of the configured client ids.
   */
  readonly audience: 'required' | 'verifier'
  /**
   * Accepted `typ` headers, lower-cased and without `application/`; the empty one stands for an
   * absent header.
   */
  readonly types: readonly string[]
  /**
   * Claims that only an id_token or another JWT of the same key has. Not looked at when `typ` says
   * `at+jwt`, which no id_token may.
   */
  readonly idTokenMarks: readonly string[]
  /**
   * Those among the marks that access tokens have too (RFC 9068 §2.2.1, Keycloak): they count for
   * nothing where the token has scopes and is addressed to others than the client that it was
   * issued to, as no id_token is.
   */
  readonly sharedMarks: readonly string[]
  /**
   * Claims of which an access token has at least one, and an id_token without marks none; empty
   * where nothing can be told by that.
   */
  readonly accessTokenMarks: readonly string[]
  /**
   * Whether a credential is looked for in the claims; elsewhere claims of the same names mean
   * something else.
   */
  readonly credential: boolean
  /** Claims without which a token is refused, besides `iss` and `exp`. */
  readonly requiredClaims: readonly string[]
  /** Kinds that are accepted unless the application names others; `undefined` for any. */
  readonly kinds: readonly CallerKind[] | undefined
}

/**
 * What no access token of any generation carries, and OpenID Connect or the Verifiers put in
 * id_tokens and logout tokens.
 */
const ID_TOKEN_MARKS = [
  'vc_json',
  'auth_time',
  'acr',
  'amr',
  'at_hash',
  'c_hash',
  's_hash',
  'sid',
  'events',
]

const java: Profile = {
  algorithms: ['ES256'],
  audience: 'verifier',
  types: ['jwt', 'at+jwt', ''],
  idTokenMarks: ID_TOKEN_MARKS,
  sharedMarks: [],
  // The Java Verifiers put both in access tokens and neither in id_tokens.
  accessTokenMarks: ['jti', 'scope'],
  credential: true,
  requiredClaims: ['aud'],
  kinds: ['machine'],
}

/** The profiles by name. */
export const PROFILES = Object.freeze({
  /** Every dialect is recognised, and a token without a credential is a plain access token. */
  auto: {
    ...java,
    audience: 'required',
    sharedMarks: ['auth_time', 'acr', 'amr', 'sid'],
    accessTokenMarks: [
      'jti',
      'scope',
      'scp',
      'client_id',
      'verifiableCredential',
      'verifiablePresentation',
    ],
    kinds: undefined,
  },
  /** in2-verifier-api 1.x and 2.x, DOME production: the credential in `vc`, `iss` a static URL. */
  dome: java,
  /**
   * eudistack-core-verifier 3.x: flat claims with `tenant`, from 3.1 with `vc` beside them and
   * `/verifier` in `iss`.
   */
  eudistack: java,
  /**
   * FIWARE VCVerifier: `aud` an array of client ids, `verifiableCredential`, neither `jti` nor
   * `scope`, RS256 unless configured.
   */
  fiware: { ...java, algorithms: ['ES256', 'RS256'], audience: 'required', accessTokenMarks: [] },
  /** Any authorization server with JWT access tokens after RFC 9068 §2. */
  rfc9068: {
    algorithms: ['ES256', 'RS256'],
    audience: 'required',
    types: ['at+jwt'],
    idTokenMarks: [],
    sharedMarks: [],
    accessTokenMarks: [],
    credential: false,
    requiredClaims: ['aud', 'sub', 'client_id', 'iat', 'jti'],
    kinds: undefined,
  },
} satisfies Record<string, Profile>)

/** Name of a profile. */
export type ProfileName = keyof typeof PROFILES
