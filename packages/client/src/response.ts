import { retryAfter, type BoundedAnswer } from '@verifier-guard/core/support'
import { TokenSourceError, type ChecklistItem } from './errors.js'
import { parseObject, readClaims } from './json.js'
import { printable, printableAddress } from './printable.js'

/** A token as the token endpoint answered it. */
export interface ObtainedToken {
  readonly value: string
  /**
   * Milliseconds it lives from its arrival; `undefined` if neither `expires_in` nor the claim `exp`
   * of a JWT tells.
   */
  readonly lifetime: number | undefined
}

/** What a judgement rests on, beside the answer. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly endpoint: string
  /** What was checked of the request before it left. */
  readonly checklist: readonly ChecklistItem[]
}

const DOCUMENTED_REFUSALS = new Set([400, 401, 403])
/**
 * Answers with status 400 that mean "try again" (RFC 6749 §4.1.2.1); Verifier 3.3 says so when a
 * list is out of reach.
 */
const TEMPORARY_ERRORS = new Set(['server_error', 'temporarily_unavailable'])
/** Beyond it a clock is taken for wrong: assertions live a minute. */
const MAX_CLOCK_OFFSET = 30_000

/**
 * Judges the answer of a token endpoint (RFC 6749 §5). Pure.
 *
 * @returns the token and its life, the shorter of `exp` and `expires_in`.
 * @throws {TokenSourceError} `token_request_refused`, `rate_limited`, `verifier_error`,
 *   `unusable_answer`, `token_already_expired`.
 */
export function judgeTokenResponse(
  answer: BoundedAnswer,
  circumstances: Circumstances,
): ObtainedToken {
  if (answer.status !== 200) throw judgeFailure(answer, circumstances)
  const body = parseObject(answer.body)
  const token = body?.access_token
  if (!body || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw unusable(answer, circumstances, `JSON with an \`access_token\`, got ${describe(answer)}`)
  }
  const type = body.token_type
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw unusable(
      answer,
      circumstances,
      `token_type Bearer, got ${typeof type === 'string' ? printable(type) : 'none'}`,
    )
  }
  const lifetime = lifetimeOf(token, body.expires_in, circumstances.now)
  if (lifetime !== undefined && lifetime <= 0) throw alreadyExpired(answer, circumstances)
  return { value: token, lifetime }
}

function judgeFailure(answer: BoundedAnswer, circumstances: Circumstances): TokenSourceError {
  const { status, headers, body } = answer
  const { error, error_description } = parseObject(body) ?? {}
  const oauthError = typeof error === 'string' ? printable(error) : undefined
  const description =
    typeof error_description === 'string' ? ` (${printable(error_description)})` : ''
  const place = printableAddress(circumstances.endpoint)
  const details = { status, oauthError, retryAfter: retryAfter(headers, circumstances.now) }
  const said =
    oauthError === undefined
      ? `status ${status}`
      : `status ${status} and ${oauthError}${description}`
  if (status === 429) {
    return new TokenSourceError('rate_limited', `${place} wants fewer requests: ${said}`, details)
  }
  if (status >= 500 || status === 408 || TEMPORARY_ERRORS.has(oauthError ?? '')) {
    const message = `expected a token from ${place}, it has trouble of its own: ${said}`
    return new TokenSourceError('verifier_error', message, details)
  }
  if (!DOCUMENTED_REFUSALS.has(status))
    return unusable(answer, circumstances, `a token, got ${describe(answer)}`)
  return refused(answer, circumstances, { ...details, said })
}

function refused(
  answer: BoundedAnswer,
  { now, endpoint, checklist }: Circumstances,
  {
    said,
    ...details
  }: {
    said: string
    status: number
    oauthError: string | undefined
    retryAfter: number | undefined
  },
): TokenSourceError {
  const items = Object.freeze([checkClock(answer, now), ...checklist])
  const lines = items.map(({ check, verdict, detail }) => `\n  ${verdict}: ${check}: ${detail}`)
  const reason = details.oauthError === undefined ? `${said}, without a reason` : said
  return new TokenSourceError(
    'token_request_refused',
    `expected a token from ${printableAddress(endpoint)}, it refused the request with ${reason}; possible causes, as far as they can be checked here:` +
      lines.join(''),
    { ...details, checklist: items },
  )
}

/** Holds our clock against the `Date` of the answer (RFC 9110 §6.6.1), which has whole seconds. */
function checkClock({ headers }: BoundedAnswer, now: number): ChecklistItem {
  const theirs = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(theirs)) {
    return {
      check: 'clock',
      verdict: 'unknown',
      detail: 'the answer has no Date to hold this clock against',
    }
  }
  const offset = now - theirs
  const verdict = Math.abs(offset) > MAX_CLOCK_OFFSET ? 'failed' : 'passed'
  return {
    check: 'clock',
    verdict,
    detail: `this machine is ${describeOffset(offset)} the answering server`,
  }
}

function describeOffset(offset: number): string {
  const seconds = Math.round(Math.abs(offset) / 1000)
  if (seconds <= 1) return 'in step with'
  return `${seconds} s ${offset > 0 ? 'ahead of' : 'behind'}`
}

function lifetimeOf(token: string, expiresIn: unknown, now: number): number | undefined {
  const exp = readClaims(token)?.exp
  // Some servers write the number as text; a blank one says nothing, and is not 0.
  const seconds =
    typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn
  const limits = [
    typeof exp === 'number' ? exp * 1000 - now : NaN,
    typeof seconds === 'number' ? seconds * 1000 : NaN,
  ].filter((limit) => Number.isFinite(limit))
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function alreadyExpired(answer: BoundedAnswer, { now, endpoint }: Circumstances): TokenSourceError {
  return new TokenSourceError(
    'token_already_expired',
    `expected a token with some life left from ${printableAddress(endpoint)}, got one that is over: ${checkClock(answer, now).detail}`,
    { status: answer.status },
  )
}

function unusable(
  answer: BoundedAnswer,
  { endpoint }: Circumstances,
  what: string,
): TokenSourceError {
  return new TokenSourceError(
    'unusable_answer',
    `expected from ${printableAddress(endpoint)} ${what}`,
    {
      status: answer.status,
    },
  )
}

function describe({ status, headers, body }: BoundedAnswer): string {
  return `status ${status} and ${body.length} characters of ${printable(headers.get('content-type') ?? 'no content type')}`
}
