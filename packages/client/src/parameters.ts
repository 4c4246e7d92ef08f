import { invalidOption } from './errors.js'

/** What a token is asked for; a token source keeps one token for each distinct set. */
export interface TokenParameters {
  /**
   * Sent as `X-Tenant` (Verifier 3.3): letters, digits, `_` and `-`. Default: the first power
   * domain of the credential.
   */
  readonly tenant?: string
  /** Scopes separated by spaces. Verifiers ignore it: they decide by the credential. */
  readonly scope?: string
  /** The API the token is for (RFC 8707). */
  readonly resource?: string
  /** The API the token is for, for authorization servers with an `audience` parameter. */
  readonly audience?: string
}

const NAMES = ['tenant', 'scope', 'resource', 'audience'] as const

const TENANT = /^[a-zA-Z0-9_-]+$/

/**
 * Whether a Verifier reads a tenant of this form from `X-Tenant`; of any other it would take the
 * host's, without a word.
 */
export function isTenant(text: string): boolean {
  return TENANT.test(text)
}

/** Just the parameters among the members of an object, those without a value left out. */
export function pickParameters(from: {
  readonly [Name in keyof TokenParameters]?: unknown
}): TokenParameters {
  const given = NAMES.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])
  return Object.freeze(Object.fromEntries(given) as TokenParameters)
}

/**
 * Refuses parameters that no request could carry, before one fails on them.
 *
 * @throws {TokenSourceError} `invalid_option`.
 */
export function checkParameters(parameters: TokenParameters): TokenParameters {
  for (const name of NAMES) {
    const value: unknown = parameters[name]
    if (name === 'tenant' && value !== undefined) checkTenant(value)
    if (value !== undefined && typeof value !== 'string')
      throw invalidOption(`a text as \`${name}\``, typeof value)
  }
  return parameters
}

/**
 * Reads what a caller wants a token for.
 *
 * @throws {TokenSourceError} `invalid_option`, also for a parameter of another name: a token for
 *   something else would be the answer to a typing error.
 */
export function readParameters(wanted: object): TokenParameters {
  const unknown = Object.keys(wanted).find(
    (name) => name !== 'signal' && !NAMES.includes(name as 'scope'),
  )
  if (unknown !== undefined)
    throw invalidOption(`no parameters but ${NAMES.join(', ')} and signal`, `\`${unknown}\``)
  return checkParameters(pickParameters(wanted))
}

/** The same text for the same parameters, and for no others. */
export function parametersKey(parameters: TokenParameters): string {
  return JSON.stringify(NAMES.map((name) => parameters[name] ?? null))
}

function checkTenant(tenant: unknown): void {
  if (typeof tenant === 'string' && isTenant(tenant)) return
  throw invalidOption(
    'letters, digits, `_` and `-` in `tenant`',
    tenant === '' ? 'an empty text' : 'something else',
  )
}
