/**
 * Whose trouble a failure is: the application's set-up, the caller's token, or the way to the
 * Verifier.
 */
export type ErrorKind = 'configuration' | 'token' | 'verifier'

interface ErrorRow {
  readonly kind: ErrorKind
  readonly status: number
  /** The code of RFC 6750 §3.1; absent where no credentials were presented. */
  readonly error?:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'temporarily_unavailable'
    | 'server_error'
  /**
   * All that the caller is told. Fixed for each code, so that it reveals nothing of the check
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

/** Every way to fail: the code, whose trouble it is, and what the caller gets to see. */
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
  rule_failed: unavailable,
} satisfies Record<string, ErrorRow>)

/** The code of a failure: stable, for programs to compare. */
export type ErrorCode = keyof typeof ERRORS

/**
 * Why a request was refused, for the operator: never for the caller, and never with a token or
 * personal data in it.
 */
export interface Reason {
  /**
   * The step that refused, by the name of its file: `token`, `jws`, `issuer`, `claims`,
   * `requirements` …
   */
  readonly check: string
  readonly expected: string
  readonly actual: string
  /** What to do about it, where the likely mistake is known. */
  readonly hint?: string
}

/**
 * Thrown by a step of the pipeline; becomes a {@link GuardError} with its answer at the pipeline's
 * end.
 */
export class Denial extends Error {
  readonly code: ErrorCode
  readonly reason: Reason
  /** Scopes that would have sufficed (RFC 6750 §3, `scope`). */
  readonly scope: readonly string[] | undefined
  /** Milliseconds after which a new try makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    code: ErrorCode,
    reason: Reason,
    more: { scope?: readonly string[]; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(code, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.reason = reason
    this.scope = more.scope
    this.retryAfter = more.retryAfter
  }
}

/** What to send back: one status, its headers, a JSON body. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly error?: string
    readonly error_description: string
    readonly correlation_id?: string
  }
}

// Two copies of this package in one process (ESM and CommonJS, say) must recognise each other's
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
 *   issuer: 'https://verifier.example.org',
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
  readonly headers: Readonly<Record<string, string>>
  /** Koa's word for "the message may be shown to the caller". */
  readonly expose: boolean
  declare readonly reason: Reason
  declare readonly body: Answer['body']

  /**
   * @param expose whether the error may get to a caller; default: unless the configuration is wrong
   */
  constructor(
    code: ErrorCode,
    reason: Reason,
    answer: Answer,
    cause?: unknown,
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
  toJSON(): Answer['body'] {
    return this.body
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
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
  const answer: Answer = {
    status,
    headers: {},
    body: { error: error!, error_description: description },
  }
  return new GuardError(
    'invalid_configuration',
    { check: 'options', expected, actual, hint },
    answer,
  )
}

/**
 * The same failure for the developer: no request waits for an answer at start-up, and whoever
 * prints the error should see why.
 */
export function explained(error: unknown): unknown {
  if (!(error instanceof GuardError)) return error
  const { code, reason, cause } = error
  return new GuardError(code, reason, error, cause, false)
}

const MAX_SHOWN = 200

/**
 * A value of a token or an option as it may appear in a reason: quoted, escaped and cut short,
 * because its sender chose it. Of an object nothing but its type: a whole configuration in the
 * wrong place has passwords in it.
 */
export function quote(value: unknown): string {
  return value === undefined ? 'none' : printable(outline(value))
}

function outline(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN + 1))
  if (Array.isArray(value)) return `[${value.slice(0, MAX_SHOWN).map(member).join(',')}]`
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function member(value: unknown): string {
  return Array.isArray(value) ? 'a list' : outline(value)
}

/**
 * A text that somebody else chose, as it may stand in a reason or an event: cut short, and nothing
 * in it that a terminal or a log viewer obeys.
 */
export function printable(text: string): string {
  const escaped = text
    .slice(0, MAX_SHOWN + 1)
    // Escapes as JSON has them, also for what JSON lets stand: control sequences, changes of
    // direction.
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return escaped.length <= MAX_SHOWN ? escaped : `${escaped.slice(0, MAX_SHOWN)}…`
}

/** A reason in one sentence. */
export function explain({ expected, actual, hint }: Reason): string {
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
