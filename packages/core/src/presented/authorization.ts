/*
 * Reads the credentials of a request from its `Authorization` field, once. Request in, what it
 * presents out (RFC 6750 §2.1, RFC 9449 §7.1, RFC 9110 §11.4). Tokens in a query or a form are
 * never read.
 */
import { Denial, type Scheme } from '../kit/errors.js'
import { fieldOf, isInQuery, type RequestLike } from './request.js'

/**
 * The longest token that is looked at, in characters. Real ones have 2 000 to 8 000; Node refuses
 * headers over 16 KiB.
 */
export const MAX_TOKEN_LENGTH = 16_384

/** What was presented: read once for each request, and checked no further than its steps need. */
export interface Presented {
  readonly scheme: Scheme
  readonly token: string
  /**
   * The request, for what else shows whose token it is: a proof, a certificate. `undefined` for a
   * token presented alone.
   */
  readonly request: RequestLike | undefined
  /** The framework's own request, for functions of the application. */
  readonly own?: unknown
  /** What stands for the request, whatever copy of it this is. Default: the request. */
  readonly identity?: object | undefined
  /** The whole field, where its form is still to be checked by {@link checkForm}. */
  readonly field?: string
  /**
   * The text of the DPoP proof beside it, once it was read. A member from the start, because V8 is
   * slow to add one to a copy.
   */
  readonly proof?: string | undefined
}

/** What credentials are read from. */
interface Source {
  readonly request: RequestLike
  readonly own: unknown
  readonly identity: object
}

/** What a request without an access token carries in its place, in words. */
export interface Absent {
  readonly absent: string
}

/** The schemes by their names in lower case. */
const TOKEN_SCHEMES: Readonly<Record<string, Scheme>> = { bearer: 'Bearer', dpop: 'DPoP' }
// RFC 9110 §11.4: credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
const SCHEME = /^([\w!#$%&'*+\-.^`|~]+)(?: +|$)/
/** Registered schemes (RFC 9110 §16.4.1) and common ones; other words may be the secret itself. */
const SCHEMES =
  /^(?:basic|bearer|concealed|digest|dpop|gnap|hawk|hoba|mutual|negotiate|ntlm|oauth|privatetoken|scram-sha-1|scram-sha-256|token|vapid|apikey|aws4-hmac-sha256)$/i
// A web Request joins repeated fields with a comma (RFC 9110 §5.3).
const ANOTHER = /, *(?:(?:bearer|dpop)(?: |$)|[\w-]+ +[^\s=])/i
// RFC 9110 §11.2, §5.6.4: auth-param = token BWS "=" BWS quoted-string, in which a comma separates
// nothing. No part of it can fail once the quote is there, so that no text makes it start over: one
// without an end is found as well.
const QUOTED = /=[ \t]*"(?:[^"\\]|\\.?)*("?)/gs
// RFC 6750 §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Reads what a request presents. Leaves the form of the usual spelling unchecked: a token that is
 * remembered letter by letter, or that parses, needs no second look.
 *
 * @param own the framework's own request; default: the request
 * @param identity what stands for the request, whatever copy of it this is; default: the request
 * @throws {Denial} `authorization_repeated`, `authorization_malformed`, `token_too_large`
 */
export function present(
  request: RequestLike,
  own: unknown = request,
  identity: object = request,
): Presented | Absent {
  const field = fieldOf(request, 'authorization')
  if (field === undefined || field === '') return { absent: absentFrom(request) }
  if (typeof field === 'object') throw notOne(field)
  if (isInQuery(request, 'access_token'))
    throw repeated('an Authorization field and "access_token" in the query')
  const scheme = usualScheme(field)
  if (scheme === undefined) return read(field, { request, own, identity })
  const token = boundedToken(field.slice(scheme.length + 1))
  return { scheme, token, request, own, identity, field, proof: undefined }
}

/** The scheme of a field in its usual spelling, with one space after it. */
function usualScheme(field: string): Scheme | undefined {
  const scheme = field.startsWith('Bearer ') ? 'Bearer' : 'DPoP'
  if (scheme === 'DPoP' && !field.startsWith('DPoP ')) return undefined
  return field[scheme.length + 1] === ' ' ? undefined : scheme
}

/**
 * Presents a token without a request.
 *
 * @param token whatever the application was sent as one
 * @throws {Denial} `token_malformed`, `token_too_large`
 */
export function presentAlone(token: unknown): Presented | Absent {
  if (token === undefined) return { absent: 'none' }
  return { scheme: 'Bearer', token: boundedToken(token), request: undefined }
}

/**
 * Checks the form of the field that a token came in.
 *
 * @throws {Denial} `authorization_repeated`, `authorization_malformed`
 */
export function checkForm({ field, request, own }: Presented): void {
  if (field !== undefined) read(field, { request: request!, own, identity: request! })
}

function read(field: string, source: Source): Presented | Absent {
  if (ANOTHER.test(field) && ANOTHER.test(withoutQuoted(field)))
    throw repeated('several in one field')
  const [start, scheme] = SCHEME.exec(field) ?? []
  if (start === undefined || scheme === undefined) throw malformed('another form')
  if (start === field && !SCHEMES.test(scheme))
    throw malformed('a token without "Bearer " before it')
  const lower = scheme.toLowerCase()
  const known = Object.hasOwn(TOKEN_SCHEMES, lower) ? TOKEN_SCHEMES[lower] : undefined
  if (known === undefined) return { absent: otherCredentials(scheme) }
  const token = boundedToken(field.slice(start.length))
  if (B64TOKEN.test(token)) return { scheme: known, token, ...source }
  throw malformed(
    token === '' ? `nothing after "${known}"` : `${token.length} characters with others among them`,
  )
}

function otherCredentials(scheme: string): string {
  return SCHEMES.test(scheme)
    ? `credentials of the scheme "${scheme}"`
    : 'credentials of another scheme'
}

function absentFrom({ url }: RequestLike): string {
  const isInUrl = typeof url === 'string' && url.includes('access_token=')
  return isInUrl ? 'none; a token in the query is never read' : 'none'
}

/** Refuses what is no text or too long to be looked at, before anything parses it. */
function boundedToken(token: unknown): string {
  const expected = `a text of at most ${MAX_TOKEN_LENGTH} characters`
  if (typeof token !== 'string')
    throw new Denial('token_malformed', { check: 'token', expected, actual: typeof token })
  if (token.length <= MAX_TOKEN_LENGTH) return token
  throw new Denial('token_too_large', { check: 'token', expected, actual: `${token.length}` })
}

/** Texts without an end stay: a second field, joined to the first one, may stand in them. */
function withoutQuoted(field: string): string {
  return field.replace(QUOTED, (text, end: string) => (end === '' ? text : '='))
}

function notOne(field: { readonly several: number } | { readonly unfit: unknown }): Denial {
  if ('several' in field) return repeated(`${field.several} Authorization fields`)
  return malformed(field.unfit === null ? 'null' : `a value of the type ${typeof field.unfit}`)
}

function repeated(actual: string): Denial {
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
    hint: 'send "Authorization: Bearer <token>" without quotes, commas or white space around it',
  })
}
