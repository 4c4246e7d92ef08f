import type { BoundedAnswer } from '@verifier-guard/core/support'
import { clockOffset, describeClock } from './clock.js'
import { place, quote } from './display.js'
import { failure, type TokenSourceError } from './errors.js'
import { isObject, parseObject, readClaims, type JsonObject } from './json.js'
import { describeAnswer, readRefusal, unusable, type Circumstances } from './refusal.js'

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
export function readTokenResponse(
  answer: BoundedAnswer,
  circumstances: Circumstances,
): ObtainedToken {
  if (answer.status !== 200) throw readRefusal(answer, circumstances)
  const body = parseObject(answer.body)
  const token = body?.access_token
  if (!body || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw unusable(answer, circumstances, 'JSON with an "access_token"', describeAnswer(answer))
  checkType(answer, circumstances, body)
  checkBinding(answer, circumstances, token)
  const lifetime = lifetimeOf(token, body.expires_in, circumstances.now)
  if (lifetime !== undefined && lifetime <= 0) throw alreadyExpired(answer, circumstances)
  return { value: token, lifetime }
}

function checkType(answer: BoundedAnswer, circumstances: Circumstances, body: JsonObject): void {
  const { token_type: type } = body
  const scheme = circumstances.jkt === undefined ? 'Bearer' : 'DPoP'
  const given = typeof type === 'string' ? type.toLowerCase() : ''
  if (given === scheme.toLowerCase()) return
  const found = typeof type === 'string' ? quote(type) : 'none'
  if (scheme === 'DPoP' && given === 'bearer') throw notBound(answer, circumstances, found)
  throw unusable(answer, circumstances, `"token_type" as ${scheme}`, found)
}

/** A token that says which key it is bound to must say ours (RFC 9449 §6.1). */
function checkBinding(answer: BoundedAnswer, circumstances: Circumstances, token: string): void {
  const cnf = readClaims(token)?.cnf
  if (circumstances.jkt === undefined || !isObject(cnf) || cnf.jkt === circumstances.jkt) return
  throw notBound(answer, circumstances, 'a "cnf" with another key or none')
}

/** The server took the proof for nothing (RFC 9449 §5). */
function notBound(
  { status }: BoundedAnswer,
  { endpoint }: Circumstances,
  found: string,
): TokenSourceError {
  const expected = `a token from ${place(endpoint)} that is bound to the key of "dpop"`
  const hint = 'the server does not bind tokens, or not those of this client'
  return failure('token_not_bound', { expected, found, hint }, { status })
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
