/*
 * Holds a token to what it is bound to. Confirmation and presented credentials in; returns, or
 * throws. Asked of every request, and never remembered: a proof is for one request alone.
 */
import { Denial } from './kit/errors.js'
import type { Presented } from './presented/authorization.js'
import type { Confirmation } from './rules/confirmation.js'

/**
 * Refuses a bound token, which without a proof of its key is worth as much as a stolen one.
 *
 * @throws {Denial} `token_bound`
 */
export function checkBinding(confirmation: Confirmation | undefined, { scheme }: Presented): void {
  if (confirmation === undefined) return
  const { unsupported } = confirmation
  throw new Denial('token_bound', {
    check: 'binding',
    expected: 'a bearer token',
    actual: `one bound to a key ("cnf"${unsupported === undefined ? '' : `: ${unsupported}`}), as ${scheme}`,
    hint: 'its proof of possession cannot be checked here',
  })
}
