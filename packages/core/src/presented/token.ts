import { Denial } from '../kit/errors.js'
import { authorizationOf, type RequestLike } from './request.js'

/**
 * The longest token that is looked at, in characters. Real ones have 2 000 to 8 000; Node refuses
 * headers over 16 KiB.
 */
export const MAX_TOKEN_LENGTH = 16_384

// RFC 9110 §11.4: credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
const SCHEME = /^([\w!#$%&'*+\-.^`|~]+)(?: +|$)/
// The registered ones (RFC 9110 §16.4.1), and a few that are in use without; no other word is
// repeated: it may be the secret itself.
const SCHEMES =
  /^(?:basic|bearer|concealed|digest|dpop|gnap|hawk|hoba|mutual|negotiate|ntlm|oauth|privatetoken|scram-sha-1|scram-sha-256|token|vapid|apikey|aws4-hmac-sha256)$/i
// A web Request joins repeated fields with a comma (RFC 9110 §5.3).
const ANOTHER = /, *(?:bearer(?: |$)|[\w-]+ +[^\s=])/i
// RFC 9110 §11.2, §5.6.4: auth-param = token BWS "=" BWS quoted-string, in which a comma separates
// nothing. No part of it can fail once the quote is there, so that no text makes it start over: one
// without an end is found as well.
const QUOTED = /=[ \t]*"(?:[^"\\]|\\.?)*("?)/gs
// RFC 6750 §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The bearer token of a request, from its `Authorization` field alone (RFC 6750 §2.1): tokens in a
 * query or a form are never read.
 *
 * @returns `undefined` when the request carries no bearer credentials (none at all, or those of
 *   another scheme)
 * @throws {Denial} `authorization_repeated`, `authorization_malformed`, `token_too_large`
 */
export function bearerToken(request: RequestLike): string | undefined {
  const authorization = authorizationOf(request)
  if (authorization === undefined || authorization === '') return undefined
  if (typeof authorization === 'object') throw ambiguous(authorization.ambiguous)
  if (ANOTHER.test(authorization) && ANOTHER.test(withoutQuoted(authorization)))
    throw ambiguous('several in one field')
  const [start, scheme] = SCHEME.exec(authorization) ?? []
  if (start === undefined || scheme === undefined) throw malformed('another form')
  if (start === authorization && !SCHEMES.test(scheme))
    throw malformed('a token without "Bearer " before it')
  if (scheme.toLowerCase() !== 'bearer') return undefined
  const token = boundedToken(authorization.slice(start.length))
  if (B64TOKEN.test(token)) return token
  throw malformed(
    token === '' ? 'nothing after "Bearer"' : `${token.length} characters with others among them`,
  )
}

/** What a request without a bearer token carries instead, for the reason of its refusal. */
export function absence(request: RequestLike): string {
  const authorization = authorizationOf(request)
  const [, scheme] = (typeof authorization === 'string' && SCHEME.exec(authorization)) || []
  if (scheme !== undefined)
    return SCHEMES.test(scheme)
      ? `credentials of the scheme "${scheme}"`
      : 'credentials of another scheme'
  return request.url?.includes('access_token=')
    ? 'none; a token in the query is never read'
    : 'none'
}

/**
 * What follows the usual spelling of the scheme, unchecked: good for looking up in memory, and for
 * nothing else.
 */
export function presentedToken(request: RequestLike): string | undefined {
  const authorization = authorizationOf(request)
  return typeof authorization === 'string' && authorization.startsWith('Bearer ')
    ? authorization.slice(7)
    : undefined
}

/**
 * Refuses what is no text or too large to be looked at, before anything parses it.
 *
 * @param token whatever the application was sent as one
 * @throws {Denial} `token_malformed`, `token_too_large`
 */
export function boundedToken(token: unknown): string {
  const expected = `a text of at most ${MAX_TOKEN_LENGTH} characters`
  if (typeof token !== 'string')
    throw new Denial('token_malformed', { check: 'token', expected, actual: typeof token })
  if (token.length <= MAX_TOKEN_LENGTH) return token
  throw new Denial('token_too_large', { check: 'token', expected, actual: `${token.length}` })
}

/** Texts without an end stay: a second field, joined to the first one, may stand in them. */
function withoutQuoted(authorization: string): string {
  return authorization.replace(QUOTED, (text, end: string) => (end === '' ? text : '='))
}

function ambiguous(actual: string): Denial {
  return new Denial('authorization_repeated', {
    check: 'token',
    expected: 'one access token, in one Authorization field',
    actual,
    hint: 'send the access token once; a proxy in between may add its own credentials',
  })
}

function malformed(actual: string): Denial {
  return new Denial('authorization_malformed', {
    check: 'token',
    expected: 'one token of the b64token characters after "Bearer "',
    actual,
    hint: 'send "Authorization: Bearer <token>" with no quotes, commas or white space around the token',
  })
}
