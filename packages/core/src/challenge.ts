import {
  ERRORS,
  headerFields,
  type ChallengeParameters,
  type ErrorCode,
  type HttpAnswer,
} from './kit/errors.js'

/** What an answer says besides its code. */
export interface AnswerDetails {
  readonly realm: string
  /** What the challenge says of the way to get in. */
  readonly challenge?: ChallengeParameters | undefined
  /** Seconds after which a new try makes sense. Default: 1. */
  readonly retryAfter?: number | undefined
  readonly correlationId?: string | undefined
}

/**
 * Writes the answer to a refused request: the one writer of `WWW-Authenticate` and of error bodies.
 * Code and details in, status, fields and body out (RFC 6750 §3).
 *
 * Everything in it is fixed for the code, or stated by the application: nothing that the caller
 * sent comes back.
 */
export function answer(code: ErrorCode, details: AnswerDetails): HttpAnswer {
  const { kind, status, error, description } = ERRORS[code]
  const headers: [string, string][] = [['Cache-Control', 'no-store']]
  if (kind === 'token') headers.push(['WWW-Authenticate', challenge(error, description, details)])
  if (kind === 'verifier') headers.push(['Retry-After', wholeSeconds(details.retryAfter)])
  const body = {
    ...(error !== undefined && { error }),
    error_description: description,
    ...(details.correlationId !== undefined && { correlation_id: details.correlationId }),
  }
  return Object.freeze({ status, headers: headerFields(headers), body: Object.freeze(body) })
}

/**
 * Every challenge has a realm, for RFC 6750 §3 wants one parameter at least. A request without
 * credentials gets no error code, only the way to authenticate (§3.1).
 */
function challenge(
  error: string | undefined,
  description: string,
  { realm, challenge: stated }: AnswerDetails,
): string {
  const ofError = error === undefined ? {} : { error, error_description: description }
  const parameters = Object.entries({ realm, ...ofError, ...stated })
  return `Bearer ${parameters.map(([name, value]) => `${name}="${escaped(value)}"`).join(', ')}`
}

/** The content of a quoted-string (RFC 9110 §5.6.4). */
function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, '')
}

function wholeSeconds(retryAfter = 1): string {
  return `${Math.max(1, Math.ceil(retryAfter))}`
}
