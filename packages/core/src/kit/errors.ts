/* Every way to fail, and the error that applications see. */

/**
 * Where a failure lies. `configuration`: the options of the application. `token`: what the request
 * presents. `verifier`: nothing was decided, as keys, a status list, a store or a rule could not be
 * reached.
 */
export type ErrorKind = 'configuration' | 'token' | 'verifier'

interface ErrorRow {
  readonly kind: ErrorKind
  readonly status: number
  /** The code of RFC 6750 §3.1 or RFC 9449 §12.2; absent where no credentials were sent. */
  readonly error?:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'temporarily_unavailable'
    | 'server_error'
  /**
   * All that the caller gets to read. Fixed for each code, so that it reveals nothing of the check
   * behind it.
   */
  readonly description: string
}

const malformedRequest = row(
  'token',
  400,
  'invalid_request',
  'The request carries malformed or more than one credential',
)
const invalidToken = row('token', 401, 'invalid_token', 'The access token is invalid')
const invalidProof = row('token', 401, 'invalid_dpop_proof', 'The DPoP proof is missing or invalid')
const insufficient = row(
  'token',
  403,
  'insufficient_scope',
  'The access token does not grant this request',
)
const unavailable = row(
  'verifier',
  503,
  'temporarily_unavailable',
  'The access token cannot be checked at the moment',
)

/** Every way to fail: the code, where the failure lies, and what the caller gets to see. */
export const ERRORS = Object.freeze({
  invalid_configuration: row(
    'configuration',
    500,
    'server_error',
    'The server is not configured correctly',
  ),

  token_missing: Object.freeze<ErrorRow>({
    kind: 'token',
    status: 401,
    description: 'An access token is required',
  }),
  authorization_malformed: malformedRequest,
  authorization_repeated: malformedRequest,
  token_too_large: invalidToken,
  token_malformed: invalidToken,
  header_not_allowed: invalidToken,
  algorithm_not_allowed: invalidToken,
  issuer_not_trusted: invalidToken,
  key_unknown: invalidToken,
  key_unsuitable: invalidToken,
  signature_invalid: invalidToken,
  token_type_not_accepted: invalidToken,
  claim_invalid: invalidToken,
  token_expired: row('token', 401, 'invalid_token', 'The access token expired'),
  token_not_yet_valid: invalidToken,
  token_too_old: row('token', 401, 'invalid_token', 'The access token expired'),
  audience_mismatch: invalidToken,
  token_bound: invalidToken,
  token_not_bound: invalidToken,
  dpop_proof_missing: invalidProof,
  dpop_proof_invalid: invalidProof,
  dpop_proof_replayed: invalidProof,
  dpop_nonce_required: row(
    'token',
    401,
    'use_dpop_nonce',
    'The DPoP proof needs the nonce in this answer',
  ),
  dpop_key_mismatch: invalidToken,
  certificate_missing: invalidToken,
  certificate_malformed: invalidToken,
  certificate_mismatch: invalidToken,
  credential_malformed: invalidToken,
  credential_expired: invalidToken,
  credential_revoked: invalidToken,

  kind_not_accepted: insufficient,
  scope_missing: insufficient,
  power_missing: insufficient,
  tenant_mismatch: insufficient,
  claim_requirement_unmet: insufficient,
  rule_unmet: insufficient,

  keys_unavailable: unavailable,
  status_unavailable: unavailable,
  replay_store_unavailable: unavailable,
  rule_failed: unavailable,
} satisfies Record<string, ErrorRow>)

/** The code of a failure: stable, for programs to compare. */
export type ErrorCode = keyof typeof ERRORS

/**
 * The step of a decision that refused: `token` reads what a request presents, `jws` the form of the
 * token, `requirements` and `status` what a route asks for.
 */
export type DenialCheck =
  | 'options'
  | 'token'
  | 'jws'
  | 'issuer'
  | 'algorithms'
  | 'key-set'
  | 'key'
  | 'signature'
  | 'claims'
  | 'credential'
  | 'credential-policy'
  | 'binding'
  | 'proof'
  | 'nonce'
  | 'replay'
  | 'certificate'
  | 'requirements'
  | 'status'

/**
 * Why a request was refused, for the operator: never for the caller, and never with a token or
 * personal data in it.
 */
export interface DenialReason {
  /** The step that refused; a requirement of the application may state another text. */
  readonly check: DenialCheck | (string & Record<never, never>)
  readonly expected: string
  readonly actual: string
  /** What to do about it, where the likely mistake is known. */
  readonly hint?: string
  /** The name of the requirement that refused. */
  readonly requirement?: string
}

/** The schemes by which an access token is sent (RFC 6750 §2.1, RFC 9449 §7.1). */
export type Scheme = 'Bearer' | 'DPoP'

/** A field of an answer. */
export type FieldPair = readonly [name: string, value: string]

/** Parameters of a challenge beyond realm and error, by name: `scope` (RFC 6750 §3). */
export type ChallengeParameters = Readonly<Record<string, string>>

/** One refusal: what was decided, and all that an answer to it needs. */
export interface Refusal {
  readonly code: ErrorCode
  readonly reason: DenialReason
  /** What the challenge says of the way to get access. */
  readonly challenge?: ChallengeParameters
  /** The schemes that are challenged. Default: by the error, see `challenge.ts`. */
  readonly schemes?: readonly Scheme[]
  /** Further fields of the answer. */
  readonly fields?: readonly FieldPair[]
  /** Seconds after which a new attempt makes sense, where the failure is not the caller's. */
  readonly retryAfter?: number
  /** What lies beneath: a failed fetch, or what a function of the application threw. */
  readonly cause?: unknown
}

