import { kindOf, quote } from './display.js'
import { invalidOption } from './errors.js'
import { namesOf, OPTIONS, type OptionName, type Way } from './option-table.js'

/** The option that tells a way from the others. */
const LEADING: Readonly<Record<Way, OptionName>> = {
  credential: 'verifier',
  key: 'authorizationServer',
  secret: 'clientSecret',
  certificate: 'mtls',
}
/** Details of a private key in memory. A signer has its own. */
const KEY_DETAILS: readonly OptionName[] = ['passphrase', 'algorithm', 'keyId']

/**
 * Refuses what the compiler refuses, for callers without it, and every value that its option can't
 * have.
 *
 * An option without a value counts as left out, because callers copy options one by one that they
 * may not have.
 *
 * @returns how the client authenticates.
 * @throws {TokenSourceError} `invalid_option`.
 */
export function checkOptions(options: object): Way {
  if (typeof options !== 'object' || options === null)
    throw invalidOption('an object of options', kindOf(options))
  const values = options as Readonly<Record<string, unknown>>
  const given = Object.keys(values).filter((name) => values[name] !== undefined)
  const way = wayOf(given)
  refuseUnknown(Object.keys(values), Object.keys(OPTIONS), way)
  refuseUnknown(given, namesOf(way), way)
  refuseBoth(given, ['privateKey', 'signer'])
  refuseStrayDetails(given)
  checkValues(values, way)
  return way
}

function wayOf(given: readonly string[]): Way {
  refuseBoth(given, ['verifier', 'authorizationServer'])
  if (given.includes('verifier')) return 'credential'
  if (!given.includes('authorizationServer'))
    throw invalidOption('"verifier" or "authorizationServer"', 'neither')
  if (given.includes('clientSecret')) return 'secret'
  const hasKey = given.includes('privateKey') || given.includes('signer')
  return given.includes('mtls') && !hasKey ? 'certificate' : 'key'
}

function checkValues(values: Readonly<Record<string, unknown>>, way: Way): void {
  const insecureHttp = values.allowInsecureHttp === true
  for (const name of namesOf(way)) {
    const row = OPTIONS[name]
    const value = values[name]
    if (value !== undefined) row.check(name, value, { insecureHttp })
    else if (row.required?.includes(way)) throw invalidOption(`"${name}"`, 'none')
  }
}

function refuseUnknown(names: readonly string[], known: readonly string[], way: Way): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const expected = `beside "${LEADING[way]}" no options but ${namesOf(way).join(', ')}`
  throw invalidOption(expected, quote(unknown))
}

function refuseBoth(given: readonly string[], pair: readonly OptionName[]): void {
  if (!pair.every((name) => given.includes(name))) return
  throw invalidOption(`one of ${pair.map(quote).join(' and ')}`, 'both')
}

function refuseStrayDetails(given: readonly string[]): void {
  const detail = given.find((name) => KEY_DETAILS.includes(name as OptionName))
  if (detail === undefined || !given.includes('signer')) return
  throw invalidOption(`"${detail}" beside "privateKey"`, 'it beside "signer"')
}
