import { kindOf, quote } from './display.js'
import { invalidOptionError } from './errors.js'
import { namesOf, OPTIONS, type OptionName, type ClientKind } from './option-table.js'

/** The option by which a kind of client shows. */
const LEADING: Readonly<Record<ClientKind, OptionName>> = {
  credential: 'verifier',
  key: 'authorizationServer',
  secret: 'clientSecret',
  certificate: 'mtls',
}
/** Details of a private key in this process. A signer brings those of its key. */
const KEY_DETAILS: readonly OptionName[] = ['passphrase', 'algorithm', 'keyId']

/**
 * Refuses what the compiler refuses, for callers without it, and every value that its option can't
 * have.
 *
 * An option without a value counts as left out, because callers copy options one by one that they
 * may not have.
 *
 * @returns the kind of the client.
 * @throws {TokenSourceError} `invalid_option`.
 */
export function checkOptions(options: object): ClientKind {
  if (typeof options !== 'object' || options === null)
    throw invalidOptionError('an object of options', kindOf(options))
  const values = options as Readonly<Record<string, unknown>>
  const given = Object.keys(values).filter((name) => values[name] !== undefined)
  const kind = clientKindOf(given)
  refuseUnknown(Object.keys(values), Object.keys(OPTIONS), kind)
  refuseUnknown(given, namesOf(kind), kind)
  refuseBoth(given, ['privateKey', 'signer'])
  refuseStrayDetails(given)
  checkValues(values, kind)
  return kind
}

function clientKindOf(given: readonly string[]): ClientKind {
  refuseBoth(given, ['verifier', 'authorizationServer'])
  if (given.includes('verifier')) return 'credential'
  if (!given.includes('authorizationServer'))
    throw invalidOptionError('"verifier" or "authorizationServer"', 'neither')
  if (given.includes('clientSecret')) return 'secret'
  const hasKey = given.includes('privateKey') || given.includes('signer')
  return given.includes('mtls') && !hasKey ? 'certificate' : 'key'
}

function checkValues(values: Readonly<Record<string, unknown>>, kind: ClientKind): void {
  const insecureHttp = values.allowInsecureHttp === true
  for (const name of namesOf(kind)) {
    const row = OPTIONS[name]
    const value = values[name]
    if (value !== undefined) row.check(name, value, { insecureHttp })
    else if (row.required?.includes(kind)) throw invalidOptionError(`"${name}"`, 'none')
  }
}

function refuseUnknown(names: readonly string[], known: readonly string[], kind: ClientKind): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const expected = `beside "${LEADING[kind]}" no options but ${namesOf(kind).join(', ')}`
  throw invalidOptionError(expected, quote(unknown))
}

function refuseBoth(given: readonly string[], pair: readonly OptionName[]): void {
  if (!pair.every((name) => given.includes(name))) return
  throw invalidOptionError(`one of ${pair.map(quote).join(' and ')}`, 'both')
}

function refuseStrayDetails(given: readonly string[]): void {
  const detail = given.find((name) => KEY_DETAILS.includes(name as OptionName))
  if (detail === undefined || !given.includes('signer')) return
  throw invalidOptionError(`"${detail}" beside "privateKey"`, 'it beside "signer"')
}
