/* Requires scopes of the token. */
import { configurationError } from '../kit/errors.js'
import { oneOf, readOptions, type OptionRows } from '../kit/option-rows.js'
import type { Caller, Requirement } from './requirement.js'
import { quote, enumerate } from '../kit/display.js'

/** How scopes are counted. */
export interface ScopesOptions {
  /** Whether the token needs every scope or one of them. Default: `all`. */
  readonly match?: 'all' | 'any'
}

const ROWS = {
  match: {
    check: oneOf('all', 'any'),
    default: 'all',
    says: 'whether the token needs every scope or one of them',
  },
} as const satisfies OptionRows<ScopesOptions>

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ); anything else could also break out
// of the challenge.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/**
 * Requires scopes of the token (`scope` or `scp`), compared letter by letter (RFC 6749 §3.3).
 *
 * Does not look at powers. The Java Verifiers put the same scopes into every token of a kind: with
 * them, powers are what restricts access.
 *
 * @param scopes one, several separated by spaces, or a list
 * @returns the requirement; it refuses with `scope_missing`, status 403
 * @throws {GuardError} `invalid_configuration` for no scope, or one with characters that no scope
 *   can have
 * @example
 * ```ts
 * import { requiredScopes } from '@verifier-guard/core'
 *
 * const mayWrite = requiredScopes('orders:read orders:write')
 * const mayRead = requiredScopes(['orders:read', 'orders:admin'], { match: 'any' })
 * ```
 */
export function requiredScopes(
  scopes: string | readonly string[],
  options: ScopesOptions = {},
): Requirement {
  const { match } = readOptions('options of requiredScopes', options, ROWS)
  const wanted = scopesOf(scopes)
  const expected =
    wanted.length === 1 ? `scope "${wanted[0]}"` : `${match} of the scopes ${enumerate(wanted)}`
  return Object.freeze({
    name: expected,
    scope: wanted,
    check({ scopes: held, claims }) {
      const holds = (scope: string) => held.includes(scope)
      if (match === 'all' ? wanted.every(holds) : wanted.some(holds)) return undefined
      const reason = {
        check: 'requirements',
        expected,
        actual: quote(held.join(' ')),
        hint: hintFor(claims),
      }
      return { code: 'scope_missing', reason }
    },
  } satisfies Requirement)
}

function hintFor({ scope, scp }: Caller['claims']): string {
  if (scope !== undefined && scp !== undefined)
    return 'the token has both "scope" and "scp", and only "scope" is read then: let the Verifier write one of them'
  if (scope === undefined && scp === undefined)
    return 'the token has neither "scope" nor "scp": ask for other rights, or have the Verifier write scopes'
  if (typeof scope === 'string' && scope.split(' ').includes('learcredential'))
    return 'these Verifiers write the same scopes into every token: what tells callers apart is their powers, see requiredPower'
  return 'the caller has to ask the Verifier for it, and to be allowed it there'
}

function scopesOf(scopes: unknown): readonly string[] {
  const list: readonly unknown[] =
    typeof scopes === 'string' ? scopes.split(' ').filter((scope) => scope !== '') : asList(scopes)
  const unfit = list.find((scope) => typeof scope !== 'string' || !SCOPE.test(scope))
  if (list.length > 0 && unfit === undefined && !list.includes(undefined))
    return Object.freeze([...new Set(list as readonly string[])])
  const found = list.length === 0 ? 'none' : quote(unfit)
  throw configurationError(
    'scopes in printable ASCII without spaces and quotes',
    found,
    'pass a text such as "orders:read orders:write", or a list',
  )
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}
