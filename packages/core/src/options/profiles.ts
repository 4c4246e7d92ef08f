/* The profiles: a named set of defaults for each family of Verifiers. */
import type { Algorithm } from '../jwt/algorithms.js'

/** Kinds of actor behind a token: by its credential, or `none` for a plain access token. */
export const KINDS = ['machine', 'employee', 'unknown', 'none'] as const

/** The kind of actor behind a token. */
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
   * Whether claims that id_tokens and logout tokens have speak against a token. Not looked at when
   * `typ` says `at+jwt`, which no id_token may.
   */
  readonly refusesIdTokenClaims: boolean
  /** Whether claims in which ordinary authorization servers state the kind of a token count. */
  readonly readsKindClaims: boolean
  /**
   * Claims of which an access token has at least one, and an id_token without claims of its own
   * none. Empty where that says nothing.
   */
  readonly accessTokenClaims: readonly string[]
  /** Claims that name the client which a token was issued to, in the order of their weight. */
  readonly clientClaims: readonly string[]
  /**
   * Whether a credential is looked for in the claims; elsewhere claims of the same names mean
   * something else.
   */
  readonly credential: boolean
  /**
   * Claims without which a token is refused, besides `iss` and `exp`; of a list, one is enough.
   */
  readonly requiredClaims: readonly (string | readonly string[])[]
  /** Kinds that are accepted unless the application names others; `undefined` for any. */
  readonly kinds: readonly CallerKind[] | undefined
  /** Where the keys are below the issuer, for Verifiers without metadata there. */
  readonly keysPath?: string
}

const java: Profile = {
  algorithms: ['ES256'],
  audience: 'verifier',
  types: ['jwt', 'at+jwt', ''],
  refusesIdTokenClaims: true,
  readsKindClaims: false,
  // The Java Verifiers put both in access tokens and neither in id_tokens.
  accessTokenClaims: ['jti', 'scope'],
  clientClaims: ['client_id', 'azp'],
  credential: true,
  requiredClaims: ['aud'],
  kinds: ['machine'],
}

/** The profiles by name. */
export const PROFILES = Object.freeze({
  /** Every dialect is recognised, and a token without a credential is a plain access token. */
  auto: {
    ...java,
    algorithms: ['ES256', 'RS256'],
    audience: 'required',
    readsKindClaims: true,
    accessTokenClaims: [
      'jti',
      'scope',
      'scp',
      'client_id',
      'verifiableCredential',
      'verifiablePresentation',
    ],
    // Okta writes `cid`, Microsoft Entra 1.0 `appid`.
    clientClaims: ['client_id', 'azp', 'cid', 'appid'],
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
   * `scope`, RS256 unless configured. Its metadata is that of one service, its keys are those of
   * all.
   */
  fiware: {
    ...java,
    algorithms: ['ES256', 'RS256'],
    audience: 'required',
    accessTokenClaims: [],
    keysPath: '/.well-known/jwks',
  },
  /** Any authorization server with JWT access tokens after RFC 9068 §2. */
  rfc9068: {
    algorithms: ['ES256', 'RS256'],
    audience: 'required',
    types: ['at+jwt'],
    refusesIdTokenClaims: false,
    readsKindClaims: false,
    accessTokenClaims: [],
    clientClaims: ['client_id', 'azp'],
    credential: false,
    // Keycloak names the client of a user's token in `azp` alone.
    requiredClaims: ['aud', 'sub', ['client_id', 'azp'], 'iat', 'jti'],
    kinds: undefined,
  },
} satisfies Record<string, Profile>)

/** Name of a profile. */
export type ProfileName = keyof typeof PROFILES
