import type { BoundedAnswer } from '@verifier-guard/core/support'
import { clockOffset, describeClock } from './clock.js'
import { place, quote } from './display.js'
import { failure, type TokenSourceError } from './errors.js'
import { parseObject, readClaims, type JsonObject } from './json.js'
import { describeAnswer, judgeRefusal, unusable, type Circumstances } from './refusal.js'

/** A token as the token endpoint answered it. */
export interface ObtainedToken {
  readonly value: string
  /**
   * Milliseconds it lives from its arrival; `undefined` if neither `expires_in` nor the claim `exp`
   * of a JWT tells.
   */
  readonly lifetime: number | undefined
}

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
  if (answer.status !== 200) throw judgeRefusal(answer, circumstances)
  const body = parseObject(answer.body)
  const token = body?.access_token
  if (!body || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw unusable(answer, circumstances, 'JSON with an "access_token"', describeAnswer(answer))
  checkType(answer, circumstances, body)
  const lifetime = lifetimeOf(token, body.expires_in, circumstances.now)
  if (lifetime !== undefined && lifetime <= 0) throw alreadyExpired(answer, circumstances)
  return { value: token, lifetime }
}

function checkType(answer: BoundedAnswer, circumstances: Circumstances, body: JsonObject): void {
  const { token_type: type } = body
  if (typeof type === 'string' && type.toLowerCase() === 'bearer') return
  const found = typeof type === 'string' ? quote(type) : 'none'
  throw unusable(answer, circumstances, '"token_type" as Bearer', found)
}

function lifetimeOf(token: string, expiresIn: unknown, now: number): number | undefined {
  const exp = readClaims(token)?.exp
  // Some servers write the number as text; a blank one says nothing, and is not 0.
  const seconds =
    typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn
  const limits = [
    typeof exp === 'number' ? exp * 1_000 - now : NaN,
    typeof seconds === 'number' ? seconds * 1_000 : NaN,
  ].filter((limit) => Number.isFinite(limit))
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function alreadyExpired(answer: BoundedAnswer, { now, endpoint }: Circumstances): TokenSourceError {
  const reason = {
    expected: `a token with some life left from ${place(endpoint)}`,
    found: 'one that is over',
    hint: describeClock(clockOffset(answer.headers, now)),
  }
  return failure('token_already_expired', reason, { status: answer.status })
}
