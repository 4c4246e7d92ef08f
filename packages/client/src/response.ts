import type { BoundedAnswer } from '@verifier-guard/core/support'
import { clockOffset, describeClock } from './clock.js'
import { place, quote } from './display.js'
import { tokenSourceError, type TokenSourceError } from './errors.js'
import { isObject, parseObject, readClaims, type JsonObject } from './json.js'
import {
  describeAnswer,
  readRefusal,
  unusableAnswerError,
  type ResponseContext,
} from './refusal.js'
import { SECOND } from './time.js'

/** The scheme by which a token is sent: `DPoP` for one that is bound to a key (RFC 9449 §7.1). */
export type TokenScheme = 'Bearer' | 'DPoP'

/** A token as the token endpoint answered it. */
export interface ObtainedToken {
  readonly value: string
  /**
   * Milliseconds it lives from its arrival; `undefined` if neither `expires_in` nor the claim `exp`
   * of a JWT says when it ends.
   */
  readonly lifetime: number | undefined
}

/**
 * Reads the answer of a token endpoint (RFC 6749 §5). Pure.
 *
 * @returns the token and its life, the shorter of `exp` and `expires_in`.
 * @throws {TokenSourceError} `token_request_refused`, `rate_limited`, `verifier_error`,
 *   `unusable_answer`, `token_not_bound`, `token_already_expired`.
 */
export function readTokenResponse(answer: BoundedAnswer, context: ResponseContext): ObtainedToken {
  if (answer.status !== 200) throw readRefusal(answer, context)
  const body = parseObject(answer.body)
  const token = body?.access_token
  if (!body || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw unusableAnswerError(
      answer,
      context,
      'JSON with an "access_token"',
      describeAnswer(answer),
    )
  checkType(answer, context, body)
  checkBinding(answer, context, token)
  const lifetime = lifetimeOf(token, body.expires_in, context.now)
  if (lifetime !== undefined && lifetime <= 0) throw alreadyExpiredError(answer, context)
  return { value: token, lifetime }
}

function checkType(answer: BoundedAnswer, context: ResponseContext, body: JsonObject): void {
  const { token_type: type } = body
  const scheme = context.jkt === undefined ? 'Bearer' : 'DPoP'
  const given = typeof type === 'string' ? type.toLowerCase() : ''
  if (given === scheme.toLowerCase()) return
  const found = typeof type === 'string' ? quote(type) : 'none'
  if (scheme === 'DPoP' && given === 'bearer') throw notBoundError(answer, context, found)
  throw unusableAnswerError(answer, context, `"token_type" as ${scheme}`, found)
}

/** A token that says which key it is bound to must say ours (RFC 9449 §6.1). */
function checkBinding(answer: BoundedAnswer, context: ResponseContext, token: string): void {
  const cnf = readClaims(token)?.cnf
  if (context.jkt === undefined || !isObject(cnf) || cnf.jkt === context.jkt) return
  throw notBoundError(answer, context, 'a "cnf" with another key or none')
}

/** The server took the proof for nothing (RFC 9449 §5). */
function notBoundError(
  { status }: BoundedAnswer,
  { endpoint }: ResponseContext,
  found: string,
): TokenSourceError {
  const expected = `a token from ${place(endpoint)} that is bound to the key of "dpop"`
  const hint = 'the server does not bind tokens, or not those of this client'
  return tokenSourceError('token_not_bound', { expected, found, hint }, { status })
}

function lifetimeOf(token: string, expiresIn: unknown, now: number): number | undefined {
  const exp = readClaims(token)?.exp
  // Some servers write the number as text; a blank one says nothing, and is not 0.
  const seconds =
    typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn
  const limits = [
    typeof exp === 'number' ? exp * SECOND - now : NaN,
    typeof seconds === 'number' ? seconds * SECOND : NaN,
  ].filter((limit) => Number.isFinite(limit))
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function alreadyExpiredError(
  answer: BoundedAnswer,
  { now, endpoint }: ResponseContext,
): TokenSourceError {
  const reason = {
    expected: `a token with some life left from ${place(endpoint)}`,
    found: 'one that is over',
    hint: describeClock(clockOffset(answer.headers, now)),
  }
  return tokenSourceError('token_already_expired', reason, { status: answer.status })
}
