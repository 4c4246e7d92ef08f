import type { SigningAlgorithm } from './algorithms.js'
import type { AssertionType } from './assertion.js'
import type { SecretMethod } from './client-authentication.js'
import type { TokenSourceListeners } from './events.js'
import type { PrivateKeyInput } from './key.js'
import type { MtlsOptions } from './mtls.js'
import type { TokenParameters } from './parameters.js'
import type { ProofSigner } from './proof-key.js'
import type { ClientRuntime } from './runtime.js'
import type { Signer } from './signer.js'

/** The options of every token source. */
export interface CommonOptions extends Omit<TokenParameters, 'tenant'> {
  /** The address of the token endpoint. Default: from the metadata of the issuer. */
  readonly tokenEndpoint?: string
  /** The origins that `fetch` and the HTTP clients send tokens to. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /**
   * The limit of each request, from the connection to the last byte, at most 300. Seconds. Default:
   * 5.
   */
  readonly timeout?: number
  /**
   * How often a token is asked for before its callers get the failure. One try may send a second
   * request, with the nonce or the clock that the server wants in a proof. Default: 3.
   */
  readonly tries?: number
  /**
   * Allows plain http beyond loopback, for a network that is protected by other means. Default:
   * false.
   */
  readonly allowInsecureHttp?: boolean
  /**
   * Binds tokens to a key ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)): `true` for one that
   * the source makes, or `{ signer }`. Default: bearer tokens.
   */
  readonly dpop?: true | { readonly signer: ProofSigner }
  /**
   * The client certificate of all connections (RFC 8705), on Node.js: `{ cert, key, ca? }`. It
   * needs the package undici. Default: none.
   */
  readonly mtls?: MtlsOptions
  /** The functions to call for events. Default: none. */
  readonly events?: TokenSourceListeners
  /** Replacements of clocks, network, randomness and timers. Default: the process. */
  readonly runtime?: Partial<ClientRuntime>
}

/** Options of another kind of client. A caller who gives one of them means something else. */
type Without<Names extends string> = { readonly [Name in Names]?: undefined }

/** What belongs to a machine with a credential alone. */
type OfCredential = 'verifier' | 'credential' | 'tenant'

/** What belongs to a client that signs assertions alone. */
type OfKey =
  | 'privateKey'
  | 'passphrase'
  | 'algorithm'
  | 'keyId'
  | 'signer'
  | 'assertionAudience'
  | 'assertionType'

/** What signs: a private key in this process, or a signer. Never both. */
export type KeyOptions = {
  /**
   * The `aud` of the client assertion. Default: the issuer, which is what Verifiers compare it
   * with.
   */
  readonly assertionAudience?: string
} & (
  | (Without<'signer'> & {
      /** The private key: hexadecimal, JWK, PEM or DER, as text or bytes. */
      readonly privateKey: PrivateKeyInput
      /** Opens an encrypted PKCS#8 key, on Node.js only. Default: none. */
      readonly passphrase?: string
      /**
       * The signature algorithm, for a key that fits several. Default: the JWK's `alg`, or the
       * first that fits.
       */
      readonly algorithm?: SigningAlgorithm
      /** The key identifier (`kid`) in the header of the assertion. Default: the JWK's `kid`. */
      readonly keyId?: string
    })
  | (Without<'privateKey' | 'passphrase' | 'algorithm' | 'keyId'> & {
      /** What holds the key in place of this process, such as a KMS or an HSM. */
      readonly signer: Signer
    })
)

/** A machine with a LEARCredentialMachine, at a Verifier. */
export type PresentationOptions = KeyOptions &
  Without<'authorizationServer' | 'assertionType' | 'clientSecret' | 'clientAuthentication'> & {
    /** The issuer of the Verifier, exactly as it states it, with its context path. */
    readonly verifier: string
    /** The LEARCredentialMachine: the compact JWT or the base64 of it, as text or bytes. */
    readonly credential: string | Uint8Array
    /** The name that the client is registered under. Default: the mandatee id. */
    readonly clientId?: string
    /**
     * The tenant to name in `X-Tenant`; `null` names none. Default: the first power domain of the
     * credential.
     */
    readonly tenant?: string | null
  }

/**
 * A client with a registered key, at any authorization server
 * ([private_key_jwt](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
 */
export type PrivateKeyJwtOptions = KeyOptions &
  Without<OfCredential | 'clientSecret' | 'clientAuthentication'> & {
    /** The issuer of another authorization server, exactly as it states it. */
    readonly authorizationServer: string
    /** The name that the client is registered under. */
    readonly clientId: string
    /**
     * The `typ` of the client assertion: `JWT`, or `client-authentication+jwt` (RFC 10070).
     * Default: `JWT`.
     */
    readonly assertionType?: AssertionType
  }

/**
 * A client that its certificate alone identifies, at any authorization server
 * ([RFC 8705 §2](https://www.rfc-editor.org/rfc/rfc8705#section-2)).
 */
export interface CertificateOptions extends Without<
  OfCredential | OfKey | 'clientSecret' | 'clientAuthentication'
> {
  /** The issuer of another authorization server, exactly as it states it. */
  readonly authorizationServer: string
  /** The name that the client is registered under. */
  readonly clientId: string
  /**
   * The client certificate of all connections (RFC 8705), on Node.js: `{ cert, key, ca? }`. It
   * needs the package undici.
   */
  readonly mtls: MtlsOptions
}

/**
 * A client with a secret, at any authorization server
 * ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
 */
export interface ClientSecretOptions extends Without<OfCredential | OfKey> {
  /** The issuer of another authorization server, exactly as it states it. */
  readonly authorizationServer: string
  /** The name that the client is registered under. */
  readonly clientId: string
  /** The secret of a client that has one. */
  readonly clientSecret: string
  /**
   * How the secret is sent: `client_secret_basic` or `client_secret_post`. Default: what the
   * metadata ask for, or `client_secret_basic`. The metadata ask for `client_secret_post` where
   * they list it and not the other one. With `tokenEndpoint` the source reads no metadata.
   */
  readonly clientAuthentication?: SecretMethod
}

/** What one of four kinds of client is and who gives it tokens, and {@link CommonOptions}. */
export type TokenSourceOptions = CommonOptions &
  (PresentationOptions | PrivateKeyJwtOptions | ClientSecretOptions | CertificateOptions)
