import { quote } from './display.js'
import { invalidOptionError } from './errors.js'
import { furtherParameters, oneOrMore, tenantOrNone, text, type Check } from './option-checks.js'
import { withValues } from './values.js'

/** What a token is asked for; a token source keeps one token for each distinct set. */
export interface TokenParameters {
  /**
   * The tenant to name in `X-Tenant`, which Verifiers from 3.3 on read: letters, digits, `_` and
   * `-`. `null` names none. Only with `verifier`.
   */
  readonly tenant?: string | null
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

/** Parameters as they are sent. */
export type SentParameters = TokenParameters & { readonly tenant?: string }

const CHECKS: Readonly<Record<keyof TokenParameters, Check>> = {
  tenant: tenantOrNone,
  scope: text,
  resource: oneOrMore,
  audience: text,
  parameters: furtherParameters,
}
const NAMES = Object.keys(CHECKS) as readonly (keyof TokenParameters)[]

/**
 * Just the parameters among the members of an object. Those without a value, and a `tenant` that
 * names none, are left out. A copy, which stays as it is whatever becomes of the original.
 */
export function pickParameters(from: {
  readonly [Name in keyof TokenParameters]?: unknown
}): SentParameters {
  const given = NAMES.filter((name) => from[name] !== undefined && from[name] !== null)
  return Object.freeze(
    Object.fromEntries(given.map((name) => [name, frozenCopy(from[name])])) as SentParameters,
  )
}

function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...(value as readonly unknown[])])
  return typeof value === 'object' && value !== null ? Object.freeze({ ...value }) : value
}

/** Those of the options that a call may give too. */
export function parameterNames(options: readonly string[]): readonly string[] {
  return options.filter(isParameter)
}

/**
 * The parameters of a call. What it leaves out is that of the source.
 *
 * @param known the names of the parameters that this source takes.
 * @throws {TokenSourceError} `invalid_option`, also for a parameter of another name: a token for
 *   something else would be the answer to a typing error.
 */
export function readParameters(
  wanted: TokenParameters,
  own: SentParameters,
  known: readonly string[],
): SentParameters {
  for (const [name, value] of Object.entries(wanted)) {
    if (name === 'signal' || (isParameter(name) && value === undefined)) continue
    if (!isParameter(name) || !known.includes(name))
      throw invalidOptionError(`no parameters but ${known.join(', ')}, signal`, quote(name))
    CHECKS[name](name, value, { insecureHttp: false })
  }
  return pickParameters({ ...own, ...withValues(wanted) })
}

function isParameter(name: string): name is keyof TokenParameters {
  return Object.hasOwn(CHECKS, name)
}

/** The same text for the same parameters, and for no others. */
export function parametersKey({
  tenant,
  scope,
  resource,
  audience,
  parameters,
}: SentParameters): string {
  const further = Object.entries(parameters ?? {}).sort(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([tenant, scope, [resource ?? []].flat(), audience, further])
}

/** The parameters as events carry them, without further ones, which may be secret. */
export function publicParameters({
  parameters: _,
  ...rest
}: SentParameters): Omit<SentParameters, 'parameters'> {
  return rest
}
