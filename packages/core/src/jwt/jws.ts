/* Takes a JWS in compact serialisation apart, strictly (RFC 7515 §3.1). */
import { decodeBase64url } from '../kit/base64url.js'
import { Denial } from '../kit/errors.js'
import { deepFreeze, parseObject } from '../kit/json.js'
import { quote } from '../kit/display.js'

/**
 * The header members that the library reads; the others are left alone, key sources (`jwk`, `jku`,
 * `x5c`, `x5u`) above all.
 */
export interface JwsHeader {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
  readonly [name: string]: unknown
}

declare const unverified: unique symbol

/** A token taken apart, of which nothing may be believed yet. */
export interface UnverifiedJws {
  readonly [unverified]: true
  readonly token: string
  readonly header: JwsHeader
  readonly claims: Readonly<Record<string, unknown>>
  /** The text that was signed: header and payload with their dot. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

/**
 * Header members that change what the signature or the payload means; a verifier that ignores them
 * reads another token (RFC 7515 §4.1.11, RFC 7797, RFC 7516).
 */
const FORBIDDEN = ['crit', 'b64', 'zip', 'enc'] as const

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes a JWS in compact serialisation apart (RFC 7515 §3.1, §5.2), strictly and without believing
 * any of it.
 *
 * Does not check the signature, the algorithm or any claim.
 *
 * @param headerOf reads the first part; default: as the header of a token
 * @throws {Denial} `token_malformed`, `header_not_allowed`
 */
export function parseJws(
  token: string,
  headerOf: (part: string) => JwsHeader = readHeader,
): UnverifiedJws {
  const firstDot = token.indexOf('.')
  const secondDot = token.indexOf('.', firstDot + 1)
  if (secondDot === -1 || token.includes('.', secondDot + 1))
    throw malformed(
      'three parts with two dots between',
      describeParts(token),
      schemeHint(token) ?? opaqueHint(token),
    )
  const header = headerOf(token.slice(0, firstDot))
  const claims = readPart('payload', token.slice(firstDot + 1, secondDot))
  const signature = readBytes('signature', token.slice(secondDot + 1))
  return {
    token,
    header,
    claims,
    signingInput: token.slice(0, secondDot),
    signature,
  } as UnverifiedJws
}

/**
 * A Verifier signs token after token under one header: the one read last need not be read again.
 * Frozen, for all to share.
 */
let lastHeader: { readonly part: string; readonly header: JwsHeader } | undefined

function readHeader(part: string): JwsHeader {
  if (lastHeader?.part === part) return lastHeader.header
  const header = parseHeader(part)
  lastHeader = { part, header: deepFreeze(header) }
  return header
}

/**
 * Reads the first part of a JWS.
 *
 * @throws {Denial} `token_malformed`, `header_not_allowed`
 */
export function parseHeader(part: string): JwsHeader {
  const header = readPart('header', part)
  checkHeader(header)
  return header
}

function readPart(name: string, part: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = utf8.decode(readBytes(name, part))
  } catch (error) {
    if (error instanceof Denial) throw error
    throw malformed(`a ${name} in UTF-8`, 'bytes that are not')
  }
  const object = parseObject(text)
  if (typeof object === 'string')
    throw malformed(`a ${name} that is one JSON object with distinct members`, object)
  return object
}

function readBytes(name: string, part: string): Uint8Array<ArrayBuffer> {
  const bytes = part === '' ? undefined : decodeBase64url(part)
  if (bytes !== undefined) return bytes
  const actual = part === '' ? 'nothing' : `${part.length} other characters`
  throw malformed(`a ${name} in base64url without padding or stray bits`, actual, schemeHint(part))
}

function checkHeader(header: Readonly<Record<string, unknown>>): asserts header is JwsHeader {
  for (const name of FORBIDDEN) {
    if (Object.hasOwn(header, name)) throw notAllowed(`no "${name}" member`, quote(header[name]))
  }
  if (typeof header['alg'] !== 'string') throw notAllowed('"alg" as a string', quote(header['alg']))
  for (const name of ['kid', 'typ']) {
    const value = header[name]
    if (Object.hasOwn(header, name) && typeof value !== 'string')
      throw notAllowed(`"${name}" as a string`, quote(value))
  }
}

function describeParts(token: string): string {
  const dots = token.split('.').length - 1
  if (dots === 4) return 'five parts: an encrypted token (JWE), which this API does not take'
  return token.trimStart().startsWith('{') ? 'the JSON serialisation' : `${dots} dots`
}

/** For the value of an `Authorization` field in place of the token. */
function schemeHint(text: string): string | undefined {
  return /^bearer\s/i.test(text)
    ? 'pass the token without the scheme "Bearer" before it'
    : undefined
}

/** For what may be a token, but for the authorization server alone to read (RFC 6749 §1.4). */
function opaqueHint(token: string): string | undefined {
  if (!/^[\w~+/-]+=*$/.test(token)) return undefined
  return 'an opaque token can not be checked here: the Verifier has to issue JWT access tokens (RFC 9068)'
}

function malformed(expected: string, actual: string, hint?: string): Denial {
  return new Denial('token_malformed', {
    check: 'jws',
    expected,
    actual,
    ...(hint !== undefined && { hint }),
  })
}

function notAllowed(expected: string, actual: string): Denial {
  return new Denial('header_not_allowed', {
    check: 'jws',
    expected: `a header with ${expected}`,
    actual,
  })
}