/** Thrown by a step of a decision; its end turns it into a {@link GuardError} with an answer. */
export class Denial extends Error {
  readonly refusal: Refusal

  constructor(code: ErrorCode, reason: DenialReason, more: Omit<Refusal, 'code' | 'reason'> = {}) {
    super(code)
    this.refusal = { code, reason, ...more }
  }
}

/**
 * The fields of an answer, as a list of name and value pairs: what web `Headers` and `Response`
 * take, a repeated name as often as it is sent.
 *
 * Its only enumerable members are the names, a repeated one with a list of values: so Express, Koa
 * and Fastify read `error.headers` in their own error handling. Names are read as they are written,
 * `error.headers['WWW-Authenticate']`, and one that is not sent is `undefined`. Node's `writeHead`
 * takes the fields spread: `response.writeHead(error.status, { ...error.headers })`.
 */
export type HeaderFields = [name: string, value: string][] & {
  readonly [name: string]: string | string[]
}

/** What to send back: one status, its header fields, a JSON body. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: HeaderFields
  readonly body: {
    readonly error?: string
    readonly error_description: string
    readonly correlation_id?: string
  }
}

// Two copies of this package in one process (ESM and CommonJS) must recognise each other's
// errors.
const brand = Symbol.for('@verifier-guard/core/GuardError')

/**
 * The one error that applications see.
 *
 * Its `status`, `headers`, `body` and JSON form are safe to send to a caller, and so is its
 * `message` where `expose` is true. Where it is false, in a wrong configuration and from `ready()`,
 * the message is for the developer and says why. The reason in full is in `reason`, which is not
 * enumerable. Express, Koa and Fastify answer correctly from `status` and `headers` with their own
 * error handling.
 *
 * @example
 * ```ts
 * import { createResourceServer, GuardError } from '@verifier-guard/core'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 * })
 * try {
 *   await resourceServer.verifyAccessToken('not a token')
 * } catch (error) {
 *   if (error instanceof GuardError) console.warn(error.code, error.reason.hint)
 * }
 * ```
 */
export class GuardError extends Error {
  override readonly name = 'GuardError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly status: number
  readonly headers: HeaderFields
  /** Koa's word for "the message may be shown to the caller". */
  readonly expose: boolean
  declare readonly reason: DenialReason
  declare readonly body: HttpAnswer['body']

  /**
   * @param expose whether the error may get to a caller; default: unless the configuration is wrong
   */
  constructor(
    { code, reason, cause }: Refusal,
    answer: HttpAnswer,
    expose = ERRORS[code].kind !== 'configuration',
  ) {
    super(expose ? answer.body.error_description : explain(reason))
    this.code = code
    this.kind = ERRORS[code].kind
    this.status = answer.status
    this.headers = answer.headers
    this.expose = expose
    hide(this, 'reason', reason)
    hide(this, 'body', answer.body)
    if (cause !== undefined) hide(this, 'cause', cause)
    hide(this, brand, true)
    // A denial is an answer, not a fault: its stack would only show the server's paths to callers
    // (Express prints it outside production).
    if (expose) hide(this, 'stack', `${this.name}: ${this.message}`)
  }

  /** The status again, under the name that Express and Fastify read. */
  get statusCode(): number {
    return this.status
  }

  /** The public body, so that serialising the error by accident gives nothing away. */
  toJSON(): HttpAnswer['body'] {
    return this.body
  }

  /** By its brand. A class that extends this one has its own instances alone. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== GuardError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && brand in value
  }
}

/**
 * An error in the application's own set-up: thrown at start-up, never because of a request.
 *
 * @param expected what the library needs
 * @param actual what it was given, without secrets
 * @param hint what to do
 */
export function configurationError(expected: string, actual: string, hint: string): GuardError {
  const { status, error, description } = ERRORS.invalid_configuration
  const answer = {
    status,
    headers: headerFields([]),
    body: { error: error!, error_description: description },
  }
  const reason = { check: 'options', expected, actual, hint }
  return new GuardError({ code: 'invalid_configuration', reason }, answer)
}

/** Makes the fields of an answer from its pairs, in the order in which they are sent. */
export function headerFields(pairs: readonly FieldPair[]): HeaderFields {
  const fields = pairs.map(([name, value]) => [name, value]) as HeaderFields
  const byName: Record<string, string | string[]> = {}
  for (const [index, [name, value]] of pairs.entries()) {
    hide(fields, index, fields[index])
    byName[name] = name in byName ? [byName[name]!, value].flat() : value
  }
  return Object.freeze(Object.assign(fields, byName))
}

/** The fields of an answer by name, as Node's frameworks take them. */
export function fieldsByName(fields: HeaderFields): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(fields))
}

/** A reason in one sentence. */
export function explain({ expected, actual, hint }: DenialReason): string {
  return `expected ${expected}, found ${actual}${hint ? `: ${hint}` : ''}`
}

function row(
  kind: ErrorKind,
  status: number,
  error: NonNullable<ErrorRow['error']>,
  description: string,
): ErrorRow {
  return Object.freeze({ kind, status, error, description })
}

function hide(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true })
}
