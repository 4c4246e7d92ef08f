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
export type Way = 'credential' | 'key' | 'secret' | 'certificate'

/** All there is to say of one option. The README lists these rows. */
interface OptionRow {
  /** The ways that it belongs to. Beside another one it could only be ignored. */
  readonly ways: readonly Way[]
  /** The ways that can't do without it. */
  readonly required?: readonly Way[]
  readonly check: Check
  /** The value where it is left out. */
  readonly default?: number | boolean
  /** What holds where it is left out, in words, if that is no value. */
  readonly fallback?: string
  readonly unit?: 'seconds'
  /** What it is, in one sentence. */
  readonly says: string
}

const EVERY: readonly Way[] = ['credential', 'key', 'secret', 'certificate']
const CREDENTIAL: readonly Way[] = ['credential']
const SECRET: readonly Way[] = ['secret']
const SIGNING: readonly Way[] = ['credential', 'key']
const KEY: readonly Way[] = ['key']
const CERTIFICATE: readonly Way[] = ['certificate']
const REGISTERED: readonly Way[] = ['key', 'secret', 'certificate']

/** Longer waits for one answer help no caller. */
const LONGEST_TIMEOUT = 300

/** The values of options that are left out. */
export const DEFAULTS = Object.freeze({ timeout: 5, tries: 3, allowInsecureHttp: false })

const ROWS = {
  verifier: {
    ways: CREDENTIAL,
    required: CREDENTIAL,
    check: issuer,
    says: 'The issuer of the Verifier, exactly as it states it, with its context path.',
  },
  credential: {
    ways: CREDENTIAL,
    required: CREDENTIAL,
    check: textOrBytes,
    says: 'The LEARCredentialMachine: the compact JWT or the base64 of it, as text or bytes.',
  },
  authorizationServer: {
    ways: REGISTERED,
    required: REGISTERED,
    check: issuer,
    says: 'The issuer of another authorization server, exactly as it states it.',
  },
  clientId: {
    ways: EVERY,
    required: REGISTERED,
    check: text,
    fallback: 'required; the mandatee id with `credential`',
    says: 'The name that the client is registered under.',
  },
  privateKey: {
    ways: SIGNING,
    check: anything,
    fallback: 'required, or `signer`',
    says: 'The private key: hexadecimal, JWK, PEM or DER, as text or bytes.',
  },
  passphrase: {
    ways: SIGNING,
    check: text,
    fallback: 'none',
    says: 'Opens an encrypted PKCS#8 key, on Node.js only.',
  },
  algorithm: {
    ways: SIGNING,
    check: oneOf(ALGORITHM_NAMES),
    fallback: "the JWK's `alg`, or the first that fits",
    says: 'The signature algorithm, for a key that fits several.',
  },
  keyId: {
    ways: SIGNING,
    check: text,
    fallback: "the JWK's `kid`",
    says: 'The key identifier (`kid`) in the header of the assertion.',
  },
  signer: {
    ways: SIGNING,
    check: signer,
    fallback: '`privateKey`',
    says: 'What holds the key in place of this process, such as a KMS or an HSM.',
  },
  clientSecret: {
    ways: SECRET,
    required: SECRET,
    check: text,
    says: 'The secret of a client that has one.',
  },
  clientAuthentication: {
    ways: SECRET,
    check: oneOf(SECRET_METHODS),
    fallback: 'what the metadata ask for',
    says: 'How the secret is sent: `client_secret_basic` or `client_secret_post`.',
  },
  tokenEndpoint: {
    ways: EVERY,
    check: address,
    fallback: 'from the metadata',
    says: 'The address of the token endpoint.',
  },
  assertionAudience: {
    ways: SIGNING,
    check: text,
    fallback: 'the issuer',
    says: 'The `aud` of the client assertion.',
  },
  assertionType: {
    ways: KEY,
    check: oneOf(ASSERTION_TYPES),
    fallback: '`JWT`',
    says: 'The `typ` of the client assertion: `JWT`, or `client-authentication+jwt` (RFC 10070).',
  },
  dpop: {
    ways: EVERY,
    check: dpop,
    fallback: 'bearer tokens',
    says: 'Binds tokens to a key (RFC 9449): `true` for one of its own, or `{ signer }`.',
  },
  mtls: {
    ways: EVERY,
    required: CERTIFICATE,
    check: mtls,
    fallback: 'none',
    says: 'The client certificate of all connections (RFC 8705), on Node.js: `{ cert, key, ca? }`.',
  },
  tenant: {
    ways: CREDENTIAL,
    check: tenantOrNone,
    fallback: 'the first power domain',
    says: 'The tenant to name in `X-Tenant`; `null` names none.',
  },
  scope: {
    ways: EVERY,
    check: text,
    fallback: 'none',
    says: 'The scopes to ask for, separated by spaces.',
  },
  resource: {
    ways: EVERY,
    check: oneOrMore,
    fallback: 'none',
    says: 'The API that the token is for, or several (RFC 8707).',
  },
  audience: {
    ways: EVERY,
    check: text,
    fallback: 'none',
    says: 'The API that the token is for, at servers with a parameter of this name.',
  },
  parameters: {
    ways: EVERY,
    check: furtherParameters,
    fallback: 'none',
    says: "Further parameters of the token request, such as Auth0's `organization`.",
  },
  allowedOrigins: {
    ways: EVERY,
    check: origins,
    fallback: 'none',
    says: 'The origins that `fetch` and the HTTP clients send tokens to.',
  },
  timeout: {
    ways: EVERY,
    check: secondsUpTo(LONGEST_TIMEOUT),
    default: DEFAULTS.timeout,
    unit: 'seconds',
    says: 'The limit of each request, from the connection to the last byte, at most 300.',
  },
  tries: {
    ways: EVERY,
    check: positive,
    default: DEFAULTS.tries,
    says: 'Requests sent for one token before its callers get the failure.',
  },
  allowInsecureHttp: {
    ways: EVERY,
    check: flag,
    default: DEFAULTS.allowInsecureHttp,
    says: 'Allows plain http beyond loopback, for a network that is protected by other means.',
  },
  events: {
    ways: EVERY,
    check: listeners,
    fallback: 'none',
    says: 'The functions to call for events.',
  },
  runtime: {
    ways: EVERY,
    check: functions(Object.keys(clientRuntime)),
    fallback: 'the process',
    says: 'Replacements of clocks, network, randomness and timers.',
  },
} satisfies Record<string, OptionRow>

/** The names of all options. */
export type OptionName = keyof typeof ROWS

/** Every option, in the order of the README. */
export const OPTIONS: Readonly<Record<OptionName, OptionRow>> = Object.freeze(ROWS)

/** The options that a way knows, in the order of the table. */
export function namesOf(way: Way): readonly OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => OPTIONS[name].ways.includes(way))
}
