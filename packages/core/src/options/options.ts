/*
 * What the application states, and the settings that are made of it. The public types; their checks
 * and defaults are in `table.ts`.
 */
import type { Algorithm, AlgorithmRow } from '../jwt/algorithms.js'
import type { JwkSet } from '../jwt/key.js'
import type { PublicKeys } from '../jwt/public-keys.js'
import type { SignatureThread } from '../jwt/signature.js'
import type { EventListeners } from '../kit/events.js'
import type { FetchLimits } from '../kit/http.js'
import type { Runtime } from '../kit/runtime.js'
import type { CertificateSettings, CertificateSource } from './certificate.js'
import type { DpopOptions, DpopSettings } from './dpop.js'
import type { IssuerTemplate } from './issuer-template.js'
import type { CallerKind, Profile, ProfileName } from './profiles.js'
import type { ResourceAddress } from './resource.js'
import type { StatusListOptions, StatusListSettings } from './status-lists.js'

/** Where the keys come from: from the Verifier's metadata unless one of these is given. */
export type KeySource =
  | { readonly jwksUri?: never; readonly keys?: never }
  | {
      /** Address of the JWK Set, in place of discovery. */
      readonly jwksUri: string
      readonly keys?: never
    }
  | {
      readonly jwksUri?: never
      /**
       * The keys themselves: a JWK Set, one key or a list; each key a JWK, a `KeyObject`, or PEM
       * with a public key or a certificate. Nothing is fetched, and rotation is yours. A key
       * without `kid` counts for tokens with any.
       */
      readonly keys: PublicKeys
    }

/** What tells id_tokens from access tokens, where the token itself says too little. */
export type IdTokens =
  | 'refuse'
  | 'accept'
  | {
      /** A claim that access tokens of the issuer have and its id_tokens don't. */
      readonly lack: string
    }

/** Which of one issuer's tokens are accepted. */
export interface TrustOptions {
  /**
   * What `aud` must hold: one of these. Required, unless the profile has a rule of its own (`dome`,
   * `eudistack`: machine tokens are addressed to the Verifier). `null` switches the check off.
   * Passing `undefined` throws: an unset environment variable must not silently replace your
   * setting by the profile's rule.
   */
  readonly audience?: string | readonly string[] | null
  /** The family of Verifiers, and so the defaults for their tokens. Default: `auto`. */
  readonly profile?: ProfileName
  /**
   * Clients whose tokens are accepted in place of an audience. Under the profiles `dome` and
   * `eudistack`, where `audience` is left out: the clients whose users may call, by `aud`. Under
   * the others, where `audience` is `null`: the clients that may call, by `client_id` or `azp`.
   * Default: none. Passing `undefined` throws.
   */
  readonly clientIds?: readonly string[]
  /**
   * What becomes of tokens that may be id_tokens (RFC 8725 §2.8). `refuse` refuses them.
   * `{ lack: 'uid' }` says that access tokens of this issuer have the claim `uid` and its id_tokens
   * don't. `accept` takes id_tokens for access tokens, and warns at start. Default: `refuse`.
   */
  readonly idTokens?: IdTokens
  /**
   * Kinds of caller that are accepted. Default: the profile's; `machine` for `dome` and
   * `eudistack`, with `employee` once `clientIds` or an `audience` other than the Verifier itself
   * is given. Passing `undefined` throws.
   */
  readonly kinds?: readonly CallerKind[]
  /**
   * Signature algorithms that are accepted. The token's `alg` header and discovery never select
   * one. Default: the profile's.
   */
  readonly algorithms?: readonly Algorithm[]
}

/** One issuer with settings of its own; what is left out is taken from the server's options. */
export type IssuerOptions = TrustOptions &
  KeySource & {
    /**
     * The issuer exactly as its tokens state it, or a template with `{tenant}` in a host label,
     * though not the last, or in the path. What follows it in the host must be yours. An https
     * address, or any text where `jwksUri` or `keys` is given: nothing is fetched from it then.
     */
    readonly issuer: string
    /** What `{tenant}` may stand for, as a whole. Default: `[a-z0-9-]{1,64}`. */
    readonly tenantPattern?: RegExp
  }

