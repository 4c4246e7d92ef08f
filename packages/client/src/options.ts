import { describeInsecure } from '@verifier-guard/core/support'
import { ALGORITHM_NAMES, type SigningAlgorithm } from './algorithms.js'
import { presentationChecklist, registeredClientChecklist } from './checklist.js'
import {
  clientSecretBasic,
  privateKeyJwt,
  verifiablePresentation,
  type ClientAuthentication,
} from './client-authentication.js'
import { checkValidity, readCredential, type MachineCredential } from './credential.js'
import { invalidOption, type ChecklistItem } from './errors.js'
import type { TokenSourceListener } from './events.js'
import { createLocalSigner, type PrivateKeyInput } from './key.js'
import { checkOptionNames } from './option-names.js'
import { checkParameters, isTenant, pickParameters, type TokenParameters } from './parameters.js'
import { printable } from './printable.js'
import { clientRuntime, type ClientRuntime } from './runtime.js'
import type { Signer } from './signer.js'

/** What every token source can be told. */
export interface CommonOptions {
  /** Address of the token endpoint; default: discovered from the issuer's metadata. */
  readonly tokenEndpoint?: string
  /**
   * `aud` of the client assertion; default: the issuer, which is what Verifiers compare it with.
   */
  readonly assertionAudience?: string
  /** Origins that `fetch` and the interceptors send tokens to; default: none. */
  readonly allowedOrigins?: readonly string[]
  /** Sent with the token request; see {@link TokenParameters}. */
  readonly scope?: string
  /** The API the token is for (RFC 8707). */
  readonly resource?: string
  /** The API the token is for, for authorization servers with an `audience` parameter. */
  readonly audience?: string
  /**
   * Limit of each request to the authorization server over connection, headers and body, in
   * seconds, up to 300; default 5.
   */
  readonly timeout?: number
  /** Requests sent for one token before its callers are told of the failure; default 3. */
  readonly tries?: number
  /**
   * Allows plain http beyond loopback, for a network that is protected by other means; default
   * false.
   */
  readonly allowInsecureHttp?: boolean
  /** Told of what happens inside, for logs and metrics. */
  readonly onEvent?: TokenSourceListener
  /** Replaces clocks, network, chance or timers. */
  readonly runtime?: Partial<ClientRuntime>
}

/**
 * Options of another way, which could only be ignored: a caller who gives them means something
 * else.
 */
type Without<Names extends string> = { readonly [Name in Names]?: undefined }

/** A private key in memory, or whoever holds it: never both. */
export type KeyOptions =
  | (Without<'signer'> & {
      readonly privateKey: PrivateKeyInput
      /** Opens an encrypted PKCS#8 key. Node.js only. */
      readonly passphrase?: string
      /** For a key that fits several; default: the JWK's `alg`, else the first of its type. */
      readonly algorithm?: SigningAlgorithm
      /** Key identifier for the header of the assertion; default: the JWK's `kid`. */
      readonly keyId?: string
    })
  | (Without<'privateKey' | 'passphrase' | 'algorithm' | 'keyId'> & { readonly signer: Signer })

/** A machine with a LEARCredentialMachine, at a Verifier. */
export type PresentationOptions = KeyOptions &
  Without<'authorizationServer' | 'clientSecret'> & {
    /**
     * The Verifier's issuer, exactly as it writes it: with its context path, without a trailing
     * slash.
     */
    readonly verifier: string
    /** The LEARCredentialMachine: the compact JWT or the base64 of it. */
    readonly credential: string
    /** Default: the credential's mandatee id. */
    readonly clientId?: string
    /** Sent as `X-Tenant`; default: the first power domain of the credential; `null` sends none. */
    readonly tenant?: string | null
  }

/** A client with a registered key, at any authorization server (private_key_jwt, RFC 7523). */
export type PrivateKeyJwtOptions = KeyOptions &
  Without<'verifier' | 'credential' | 'tenant' | 'clientSecret'> & {
    /** The issuer, exactly as it writes it. */
    readonly authorizationServer: string
    readonly clientId: string
  }

/** A client with a secret, at any authorization server (client_secret_basic, RFC 6749 §2.3.1). */
export interface ClientSecretOptions extends Without<
  | 'verifier'
  | 'credential'
  | 'tenant'
  | 'privateKey'
  | 'passphrase'
  | 'algorithm'
  | 'keyId'
  | 'signer'
