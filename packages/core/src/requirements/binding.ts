/* Requires that the token is bound to a key of its caller. */
import { quote } from '../kit/display.js'
import { configurationError, type Refusal, type Scheme } from '../kit/errors.js'
import type { Confirmation } from '../rules/confirmation.js'
import type { Caller, Requirement } from './requirement.js'

/** What a token may be bound to. */
export type BindingKind = 'dpop' | 'certificate' | 'any'

/** What each kind asks for, and which scheme the challenge offers. */
const BINDINGS: Readonly<
  Record<
    BindingKind,
    {
      readonly name: string
      readonly members: readonly ('jkt' | 'x5tS256')[]
      readonly schemes?: readonly Scheme[]
    }
  >
> = {
  dpop: { name: 'a token bound to a DPoP key', members: ['jkt'], schemes: ['DPoP'] },
  certificate: { name: 'a token bound to a client certificate', members: ['x5tS256'] },
  any: { name: 'a token bound to a key', members: ['jkt', 'x5tS256'] },
}

/**
 * Requires that the token is bound to a key, which the request has shown: a stolen token alone is
 * of no use on such a route.
 *
 * Checks no proof itself: the resource server has done so for every bound token. It needs its
 * option `resource` for DPoP and `certificate` for certificates, and refuses bound tokens without.
 *
 * @param kind `dpop` for a DPoP key, `certificate` for a client certificate, `any` for either
 * @returns the requirement; it refuses with `token_not_bound`, status 401
 * @throws {GuardError} `invalid_configuration` for another kind
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @example
 * ```ts
 * import { createResourceServer, requiredBinding } from '@verifier-guard/core'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://as.example.org',
 *   audience: 'https://orders.example.org',
 *   resource: 'https://orders.example.org',
 * })
 * const boundOnly = requiredBinding('dpop')
 *
 * export const pay = (request: Request) => resourceServer.authenticate(request, boundOnly)
 * ```
 */
export function requiredBinding(kind: BindingKind): Requirement {
  if (!Object.hasOwn(BINDINGS, kind))
    throw configurationError(
      'requiredBinding("dpop"), ("certificate") or ("any")',
      quote(kind),
      'name what the token must be bound to',
    )
  const { name, members, schemes } = BINDINGS[kind]
  const isMet = (confirmation: Confirmation | undefined) =>
    members.some((member) => confirmation?.[member] !== undefined)
  return Object.freeze<Requirement>({
    name,
    check({ confirmation }: Caller): Refusal | undefined {
      if (isMet(confirmation)) return undefined
      const actual = confirmation === undefined ? 'a bearer token' : 'one bound to another key'
      const hint = 'the client must ask the authorization server for such a token'
      const reason = { check: 'requirements', expected: name, actual, hint }
      return { code: 'token_not_bound', reason, ...(schemes !== undefined && { schemes }) }
    },
  })
}
