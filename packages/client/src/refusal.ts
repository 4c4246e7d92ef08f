import { retryAfter, type BoundedAnswer } from '@verifier-guard/core/support'
import type { Checklist, Refusal } from './checklist.js'
import { clockOffset } from './clock.js'
import { place, printable } from './display.js'
import { tokenSourceError, type ChecklistItem, type TokenSourceError } from './errors.js'
import { firstString, parseObject } from './json.js'
import type { SentParameters } from './parameters.js'
import { inSeconds } from './time.js'

const DOCUMENTED_REFUSALS = new Set([400, 401, 403])
/**
 * Answers with status 400 that mean "try again" (RFC 6749 §4.1.2.1); Verifier 3.3 says so when a
 * list is out of reach.
 */
const TEMPORARY_ERRORS = new Set(['server_error', 'temporarily_unavailable'])

/** What a token response is read with. */
export interface ResponseContext {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly endpoint: string
  /** What is known on this side of the causes of a refusal. */
  readonly checklist: Checklist
  readonly parameters: SentParameters
  /** The thumbprint of the key that the token has to be bound to, if it has to be. */
  readonly jkt?: string | undefined
}

interface ParsedRefusal extends Refusal {
  /** Seconds. */
  readonly retryAfter: number | undefined
  /** Status and reason in words. */
  readonly words: string
}

/** The error that an answer other than a token means. */
export function readRefusal(answer: BoundedAnswer, context: ResponseContext): TokenSourceError {
  const said = parseRefusal(answer, context.now)
  const { status, oauthError = '' } = said
  const reason = { expected: `a token from ${place(context.endpoint)}`, found: said.words }
  if (status === 429)
    return tokenSourceError(
      'rate_limited',
      { ...reason, hint: 'the server wants fewer requests' },
      said,
    )
  if (status >= 500 || status === 408 || TEMPORARY_ERRORS.has(oauthError))
    return tokenSourceError('verifier_error', { ...reason, hint: 'the server itself failed' }, said)
  if (!DOCUMENTED_REFUSALS.has(status))
    return unusableAnswerError(answer, context, 'a token', describeAnswer(answer))
  const checklist = Object.freeze(context.checklist(said, context.parameters))
  const hint = `what is known of the cause on this side:${checklist.map(line).join('')}`
  return tokenSourceError('token_request_refused', { ...reason, hint }, { ...said, checklist })
}

/** FIWARE VCVerifier says `summary` and `details` where others say `error` (RFC 6749 §5.2). */
function parseRefusal(answer: BoundedAnswer, now: number): ParsedRefusal {
  const { status, headers, body } = answer
  const { error, summary, error_description, details } = parseObject(body) ?? {}
  const [code, description] = [
    firstString(error, summary),
    firstString(error_description, details),
  ].map((text) => text && printable(text))
  const reason = [code, description && `(${description})`].filter(Boolean).join(' ')
  return {
    status,
    oauthError: code,
    isBare: body.trim() === '',
    clockOffset: clockOffset(headers, now),
    retryAfter: inSeconds(retryAfter(headers, now)),
    words: `status ${status}, ${reason || 'without a reason'}`,
  }
}

function line({ check, verdict, detail }: ChecklistItem): string {
  return `\n  ${verdict}: ${check}: ${detail}`
}

/** For an answer that is no token response at all. */
export function unusableAnswerError(
  { status }: BoundedAnswer,
  { endpoint }: ResponseContext,
  what: string,
  found: string,
): TokenSourceError {
  const reason = { expected: `${what} from ${place(endpoint)}`, found }
  return tokenSourceError('unusable_answer', reason, { status })
}

/** An answer by its status and the kind of its body. */
export function describeAnswer({ status, headers, body }: BoundedAnswer): string {
  const type = printable(headers.get('content-type') ?? 'no content type')
  return `status ${status} and ${body.length} characters of ${type}`
}
