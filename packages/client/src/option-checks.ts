import { describeInsecure, readUrl } from '@verifier-guard/core/support'
import { ALGORITHM_NAMES } from './algorithms.js'
import { kindOf, printable, quote } from './display.js'
import { invalidOptionError } from './errors.js'
import { EVENT_NAMES } from './events.js'
import { isObject } from './json.js'
import { checkCertificate, type MtlsOptions } from './mtls.js'
import type { ProofSigner } from './proof-key.js'
import type { Signer } from './signer.js'

/** What a check needs to know of the other options. */
export interface CheckContext {
  readonly insecureHttp: boolean
}

/** Throws for a value that the option of this name cannot have. */
export type Check = (name: string, value: unknown, context: CheckContext) => void

/** For what its reader looks at itself. */
export const anything: Check = () => {}

/** @throws {TokenSourceError} `invalid_option`. */
export const text: Check = (name, value) => {
  if (typeof value === 'string' && value !== '') return
  const hint = value === '' ? 'is the environment variable set?' : undefined
  throw invalidOptionError(`a text as "${name}"`, kindOf(value), hint)
}

/** @throws {TokenSourceError} `invalid_option`. */
export const textOrBytes: Check = (name, value, context) => {
  if (!ArrayBuffer.isView(value)) text(name, value, context)
}

/** @throws {TokenSourceError} `invalid_option`. */
export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean')
    throw invalidOptionError(`true or false as "${name}"`, kindOf(value))
}

/** @throws {TokenSourceError} `invalid_option`. */
export const positive: Check = (name, value) => {
  if (Number.isInteger(value) && (value as number) > 0) return
  throw invalidOptionError(`a positive whole number as "${name}"`, shown(value))
}

/**
 * Refuses what was meant in milliseconds.
 *
 * @throws {TokenSourceError} `invalid_option`.
 */
export function secondsUpTo(most: number): Check {
  return (name, value) => {
    if (typeof value === 'number' && value > 0 && value <= most) return
    const hint = typeof value === 'number' && value > most ? 'is that in milliseconds?' : undefined
    throw invalidOptionError(`a number of seconds up to ${most} as "${name}"`, shown(value), hint)
  }
}

/** @throws {TokenSourceError} `invalid_option`. */
export function oneOf(known: readonly string[]): Check {
  return (name, value) => {
    if (known.includes(value as string)) return
    const found = typeof value === 'string' ? quote(value) : kindOf(value)
    throw invalidOptionError(`one of ${known.join(', ')} as "${name}"`, found)
  }
}

/** @throws {TokenSourceError} `invalid_option`. */
export const address: Check = (name, value, { insecureHttp }) => {
  const url = readUrl(value)
  if (!url) throw invalidOptionError(`an absolute URL as "${name}"`, kindOf(value))
  if (url.username || url.password)
    throw invalidOptionError(`"${name}" without user and password`, 'an address with them')
  if (describeInsecure(url.href, insecureHttp) === undefined) return
  const hint = 'plain http is allowed on loopback, and elsewhere with "allowInsecureHttp"'
  throw invalidOptionError(`https in "${name}"`, url.origin, hint)
}

/** @throws {TokenSourceError} `invalid_option`. */
export const issuer: Check = (name, value, context) => {
  address(name, value, context)
  const { search, hash } = new URL(value as string)
  if (search || hash)
    throw invalidOptionError(`"${name}" without query and fragment (RFC 8414 §2)`, 'one with them')
}

/** @throws {TokenSourceError} `invalid_option`. */
export const origins: Check = (name, value, context) => {
  if (!Array.isArray(value))
    throw invalidOptionError(`a list of origins as "${name}"`, kindOf(value))
  for (const origin of value as readonly unknown[]) checkOrigin(name, origin, context)
}

/** What wildcards and regular expressions are written with, and no origin is. */
const PATTERN = /[*\\(){}|^$]/

/** Origins are compared character by character: what is none would never match. */
function checkOrigin(name: string, value: unknown, context: CheckContext): void {
  if (typeof value === 'string' && PATTERN.test(value))
    throw invalidOptionError(`origins in "${name}"`, 'a pattern', 'name each origin in full')
  address(name, value, context)
  const { origin } = new URL(value as string)
  if (origin === value) return
  const expected = `origins alone in "${name}", as browsers write them`
  throw invalidOptionError(expected, 'an address that differs', `write ${printable(origin)}`)
}

/** One text, or a list of some. @throws {TokenSourceError} `invalid_option`. */
export const oneOrMore: Check = (name, value, context) => {
  if (!Array.isArray(value)) return text(name, value, context)
  if (value.length === 0) throw invalidOptionError(`some texts in "${name}"`, 'an empty list')
  for (const one of value) text(name, one, context)
}