/**
 * Decides on an issuer that is not configured by name: returns its settings, or `undefined` to
 * refuse it. The answer must state exactly the issuer asked for.
 *
 * It is asked for well-formed addresses only, but a caller invents those at will: compare the whole
 * of it. An issuer that it accepts is remembered, 1 000 at most, and looked up again within
 * `keySet.maxAge`. One that it refuses by then is removed, with all that was decided by its keys. A
 * refusal is not remembered. What the function throws, and an answer later than `keySet.timeout`,
 * answer 503; for an issuer accepted before, the last answer holds meanwhile, for `keySet.maxStale`
 * at most. A wrong answer is `invalid_configuration`: leave members out that you have no value for,
 * as `undefined` is refused where it would loosen a check.
 *
 * @param issuer `iss` as an unverified token states it
 */
export type IssuerLookup = (
  issuer: string,
) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>

/** How key sets are kept. */
export interface KeySetOptions {
  /**
   * Seconds after which keys are stale; they are renewed in the background before. Default: 600.
   */
  readonly maxAge?: number
  /** Seconds after which keys are no longer used, however long the outage. Default: 86 400. */
  readonly maxStale?: number
  /** Seconds that one fetch may take, and that a request waits for keys. Default: 5. */
  readonly timeout?: number
  /** Bytes of a fetched document after decompression. Default: 524 288. */
  readonly maxBytes?: number
  /**
   * Whether keys are fetched in the background from the start, or with the first request. On
   * Cloudflare Workers always with the first request. Default: true.
   */
  readonly prefetch?: boolean
}

/** Bounds of the token cache. */
export interface CacheOptions {
  /** Tokens that are remembered. Default: 5 000. */
  readonly maxEntries?: number
  /** Estimated heap of all entries, in bytes. Default: 33 554 432. */
  readonly maxBytes?: number
}

/**
 * Where the correlation id of a denial comes from: a random one (`true`), that of a field of the
 * request by its name (`'x-request-id'`; of `'traceparent'` the id of the trace), or that of a
 * function of the framework's own request (`({ id }) => id`).
 *
 * What the request states has 128 characters at most: letters, digits and `_ . : / + = @ ~ -`.
 * Where it states nothing else, or the function throws, the id is a random one.
 */
export type CorrelationId = boolean | string | ((request: never) => unknown)

/** The options of a resource server. */
export type ResourceServerOptions = TrustOptions &
  KeySource & {
    /**
     * The issuers whose tokens are accepted, compared character by character: an issuer, one with
     * settings of its own, a template with `{tenant}`, a lookup, or a list of these. Required.
     */
    readonly issuer:
      string | IssuerOptions | IssuerLookup | readonly (string | IssuerOptions | IssuerLookup)[]
    /** Seconds that clocks may differ, for `exp`, `nbf` and `iat`. Default: 30. */
    readonly clockTolerance?: number
    /**
     * Seconds since `iat` after which a token is refused although it has not expired. Default:
     * none.
     */
    readonly maxTokenAge?: number
    /**
     * `ignore` accepts tokens whose credential is outside its validity window. Default: `check`.
     */
    readonly credentialValidity?: 'check' | 'ignore'
    /** How key sets are kept. */
    readonly keySet?: KeySetOptions
    /** Bounds of the token cache; `null` verifies every token again. */
    readonly cache?: CacheOptions | null
    /** Where the status of credentials is looked up, for `requiredStatus`. Default: nowhere. */
    readonly status?: StatusListOptions
    /**
     * The public URL of this API, as clients call it; several for an API with several names. DPoP
     * proofs are made for it. With a path, what a request's own path lacks of it is put before.
     * Default: none, and no proof can be checked.
     */
    readonly resource?: string | readonly string[]
    /**
     * How DPoP proofs are checked. Default: proofs are checked for tokens that are bound to a key,
     * once `resource` is stated.
     */
    readonly dpop?: DpopOptions
    /**
     * Where the client's certificate is, for tokens that are bound to one (RFC 8705): on Node's own
     * TLS connection (`socket`), in the field of a proxy by the proxy's name or as
     * `{ header, format }`, or where a function of the framework's own request finds it. **A field
     * is trusted as it comes: the proxy must overwrite it on every request.** Default: nowhere, and
     * such tokens are refused.
     */
    readonly certificate?: CertificateSource
    /** Name of the protected space in challenges (RFC 9110 §11.5). Default: `api`. */
    readonly realm?: string
    /**
     * Gives every denial an id: `correlation_id` in the body of the answer, `correlationId` in the
     * event. See {@link CorrelationId} for where it comes from. Default: false.
     */
    readonly correlationId?: CorrelationId
    /**
     * The share of denials that are published as event `denied`, above 0 and up to 1: a flood of
     * bad tokens must not become one of log lines. The event then states it as `share`. Default: 1.
     */
    readonly sampleDenied?: number
    /**
     * Accepts plain http beyond this machine: anyone on the way can then publish keys. Default:
     * false.
     */
    readonly allowInsecureHttp?: boolean
    /**
     * Where Node checks signatures: on the calling thread, in the thread pool, or whichever serves
     * better at the moment. Default: `auto`.
     */
    readonly signatureThread?: SignatureThread
    /**
     * Functions that are called with events. Without a listener, the first likely mistake of
     * each kind in these options is printed as a process warning. Default: none.
     */
    readonly events?: EventListeners
    /** Replacements for members of {@link systemRuntime}; the rest stays. Default: the process'. */
    readonly runtime?: Partial<Runtime>
  }

