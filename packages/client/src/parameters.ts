/** What a token is asked for; a token source keeps one token for each distinct set. */
export interface TokenParameters {
  /** Sent as `X-Tenant` (Verifier 3.3); default: the first power domain of the credential. */
  readonly tenant?: string
  /** Scopes separated by spaces. Verifiers ignore it: they decide by the credential. */
  readonly scope?: string
  /** The API the token is for (RFC 8707). */
  readonly resource?: string
  /** The API the token is for, for authorization servers with an `audience` parameter. */
  readonly audience?: string
}

const NAMES = ['tenant', 'scope', 'resource', 'audience'] as const

/** Just the parameters among the members of an object, those without a value left out. */
export function pickParameters(from: { readonly [Name in keyof TokenParameters]?: unknown }): TokenParameters {
  const given = NAMES.filter((name) => typeof from[name] === 'string').map((name) => [name, from[name]])
  return Object.freeze(Object.fromEntries(given) as TokenParameters)
}

/** The same text for the same parameters, and for no others. */
export function parametersKey(parameters: TokenParameters): string {
  return JSON.stringify(NAMES.map((name) => parameters[name] ?? null))
}
