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

const KEY = ['privateKey', 'passphrase', 'algorithm', 'keyId', 'signer']

/** What may stand beside each way to name the authorization server. */
const NAMES = {
  verifier: [...Object.keys(COMMON), ...KEY, 'verifier', 'credential', 'clientId', 'tenant'],
  authorizationServer: [...Object.keys(COMMON), ...KEY, 'authorizationServer', 'clientId', 'clientSecret'],
}

/**
 * Refuses what the compiler refuses, for callers without it: no object, an option of another name, or two ways at once.
 *
 * @throws {TokenSourceError} `invalid_option`.
 */
export function checkOptionNames(options: object): void {
  if (typeof options !== 'object' || options === null)
    throw invalidOption('an object of options', options === null ? 'null' : typeof options)
  if ('verifier' in options && 'authorizationServer' in options) {
    throw invalidOption('one of `verifier` and `authorizationServer`', 'both')
  }
  const way = 'authorizationServer' in options ? 'authorizationServer' : 'verifier'
  const unknown = Object.keys(options).find((name) => !NAMES[way].includes(name))
  if (unknown === undefined) return
  throw invalidOption(`beside \`${way}\` no options but ${NAMES[way].join(', ')}`, `\`${unknown}\``)
}
