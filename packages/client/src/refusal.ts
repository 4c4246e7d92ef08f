import { retryAfter, type BoundedAnswer } from '@verifier-guard/core/support'
import { clockOffset, describeClock, isClockOff } from './clock.js'
import { place, printable } from './display.js'
import { failure, type ChecklistItem, type TokenSourceError } from './errors.js'
import { parseObject } from './json.js'
import { inSeconds } from './time.js'

const DOCUMENTED_REFUSALS = new Set([400, 401, 403])
/**
 * Answers with status 400 that mean "try again" (RFC 6749 §4.1.2.1); Verifier 3.3 says so when a
 * list is out of reach.
 */
const TEMPORARY_ERRORS = new Set(['server_error', 'temporarily_unavailable'])

/** What a judgement rests on, beside the answer. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly endpoint: string
  /** What was checked of the request before it left. */
  readonly checklist: readonly ChecklistItem[]
}

/** What a refusing answer says. */
interface Refusal {
  readonly status: number
  readonly oauthError: string | undefined
  readonly retryAfter: number | undefined
}

/** The error that an answer other than a token means. */
export function judgeRefusal(
  answer: BoundedAnswer,
  circumstances: Circumstances,
): TokenSourceError {
  const { status } = answer
  const { refusal, said } = readRefusal(answer, circumstances.now)
  const expected = `a token from ${place(circumstances.endpoint)}`
  if (status === 429) {
    const hint = 'the server wants fewer requests'
    return failure('rate_limited', { expected, found: said, hint }, refusal)
  }
  if (status >= 500 || status === 408 || TEMPORARY_ERRORS.has(refusal.oauthError ?? '')) {
    const hint = 'the server has trouble of its own'
    return failure('verifier_error', { expected, found: said, hint }, refusal)
  }
  if (!DOCUMENTED_REFUSALS.has(status))
    return unusable(answer, circumstances, 'a token', describeAnswer(answer))
  return refused(answer, circumstances, refusal, said)
}

function readRefusal(answer: BoundedAnswer, now: number): { refusal: Refusal; said: string } {
  const { status, headers, body } = answer
  const { error, error_description } = parseObject(body) ?? {}
  const oauthError = typeof error === 'string' ? printable(error) : undefined
  const description =
    typeof error_description === 'string' ? ` (${printable(error_description)})` : ''
  const said =
    oauthError === undefined ? `status ${status}` : `status ${status}, ${oauthError}${description}`
  return { refusal: { status, oauthError, retryAfter: inSeconds(retryAfter(headers, now)) }, said }
}

function refused(
  answer: BoundedAnswer,
  { now, endpoint, checklist }: Circumstances,
  refusal: Refusal,
  said: string,
): TokenSourceError {
  const items = Object.freeze([checkClock(answer, now), ...checklist])
  const lines = items.map(({ check, verdict, detail }) => `\n  ${verdict}: ${check}: ${detail}`)
  const reason = {
    expected: `a token from ${place(endpoint)}`,
    found: refusal.oauthError === undefined ? `${said}, without a reason` : said,
    hint: `what is known of the cause on this side:${lines.join('')}`,
  }
  return failure('token_request_refused', reason, { ...refusal, checklist: items })
}

function checkClock({ headers }: BoundedAnswer, now: number): ChecklistItem {
  const offset = clockOffset(headers, now)
  const verdict = offset === undefined ? 'unknown' : isClockOff(offset) ? 'failed' : 'passed'
  return { check: 'clock', verdict, detail: describeClock(offset) }
}

/** For an answer that is no token response at all. */
export function unusable(
  { status }: BoundedAnswer,
  { endpoint }: Circumstances,
  what: string,
  found: string,
): TokenSourceError {
  const reason = { expected: `${what} from ${place(endpoint)}`, found }
  return failure('unusable_answer', reason, { status })
}

/** An answer by its status and the kind of its body. */
export function describeAnswer({ status, headers, body }: BoundedAnswer): string {
  const type = printable(headers.get('content-type') ?? 'no content type')
  return `status ${status} and ${body.length} characters of ${type}`
}