> {
  /** The issuer, exactly as it writes it. */
  readonly authorizationServer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** Who the machine is and who gives it tokens, in one of three ways, and {@link CommonOptions}. */
export type TokenSourceOptions = CommonOptions &
  (PresentationOptions | PrivateKeyJwtOptions | ClientSecretOptions)

/** The options, checked, with every default filled in. */
export interface ResolvedOptions {
  readonly issuer: string
  readonly tokenEndpoint: string | undefined
  readonly authenticate: ClientAuthentication
  readonly checklist: (parameters: TokenParameters) => readonly ChecklistItem[]
  readonly credential: MachineCredential | undefined
  readonly parameters: TokenParameters
  readonly allowedOrigins: ReadonlySet<string>
  /** Milliseconds. */
  readonly timeout: number
  readonly tries: number
  readonly onEvent: TokenSourceListener | undefined
  readonly runtime: ClientRuntime
}

type Identity = Pick<
  ResolvedOptions,
  'issuer' | 'authenticate' | 'checklist' | 'credential' | 'parameters'
>

/**
 * Checks the options once and fills in the defaults.
 *
 * @throws {TokenSourceError} `invalid_option`, `private_key_unreadable`, `credential_unreadable`,
 *   `credential_not_yet_valid`, `credential_expired`.
 */
export function resolveOptions(options: TokenSourceOptions): ResolvedOptions {
  checkOptionNames(options)
  const runtime = { ...clientRuntime, ...options.runtime }
  const insecure = options.allowInsecureHttp === true
  const { tokenEndpoint, allowedOrigins = [], onEvent } = options
  if (tokenEndpoint !== undefined) checkUrl('tokenEndpoint', tokenEndpoint, insecure)
  return Object.freeze({
    ...identify(options, runtime, insecure),
    tokenEndpoint,
    allowedOrigins: checkOrigins(allowedOrigins, insecure),
    timeout: seconds('timeout', options.timeout ?? 5) * 1000,
    tries: positive('tries', options.tries ?? 3),
    onEvent,
    runtime,
  })
}

function identify(
  options: TokenSourceOptions,
  runtime: ClientRuntime,
  insecure: boolean,
): Identity {
  if (options.verifier !== undefined) return identifyMachine(options, runtime, insecure)
  if (options.authorizationServer === undefined) {
    throw invalidOption('`verifier` or `authorizationServer`', 'neither')
  }
  const { authorizationServer: issuer, clientId } = options
  checkIssuer('authorizationServer', issuer, insecure)
  if (!isText(clientId)) throw invalidOption('`clientId` to name the client', 'none')
  const audience = options.assertionAudience ?? issuer
  const authenticate =
    options.clientSecret !== undefined
      ? clientSecretBasic(clientId, requireText('clientSecret', options.clientSecret))
      : privateKeyJwt(clientId, audience, resolveSigner(options))
  const checklist = registeredClientChecklist(audience)
  return {
    issuer,
    authenticate,
    checklist: () => checklist,
    credential: undefined,
    parameters: checkParameters(pickParameters(options)),
  }
}

function identifyMachine(
  options: CommonOptions & PresentationOptions,
  runtime: ClientRuntime,
  insecure: boolean,
): Identity {
  const { verifier: issuer } = options
  checkIssuer('verifier', issuer, insecure)
  const credential = readCredential(requireText('credential', options.credential))
  // The clock of Cloudflare Workers stands at 1970 outside a request; each token request looks
  // again.
  if (runtime.now() > 0) checkValidity(credential, runtime.now())
  const signer = resolveSigner(options)
  if (signer.alg !== 'ES256') {
    throw invalidOption(
      'a key on P-256 (ES256), because a machine credential is bound to one',
      `one for ${signer.alg}`,
    )
  }
  const audience = options.assertionAudience ?? issuer
  const clientId = options.clientId ?? credential.clientId
  return {
    issuer,
    authenticate: verifiablePresentation({ credential, clientId, audience, signer }),
    checklist: (parameters) => presentationChecklist(credential, { issuer, audience }, parameters),
    credential,
    parameters: checkParameters(
      pickParameters({ ...options, tenant: resolveTenant(options.tenant, credential) }),
    ),
  }
}

/**
 * As Verifier 3.3 wants it of machines it has not registered: the tenant is the domain of one of
 * their powers.
 */
function resolveTenant(
  tenant: string | null | undefined,
  { domains }: MachineCredential,
): string | undefined {
  if (tenant === null) return undefined
  return tenant ?? domains.find(isTenant)
}

function resolveSigner(options: KeyOptions): Signer {
  if (options.signer === undefined) return createLocalSigner(options.privateKey, options)
  const { signer } = options
  if (!ALGORITHM_NAMES.includes(signer.alg) || typeof signer.sign !== 'function') {
    throw invalidOption(
      `a \`signer\` with \`alg\` (one of ${ALGORITHM_NAMES.join(', ')}) and \`sign(bytes)\``,
      'another',
    )
  }
  return signer
}

function checkIssuer(name: string, issuer: string, insecure: boolean): void {
  const { search, hash } = checkUrl(name, issuer, insecure)
  if (issuer.endsWith('/')) {
    throw invalidOption(
      `\`${name}\` without a trailing slash, as the issuer is compared character by character`,
      issuer,
    )
  }
  if (search || hash)
    throw invalidOption(`\`${name}\` without query and fragment (RFC 8414 §2)`, 'one with them')
}

function checkOrigins(origins: readonly string[], insecure: boolean): ReadonlySet<string> {
  // Without its type it would narrow the elements to `any`.
  const isList: boolean = Array.isArray(origins)
  if (!isList) throw invalidOption('a list of origins as `allowedOrigins`', typeof origins)
  return new Set(origins.map((origin) => checkOrigin(origin, insecure)))
}

function checkOrigin(origin: string, insecure: boolean): string {
  const url = checkUrl('allowedOrigins', origin, insecure)
  if (url.origin === origin) return origin
  throw invalidOption(
    `origins alone in \`allowedOrigins\`, such as ${printable(url.origin)}`,
    'an address with more to it',
  )
}

function checkUrl(name: string, text: string, insecure: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.username || url.password)
    throw invalidOption(`an absolute URL without user as \`${name}\``, 'none')
  if (describeInsecure(text, insecure) === undefined) return url
  throw invalidOption(
    `https in \`${name}\` (plain http on loopback, or with \`allowInsecureHttp\`)`,
    url.origin,
  )
}

/** Nobody waits longer for a token; whoever says more has thought of milliseconds. */
const LONGEST_TIMEOUT = 300

function seconds(name: string, value: number): number {
  if (!(value > LONGEST_TIMEOUT)) return positive(name, value)
  throw invalidOption(
    `at most ${LONGEST_TIMEOUT} seconds as \`${name}\``,
    `${value}; is that in milliseconds?`,
  )
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw invalidOption(`a positive whole number as \`${name}\``, String(value))
}

function requireText(name: string, value: unknown): string {
  if (isText(value)) return value
  throw invalidOption(
    `a text as \`${name}\``,
    value === '' ? 'an empty one; is the environment variable set?' : typeof value,
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
