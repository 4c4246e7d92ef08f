/* Keys as applications have them, in any common form, made into a JWK Set. */
import type { JwkSet } from '../jwt/key.js'
import { readPublicKeys } from '../jwt/public-keys.js'
import { configurationError } from '../kit/errors.js'

/**
 * Public keys in any form as a JWK Set.
 *
 * @param name of the option, for the message
 * @throws {GuardError} `invalid_configuration`
 */
export function keysNamed(name: string, value: unknown): JwkSet {
  const read = readPublicKeys(value)
  if ('keys' in read) return read
  throw configurationError(
    `"${name}" as a JWK Set, a JWK, a KeyObject, or PEM with a public key or a certificate`,
    read.found,
    read.hint,
  )
}
