import { quote } from './display.js'
import { invalidOption } from './errors.js'
import { tenant, text, type Check } from './option-checks.js'

/** What a token is asked for; a token source keeps one token for each distinct set. */
export interface TokenParameters {
  /**
   * The tenant to name in `X-Tenant`, which Verifiers from 3.3 on read: letters, digits, `_` and
   * `-`.
   */
  readonly tenant?: string
  /**
   * The scopes to ask for, separated by spaces. Verifiers ignore it: they decide by the credential.
   */
  readonly scope?: string
  /** The API that the token is for ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707#section-2)). */
  readonly resource?: string
  /** The API that the token is for, at servers with a parameter of this name. */
  readonly audience?: string
}

const CHECKS: Readonly<Record<keyof TokenParameters, Check>> = {
  tenant,
  scope: text,
  resource: text,
  audience: text,
}
const NAMES = Object.keys(CHECKS) as readonly (keyof TokenParameters)[]

/** Just the parameters among the members of an object, those without a value left out. */
export function pickParameters(from: {
  readonly [Name in keyof TokenParameters]?: unknown
}): TokenParameters {
  const given = NAMES.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])
  return Object.freeze(Object.fromEntries(given) as TokenParameters)
}

/**
 * Reads what a caller wants a token for.
 *
 * @throws {TokenSourceError} `invalid_option`, also for a parameter of another name: a token for
 *   something else would be the answer to a typing error.
 */
export function readParameters(wanted: object): TokenParameters {
  const known: readonly string[] = [...NAMES, 'signal']
  const unknown = Object.keys(wanted).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw invalidOption(`no parameters but ${known.join(', ')}`, quote(unknown))
  const parameters = pickParameters(wanted)
  for (const [name, value] of Object.entries(parameters))
    CHECKS[name as keyof TokenParameters](name, value, { insecureHttp: false })
  return parameters
}

/** The same text for the same parameters, and for no others. */
export function parametersKey(parameters: TokenParameters): string {
  return JSON.stringify(NAMES.map((name) => parameters[name] ?? null))
}