/** The settings of one issuer's tokens, every default filled in. */
export interface TrustSettings {
  readonly profile: Profile
  /** Accepted audiences; `null` for any, `undefined` for the profile's own rule. */
  readonly audience: readonly string[] | null | undefined
  /** Clients that are accepted in place of an audience; empty for none in particular. */
  readonly clientIds: readonly string[]
  readonly idTokens: IdTokens
  readonly kinds: readonly CallerKind[] | undefined
  readonly algorithms: ReadonlyMap<string, AlgorithmRow>
}

/** Where the keys of an issuer are: in its metadata, at a fixed address, or here. */
export type KeyLocation =
  { readonly discovery: string } | { readonly jwksUri: string } | { readonly keys: JwkSet }

/** One configured issuer. */
export interface IssuerSettings extends TrustSettings {
  readonly issuer: string
  /** The issuer or template in the options; `undefined` for one that a lookup answered for. */
  readonly configuredAs: string | undefined
  /** Tells which issuers these settings are for, where `issuer` is a template. */
  readonly template: IssuerTemplate | undefined
  readonly keysAt: (issuer: string) => KeyLocation
  /** Whether one place has the keys of all issuers of a template. */
  readonly sharesKeys: boolean
}

/** Bounds of a key set; times in milliseconds. */
export interface KeySetLimits extends FetchLimits {
  /** Age at which keys are stale. */
  readonly maxAge: number
  /** Age at which keys are not used any more. */
  readonly maxStale: number
}

/**
 * Every option with its default, checked once. Times in milliseconds, except where a claim's own
 * unit is seconds.
 */
export interface Settings {
  readonly issuers: readonly IssuerSettings[]
  readonly lookups: readonly ((issuer: string) => Promise<IssuerSettings | undefined>)[]
  readonly limits: KeySetLimits
  readonly prefetch: boolean
  readonly cache: Required<CacheOptions> | null
  readonly status: StatusListSettings | undefined
  readonly resources: readonly ResourceAddress[]
  /** `undefined` where no proof is checked. */
  readonly dpop: DpopSettings | undefined
  /** `undefined` where no certificate is looked for. */
  readonly certificate: CertificateSettings | undefined
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds. */
  readonly maxTokenAge: number
  readonly checksCredentialValidity: boolean
  readonly signatureThread: SignatureThread
  readonly realm: string
  readonly correlationId: CorrelationId
  readonly sampleDenied: number
  readonly listeners: EventListeners
  readonly runtime: Runtime
}
