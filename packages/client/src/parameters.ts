import { quote } from './display.js'
import { invalidOption } from './errors.js'
import { furtherParameters, oneOrMore, tenant, text, type Check } from './option-checks.js'

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
  /**
   * The API that the token is for, or several
   * ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
   */
  readonly resource?: string | readonly string[]
  /** The API that the token is for, at servers with a parameter of this name. */
  readonly audience?: string
  /**
   * Further parameters of the token request, such as Auth0's `organization`. Those of a call take
   * the place of all that the source has.
   */
  readonly parameters?: Readonly<Record<string, string>>
}

const CHECKS: Readonly<Record<keyof TokenParameters, Check>> = {
  tenant,
  scope: text,
  resource: oneOrMore,
  audience: text,
  parameters: furtherParameters,
}
const NAMES = Object.keys(CHECKS) as readonly (keyof TokenParameters)[]

/**
 * Just the parameters among the members of an object, those without a value left out. A copy, which
 * stays as it is whatever becomes of the original.
 */
export function pickParameters(from: {
  readonly [Name in keyof TokenParameters]?: unknown
}): TokenParameters {
  const given = NAMES.filter((name) => from[name] !== undefined)
  return Object.freeze(
    Object.fromEntries(given.map((name) => [name, frozenCopy(from[name])])) as TokenParameters,
  )
}

function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...(value as readonly unknown[])])
  return typeof value === 'object' && value !== null ? Object.freeze({ ...value }) : value
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
export function parametersKey({
  tenant,
  scope,
  resource,
  audience,
  parameters,
}: TokenParameters): string {
  const further = Object.entries(parameters ?? {}).sort(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([tenant, scope, [resource ?? []].flat(), audience, further])
}

/** The parameters as events carry them, without further ones, which may be secret. */
export function publicParameters({
  parameters: _,
  ...rest
}: TokenParameters): Omit<TokenParameters, 'parameters'> {
  return rest
}
