import { invalidOption } from './errors.js'
import type { CommonOptions } from './options.js'

const COMMON = {
  tokenEndpoint: true,
  assertionAudience: true,
  allowedOrigins: true,
  scope: true,
  resource: true,
  audience: true,
  timeout: true,
  tries: true,
  allowInsecureHttp: true,
  onEvent: true,
  runtime: true,
} satisfies Record<keyof CommonOptions, true>

/** What is said about a key in memory; whoever else holds one knows it. */
const KEY_DETAILS = ['passphrase', 'algorithm', 'keyId']
const KEY = ['privateKey', 'signer', ...KEY_DETAILS]

/** What may stand beside each way to name the authorization server. */
const NAMES = {
  verifier: [...Object.keys(COMMON), ...KEY, 'verifier', 'credential', 'clientId', 'tenant'],
  authorizationServer: [
    ...Object.keys(COMMON),
    ...KEY,
    'authorizationServer',
    'clientId',
    'clientSecret',
  ],
}
const ALL = [...NAMES.verifier, ...NAMES.authorizationServer]

/**
 * Refuses what the compiler refuses, for callers without it: no object, an option of another name,
 * or two ways at once.
 *
 * An option without a value counts as left out, as callers copy options one by one that they may
 * not have.
 *
 * @throws {TokenSourceError} `invalid_option`.
 */
export function checkOptionNames(options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('an object of options', options === null ? 'null' : typeof options)
  }
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  )
  refuseSeveral(given, ['verifier', 'authorizationServer'])
  const misspelt = Object.keys(options).filter((name) => !ALL.includes(name))
  refuseUnknown(
    [...misspelt, ...given],
    given.includes('authorizationServer') ? 'authorizationServer' : 'verifier',
  )
  refuseSeveral(given, ['privateKey', 'signer', 'clientSecret'])
  refuseStrayDetails(given)
}

function refuseUnknown(names: readonly string[], way: keyof typeof NAMES): void {
  const unknown = names.find((name) => !NAMES[way].includes(name))
  if (unknown === undefined) return
  throw invalidOption(`beside \`${way}\` no options but ${NAMES[way].join(', ')}`, `\`${unknown}\``)
}

function refuseSeveral(given: readonly string[], ways: readonly string[]): void {
  const found = ways.filter((name) => given.includes(name)).map((name) => `\`${name}\``)
  if (found.length < 2) return
  const all = ways.map((name) => `\`${name}\``)
  throw invalidOption(
    `one of ${all.slice(0, -1).join(', ')} and ${all.at(-1)}`,
    `both ${found.join(' and ')}`,
  )
}

function refuseStrayDetails(given: readonly string[]): void {
  const detail = given.find((name) => KEY_DETAILS.includes(name))
  const holder = given.find((name) => name === 'signer' || name === 'clientSecret')
  if (detail === undefined || holder === undefined) return
  throw invalidOption(`\`${detail}\` beside \`privateKey\``, `it beside \`${holder}\``)
}
