import { Denial } from './errors.js'
import { authorizationOf, type RequestLike } from './request.js'

/** The longest token that is looked at, in characters. Real ones have 2 000 to 8 000; Node refuses headers over 16 KiB. */
export const MAX_TOKEN_LENGTH = 16_384

const BEARER = /^bearer(?: +|$)/i
// RFC 6750 §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The bearer token of a request, from its `Authorization` field alone (RFC 6750 §2.1): tokens in a query or a form are never read.
 *
 * @returns `undefined` when the request carries no bearer credentials (none at all, or those of another scheme)
 * @throws {Denial} `authorization_repeated`, `authorization_malformed`, `token_too_large`
 */
export function bearerToken(request: RequestLike): string | undefined {
  const authorization = authorizationOf(request)
  if (authorization === undefined) return undefined
  if (typeof authorization === 'object') throw repeated(authorization.repeated)
  const scheme = BEARER.exec(authorization)
  if (scheme === null) return undefined
  const token = authorization.slice(scheme[0].length)
  if (token.length > MAX_TOKEN_LENGTH) throw tooLarge(token.length)
  if (!B64TOKEN.test(token)) throw malformed(token)
  return token
}

/** What follows the usual spelling of the scheme, unchecked: good for looking up in memory, and for nothing else. */
export function presentedToken(request: RequestLike): string | undefined {
  const authorization = authorizationOf(request)
  return typeof authorization === 'string' && authorization.startsWith('Bearer ') ? authorization.slice(7) : undefined
}

/**
 * Refuses a token that is too large to be looked at, before anything parses it.
 *
 * @throws {Denial} `token_too_large`
 */
export function boundedToken(token: string): string {
  if (token.length > MAX_TOKEN_LENGTH) throw tooLarge(token.length)
  return token
}

function repeated(count: number): Denial {
  return new Denial('authorization_repeated', {
    check: 'token',
    expected: 'one Authorization field',
    actual: `${count} of them`,
    hint: 'send the access token once; a proxy in between may add its own credentials',
  })
}

function malformed(token: string): Denial {
  return new Denial('authorization_malformed', {
    check: 'token',
    expected: 'one token of the b64token characters after "Bearer "',
    actual: token === '' ? 'nothing' : `${token.length} characters with others among them`,
    hint: 'send "Authorization: Bearer <token>" with no quotes, commas or white space around the token',
  })
}

function tooLarge(length: number): Denial {
  return new Denial('token_too_large', {
    check: 'token',
    expected: `at most ${MAX_TOKEN_LENGTH} characters`,
    actual: `${length}`,
  })
}