/** What stands in a token request anyway, and the option that decides on it. */
const RESERVED: Readonly<Record<string, string>> = {
  grant_type: 'it is client_credentials always',
  client_id: 'set "clientId"',
  client_secret: 'set "clientSecret"',
  client_assertion: 'the client makes it',
  client_assertion_type: 'the client makes it',
  scope: 'set "scope"',
  resource: 'set "resource"',
  audience: 'set "audience"',
}

/** @throws {TokenSourceError} `invalid_option`. */
export const furtherParameters: Check = (name, value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidOptionError(`an object of texts as "${name}"`, kindOf(value))
  for (const [parameter, one] of Object.entries(value)) {
    const hint = Object.hasOwn(RESERVED, parameter) ? RESERVED[parameter] : undefined
    if (hint !== undefined)
      throw invalidOptionError(`further parameters in "${name}"`, quote(parameter), hint)
    if (typeof one !== 'string')
      throw invalidOptionError(`texts in "${name}"`, `${kindOf(one)} as ${quote(parameter)}`)
  }
}

const TENANT = /^[a-zA-Z0-9_-]+$/

/**
 * Whether a Verifier reads a tenant of this form from `X-Tenant`. In place of any other it silently
 * takes the host's.
 */
export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && TENANT.test(value)
}

/** @throws {TokenSourceError} `invalid_option`. */
export const tenant: Check = (name, value) => {
  if (isTenant(value)) return
  const found = typeof value === 'string' && value !== '' ? 'something else' : kindOf(value)
  throw invalidOptionError(`letters, digits, "_" and "-" in "${name}"`, found)
}

/** `null` names none. @throws {TokenSourceError} `invalid_option`. */
export const tenantOrNone: Check = (name, value, context) => {
  if (value !== null) tenant(name, value, context)
}

/** @throws {TokenSourceError} `invalid_option`. */
export const signer: Check = (name, value) => {
  const { alg, sign } = Object(value) as Partial<Signer>
  if (alg && ALGORITHM_NAMES.includes(alg) && typeof sign === 'function') return
  const expected = `a "${name}" with "alg" (one of ${ALGORITHM_NAMES.join(', ')}) and "sign(bytes)"`
  throw invalidOptionError(expected, 'another')
}

/** Members of a JWK that only its owner may know (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** @throws {TokenSourceError} `invalid_option`. */
export const dpop: Check = (name, value, context) => {
  if (value === true) return
  if (!isObject(value) || value.signer === undefined)
    throw invalidOptionError(
      `true or { signer } as "${name}"`,
      isObject(value) ? 'another object' : kindOf(value),
    )
  refuseOtherMembers(name, value, ['signer'])
  signer(`${name}.signer`, value.signer, context)
  const { jwk } = value.signer as Partial<ProofSigner>
  if (!isObject(jwk) || typeof jwk.kty !== 'string')
    throw invalidOptionError(`the public key as "${name}.signer.jwk"`, kindOf(jwk))
  if (PRIVATE_MEMBERS.some((member) => member in jwk))
    throw invalidOptionError(`a public key as "${name}.signer.jwk"`, 'a private one')
}

/** @throws {TokenSourceError} `invalid_option`. */
export const mtls: Check = (name, value, context) => {
  if (!isObject(value)) throw invalidOptionError(`{ cert, key } as "${name}"`, kindOf(value))
  refuseOtherMembers(name, value, ['cert', 'key', 'ca'])
  textOrBytes(`${name}.cert`, value.cert, context)
  textOrBytes(`${name}.key`, value.key, context)
  for (const one of [value.ca ?? []].flat()) textOrBytes(`${name}.ca`, one, context)
  checkCertificate(value as unknown as MtlsOptions)
}

function refuseOtherMembers(name: string, value: object, known: readonly string[]): void {
  const other = Object.keys(value).find((member) => !known.includes(member))
  if (other !== undefined)
    throw invalidOptionError(`no members but ${known.join(', ')} in "${name}"`, quote(other))
}

/**
 * For an object of which some members are called.
 *
 * @throws {TokenSourceError} `invalid_option`.
 */
export function functions(names: readonly string[]): Check {
  return (name, value) => {
    if (typeof value !== 'object' || value === null)
      throw invalidOptionError(`an object of functions as "${name}"`, kindOf(value))
    const members = value as Readonly<Record<string, unknown>>
    const other = names.find(
      (member) => members[member] !== undefined && typeof members[member] !== 'function',
    )
    if (other === undefined) return
    throw invalidOptionError(`a function as "${name}.${other}"`, kindOf(members[other]))
  }
}

/** @throws {TokenSourceError} `invalid_option`. */
export const listeners: Check = (name, value, context) => {
  functions(EVENT_NAMES)(name, value, context)
  const known: readonly string[] = EVENT_NAMES
  const unknown = Object.keys(value as object).find((event) => !known.includes(event))
  if (unknown === undefined) return
  throw invalidOptionError(`events among ${known.join(', ')} in "${name}"`, quote(unknown))
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value)
}
