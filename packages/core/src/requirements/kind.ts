/* Requires a kind of actor. */
import { configurationError, type Refusal } from '../kit/errors.js'
import { KINDS, type CallerKind } from '../options/profiles.js'
import type { Caller, Requirement } from './requirement.js'
import { quote } from '../kit/display.js'

/**
 * Requires a kind of actor: a machine or an employee by its credential, or `none` for a token
 * without one.
 *
 * Narrows the `kinds` that the resource server accepts; it can't widen them.
 *
 * @returns the requirement; it refuses with `kind_not_accepted`, status 403
 * @throws {GuardError} `invalid_configuration` for no kind, or an unknown one
 * @example
 * ```ts
 * import { requiredKind } from '@verifier-guard/core'
 *
 * const machinesOnly = requiredKind('machine')
 * ```
 */
export function requiredKind(kinds: CallerKind | readonly CallerKind[]): Requirement {
  const accepted = [kinds].flat() as readonly CallerKind[]
  if (accepted.length === 0 || !accepted.every((kind) => KINDS.includes(kind)))
    throw configurationError(`kinds among ${KINDS.join(', ')}`, quote(kinds), 'name at least one')
  const name = `kind ${accepted.join(' or ')}`
  return Object.freeze({
    name,
    check({ kind }: Caller): Refusal | undefined {
      if (accepted.includes(kind)) return undefined
      const actual = kind === 'none' ? 'a token without a credential' : `kind ${kind}`
      return {
        code: 'kind_not_accepted',
        reason: { check: 'requirements', expected: name, actual },
      }
    },
  })
}
