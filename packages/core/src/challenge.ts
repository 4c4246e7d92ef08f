import { ERRORS, type Answer, type ErrorCode } from './kit/errors.js'

/** What an answer says besides its code. */
export interface ChallengeDetails {
  readonly realm?: string | undefined
  /** Scopes that would have sufficed. */
  readonly scope?: readonly string[] | undefined
  /** Milliseconds after which a new try makes sense. */
  readonly retryAfter?: number | undefined
  readonly correlationId?: string | undefined
}

/**
 * The answer to a refused request: the one writer of `WWW-Authenticate` (RFC 6750 §3) and of error
 * bodies.
 *
 * Everything in it is fixed for the code, or configured by the application: nothing that the caller
 * sent comes back.
 */
export function answer(code: ErrorCode, details: ChallengeDetails = {}): Answer {
  const { kind, status, error, description } = ERRORS[code]
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (kind === 'token') headers['WWW-Authenticate'] = challenge(error, description, details)
  if (kind === 'verifier')
    headers['Retry-After'] = `${Math.max(1, Math.ceil((details.retryAfter ?? 1_000) / 1_000))}`
  const body = {
    ...(error !== undefined && { error }),
    error_description: description,
    ...(details.correlationId !== undefined && { correlation_id: details.correlationId }),
  }
  return Object.freeze({ status, headers: Object.freeze(headers), body: Object.freeze(body) })
}

function challenge(
  error: string | undefined,
  description: string,
  { realm, scope }: ChallengeDetails,
): string {
  // RFC 6750 §3.1: a request without credentials is told no error, only how to authenticate.
  const parameters = [
    ['realm', realm],
    ['error', error],
    ['error_description', error && description],
    ['scope', scope && scope.length > 0 ? scope.join(' ') : undefined],
  ] as const
  const stated = parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${escape(value!)}"`)
  return stated.length === 0 ? 'Bearer' : `Bearer ${stated.join(', ')}`
}

/** RFC 9110 §5.6.4: a quoted-string. */
function escape(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, '')
}
