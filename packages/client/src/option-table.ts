import { ALGORITHM_NAMES } from './algorithms.js'
import { ASSERTION_TYPES } from './assertion.js'
import { SECRET_METHODS } from './client-authentication.js'
import {
  address,
  anything,
  dpop,
  flag,
  furtherParameters,
  functions,
  issuer,
  listeners,
  mtls,
  oneOf,
  oneOrMore,
  origins,
  positive,
  secondsUpTo,
  signer,
  tenantOrNone,
  text,
  textOrBytes,
  type Check,
} from './option-checks.js'
import { clientRuntime } from './runtime.js'

/** How a client authenticates: by a credential, a registered key, a secret, a certificate. */
export type ClientKind = 'credential' | 'key' | 'secret' | 'certificate'

/** Everything about one option. The README lists these rows. */
interface OptionRow {
  /** The kinds of client that it belongs to. For another one it could only be ignored. */
  readonly kinds: readonly ClientKind[]
  /** The kinds that require it. */
  readonly required?: readonly ClientKind[]
  readonly check: Check
  /** The value where it is left out. */
  readonly default?: number | boolean
  /** What holds where it is left out, in words, if that is no value. */
  readonly fallback?: string
  readonly unit?: 'seconds'
  /** What it is, in one sentence. */
  readonly says: string
}

const EVERY: readonly ClientKind[] = ['credential', 'key', 'secret', 'certificate']
const CREDENTIAL: readonly ClientKind[] = ['credential']
const SECRET: readonly ClientKind[] = ['secret']
const SIGNING: readonly ClientKind[] = ['credential', 'key']
const KEY: readonly ClientKind[] = ['key']
const CERTIFICATE: readonly ClientKind[] = ['certificate']
const REGISTERED: readonly ClientKind[] = ['key', 'secret', 'certificate']

/** A longer wait for one answer helps no caller. Seconds. */
const MAX_TIMEOUT = 300

/** The values of options that are left out. */
export const DEFAULTS = Object.freeze({ timeout: 5, tries: 3, allowInsecureHttp: false })

const ROWS = {
  verifier: {
    kinds: CREDENTIAL,
    required: CREDENTIAL,
    check: issuer,
    says: 'The issuer of the Verifier, exactly as it states it, with its context path.',
  },
  credential: {
    kinds: CREDENTIAL,
    required: CREDENTIAL,
    check: textOrBytes,
    says: 'The LEARCredentialMachine: the compact JWT or the base64 of it, as text or bytes.',
  },
  authorizationServer: {
    kinds: REGISTERED,
    required: REGISTERED,
    check: issuer,
    says: 'The issuer of another authorization server, exactly as it states it.',
  },
  clientId: {
    kinds: EVERY,
    required: REGISTERED,
    check: text,
    fallback: 'required; the mandatee id with `credential`',
    says: 'The name that the client is registered under.',
  },
  privateKey: {
    kinds: SIGNING,
    check: anything,
    fallback: 'required, or `signer`',
    says: 'The private key: hexadecimal, JWK, PEM or DER, as text or bytes.',
  },
  passphrase: {
    kinds: SIGNING,
    check: text,
    fallback: 'none',
    says: 'Opens an encrypted PKCS#8 key, on Node.js only.',
  },
  algorithm: {
    kinds: SIGNING,
    check: oneOf(ALGORITHM_NAMES),
    fallback: "the JWK's `alg`, or the first that fits",
    says: 'The signature algorithm, for a key that fits several.',
  },
  keyId: {
    kinds: SIGNING,
    check: text,
    fallback: "the JWK's `kid`",
    says: 'The key identifier (`kid`) in the header of the assertion.',
  },
  signer: {
    kinds: SIGNING,
    check: signer,
    fallback: '`privateKey`',
    says: 'What holds the key in place of this process, such as a KMS or an HSM.',
  },
  clientSecret: {
    kinds: SECRET,
    required: SECRET,
    check: text,
    says: 'The secret of a client that has one.',
  },
  clientAuthentication: {
    kinds: SECRET,
    check: oneOf(SECRET_METHODS),
    fallback: 'what the metadata ask for, or `client_secret_basic`',
    says: 'How the secret is sent: `client_secret_basic` or `client_secret_post`.',
  },
  tokenEndpoint: {
    kinds: EVERY,
    check: address,
    fallback: 'from the metadata',
    says: 'The address of the token endpoint.',
  },
  assertionAudience: {
    kinds: SIGNING,
    check: text,
    fallback: 'the issuer',
    says: 'The `aud` of the client assertion.',
  },
  assertionType: {
    kinds: KEY,
    check: oneOf(ASSERTION_TYPES),
    fallback: '`JWT`',
    says: 'The `typ` of the client assertion: `JWT`, or `client-authentication+jwt` (RFC 10070).',
  },
  dpop: {
    kinds: EVERY,
    check: dpop,
    fallback: 'bearer tokens',
    says: 'Binds tokens to a key (RFC 9449): `true` for one that the source makes, or `{ signer }`.',
  },
  mtls: {
    kinds: EVERY,
    required: CERTIFICATE,
    check: mtls,
    fallback: 'none',
    says: 'The client certificate of all connections (RFC 8705), on Node.js: `{ cert, key, ca? }`.',
  },
  tenant: {
    kinds: CREDENTIAL,
    check: tenantOrNone,
    fallback: 'the first power domain',
    says: 'The tenant to name in `X-Tenant`; `null` names none.',
  },
  scope: {
    kinds: EVERY,
    check: text,
    fallback: 'none',
    says: 'The scopes to ask for, separated by spaces.',
  },
  resource: {
    kinds: EVERY,
    check: oneOrMore,
    fallback: 'none',
    says: 'The API that the token is for, or several (RFC 8707).',
  },
  audience: {
    kinds: EVERY,
    check: text,
    fallback: 'none',
    says: 'The API that the token is for, at servers with a parameter of this name.',
  },
  parameters: {
    kinds: EVERY,
    check: furtherParameters,
    fallback: 'none',
    says: "Further parameters of the token request, such as Auth0's `organization`.",
  },
  allowedOrigins: {
    kinds: EVERY,
    check: origins,
    fallback: 'none',
    says: 'The origins that `fetch` and the HTTP clients send tokens to.',
  },
  timeout: {
    kinds: EVERY,
    check: secondsUpTo(MAX_TIMEOUT),
    default: DEFAULTS.timeout,
    unit: 'seconds',
    says: 'The limit of each request, from the connection to the last byte, at most 300.',
  },
  tries: {
    kinds: EVERY,
    check: positive,
    default: DEFAULTS.tries,
    says: 'How often a token is asked for before its callers get the failure.',
  },
  allowInsecureHttp: {
    kinds: EVERY,
    check: flag,
    default: DEFAULTS.allowInsecureHttp,
    says: 'Allows plain http beyond loopback, for a network that is protected by other means.',
  },
  events: {
    kinds: EVERY,
    check: listeners,
    fallback: 'none',
    says: 'The functions to call for events.',
  },
  runtime: {
    kinds: EVERY,
    check: functions(Object.keys(clientRuntime)),
    fallback: 'the process',
    says: 'Replacements of clocks, network, randomness and timers.',
  },
} satisfies Record<string, OptionRow>

/** The names of all options. */
export type OptionName = keyof typeof ROWS

/** Every option, in the order of the README. */
export const OPTIONS: Readonly<Record<OptionName, OptionRow>> = Object.freeze(ROWS)

/** The options of a kind of client, in the order of the table. */
export function namesOf(kind: ClientKind): readonly OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => OPTIONS[name].kinds.includes(kind))
}
