import { printable } from './display.js'

/** Where a failure lies, and so who can mend it. */
export type TokenSourceErrorKind =
  'configuration' | 'credential' | 'signer' | 'refused' | 'verifier' | 'closed'

interface ErrorRow {
  readonly kind: TokenSourceErrorKind
  /** Whether the same call may succeed later without a change of anything. */
  readonly retryable: boolean
  /** What to do about it. */
  readonly cure: string
}

/**
 * Every way in which a token source fails: where it lies, whether waiting helps, and what to
 * do.
 */
export const TOKEN_SOURCE_ERRORS = Object.freeze({
  invalid_option: row('configuration', false, 'Correct the option that the message names.'),
  private_key_unreadable: row(
    'configuration',
    false,
    'Give the key as 64 hexadecimal digits, a private JWK, PEM or DER; an encrypted one with its `passphrase`.',
  ),
  issuer_mismatch: row(
    'configuration',
    false,
    'Set `verifier` or `authorizationServer` to the issuer exactly as the server states it, with its context path.',
  ),
  endpoint_not_trusted: row(
    'configuration',
    false,
    'If the token endpoint really is on another origin, name it in `tokenEndpoint`.',
  ),
  origin_not_allowed: row(
    'configuration',
    false,
    'Add the origin of the API to `allowedOrigins`, or call it without a token.',
  ),
  credential_unreadable: row(
    'credential',
    false,
    'Give the LEARCredentialMachine as its issuer handed it out: one compact JWT, or the base64 of it.',
  ),
  credential_not_yet_valid: row(
    'credential',
    false,
    'Wait for `validFrom`, or set the clock of this machine.',
  ),
  credential_expired: row(
    'credential',
    false,
    'Have a new LEARCredentialMachine issued, and restart with it.',
  ),
  key_mismatch: row(
    'credential',
    false,
    'Give the private key that was handed out together with this credential.',
  ),
  signer_failed: row('signer', true, 'See `cause`: the KMS or HSM behind the signer did not sign.'),
  signature_malformed: row(
    'signer',
    false,
    'Return the raw R and S of an ECDSA signature; `ecdsaSignatureFromDer` converts what most KMS return.',
  ),
  token_request_refused: row(
    'refused',
    false,
    'Go through `checklist`: what this machine could check is checked; the rest is to be seen at the Verifier.',
  ),
  token_not_bound: row(
    'refused',
    false,
    'Have the client registered for bound tokens there, or leave out `dpop`.',
  ),
  rate_limited: row(
    'verifier',
    true,
    'Nothing: no request leaves before `retryAfter`. Share one source per process.',
  ),
  verifier_unreachable: row(
    'verifier',
    true,
    'Check address, DNS, proxy and TLS trust if it lasts.',
  ),
  verifier_timeout: row('verifier', true, 'Raise `timeout` if the Verifier is known to be slow.'),
  verifier_error: row(
    'verifier',
    true,
    'Look at the health and the log of the Verifier if it lasts.',
  ),
  unusable_answer: row(
    'verifier',
    true,
    'Check that `verifier` or `tokenEndpoint` names the Verifier and not a page or proxy in front of it.',
  ),
  token_already_expired: row(
    'verifier',
    false,
    'Set the clock of this machine, or of the Verifier.',
  ),
  closed: row('closed', false, 'Make the call before `close()`.'),
} satisfies Record<string, ErrorRow>)

/** Names one row of {@link TOKEN_SOURCE_ERRORS}. */
export type TokenSourceErrorCode = keyof typeof TOKEN_SOURCE_ERRORS

/** One thing that makes a Verifier refuse a machine, and what is known about it on this side. */
export interface ChecklistItem {
  readonly check:
    | 'grant'
    | 'registration'
    | 'secret'
    | 'binding'
    | 'clock'
    | 'key'
    | 'validity'
    | 'encoding'
    | 'audience'
    | 'tenant'
    | 'certificate'
    | 'confirmation'
    | 'mandator'
    | 'revocation'
    | 'lists'
  /** `unknown` where only the Verifier knows. */
  readonly verdict: 'passed' | 'failed' | 'unknown'
  readonly detail: string
}

interface ErrorDetails {
  readonly cause?: unknown
  readonly status?: number | undefined
  readonly oauthError?: string | undefined
  readonly retryAfter?: number | undefined
  readonly checklist?: readonly ChecklistItem[]
}

const BRAND = Symbol.for('@verifier-guard/client/TokenSourceError')

/**
 * Why there is no token. The message says what was expected, what was found and what to do;
 * it holds neither token, key nor credential, so it may be logged.
 *
 * `instanceof` also recognises an error of another installed copy of this package.
 *
 * @example
 * ```ts
 * import { createTokenSource, TokenSourceError } from '@verifier-guard/client'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.CREDENTIAL ?? '',
 *   privateKey: process.env.PRIVATE_KEY ?? '',
 * })
 * try {
 *   await tokens.getToken()
 * } catch (error) {
 *   if (error instanceof TokenSourceError && !error.retryable) process.exitCode = 1
 *   throw error
 * }
 * ```
 */
export class TokenSourceError extends Error {
  override readonly name = 'TokenSourceError'
  readonly [BRAND] = true
  readonly code: TokenSourceErrorCode
  readonly kind: TokenSourceErrorKind
  /** Whether the same call may succeed later without a change of anything. */
  readonly retryable: boolean
  /** Status of the Verifier's answer, where there was one. */
  readonly status: number | undefined
  /** The `error` of the Verifier's answer (RFC 6749 §5.2), where there was one. */
  readonly oauthError: string | undefined
  /** How long the Verifier asked to be left alone. Seconds. */
  readonly retryAfter: number | undefined
  /**
   * After a refusal: what could be the matter, with what was checked on this side already checked.
   */
  readonly checklist: readonly ChecklistItem[]

  constructor(code: TokenSourceErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.kind = TOKEN_SOURCE_ERRORS[code].kind
    this.retryable = TOKEN_SOURCE_ERRORS[code].retryable
    this.status = details.status
    this.oauthError = details.oauthError
    this.retryAfter = details.retryAfter
    this.checklist = details.checklist ?? []
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this method, and its instances are not every error of this package.
    if (this !== TokenSourceError) return super[Symbol.hasInstance](value)
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** A failure in one sentence, fit for a log. */
interface Reason {
  readonly expected: string
  readonly found: string
  /** What to do, where the likely mistake is known. */
  readonly hint?: string | undefined
}

/** The error of this code, whose message is the reason in one sentence. */
export function tokenSourceError(
  code: TokenSourceErrorCode,
  { expected, found, hint }: Reason,
  details?: ErrorDetails,
): TokenSourceError {
  const message = `expected ${expected}, found ${found}${hint === undefined ? '' : `: ${hint}`}`
  return new TokenSourceError(code, message, details)
}

/** For a call on a source that was closed, or that is closed while it waits. */
export function closedError(): TokenSourceError {
  return tokenSourceError('closed', { expected: 'an open token source', found: 'a closed one' })
}

/**
 * For an option, or a parameter of a call, that can't be meant.
 *
 * @param found is printed, and so must be no secret.
 */
export function invalidOptionError(
  expected: string,
  found: string,
  hint?: string,
): TokenSourceError {
  return tokenSourceError('invalid_option', { expected, found: printable(found), hint })
}

function row(kind: TokenSourceErrorKind, retryable: boolean, cure: string): ErrorRow {
  return Object.freeze({ kind, retryable, cure })
}
