/* Requires that the credential is neither revoked nor suspended. */
import { oneOf, readOptions, type OptionRows } from '../kit/option-rows.js'
import { NOT_REVOKED, unmet } from '../status/status.js'
import type { Requirement } from './requirement.js'

/** What is asked of a credential's status. */
export interface StatusOptions {
  /**
   * What becomes of a credential that states no status, or one of a form that can't be looked up.
   * Default: `refuse`.
   */
  readonly unlisted?: 'refuse' | 'accept'
}

const ROWS = {
  unlisted: {
    check: oneOf('refuse', 'accept'),
    default: 'refuse',
    says: 'what becomes of a credential whose status cannot be looked up',
  },
} as const satisfies OptionRows<StatusOptions>

const HINT =
  'Verifier 3.0 puts no status into its tokens, and first-generation credentials have none: "unlisted: \'accept\'" lets those pass'

/**
 * Requires that the credential behind the token is neither revoked nor suspended by now: a token
 * outlives a revocation by up to its own lifetime.
 *
 * Asks the status lists of the resource server, its option `status`: the Bitstring Status List
 * (W3C) and the Token Status List (IETF). Makes no request while the list is at hand. Does not
 * check the credential's validity window, nor the legacy lists of DOME (`PlainListEntity`), which
 * carry no signature. Tokens of Verifier 3.0 carry no status at all, and are refused unless
 * `unlisted` says otherwise.
 *
 * @param options see {@link StatusOptions}
 * @returns the requirement; it refuses with `credential_revoked`, status 401, `rule_unmet`, status
 *   403, or `status_unavailable`, status 503
 * @throws {GuardError} `invalid_configuration` for an unknown option; with the request, where the
 *   resource server has no option `status`
 * @example
 * ```ts
 * import { allOf, createResourceServer, requiredPower, requiredStatus } from '@verifier-guard/core'
 *
 * const publicKey = {
 *   kty: 'EC',
 *   crv: 'P-256',
 *   x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
 *   y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
 * }
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 *   status: { lists: [{ url: 'https://issuer.example.org/', keys: { keys: [publicKey] } }] },
 * })
 * const mayPublish = allOf(
 *   requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
 *   requiredStatus(),
 * )
 * ```
 */
export function requiredStatus(options: StatusOptions = {}): Requirement {
  const { unlisted } = readOptions('options of requiredStatus', options, ROWS)
  const answer = unlisted === 'accept' ? () => undefined : (actual: string) => unmet(actual, HINT)
  return Object.freeze<Requirement>({
    name: NOT_REVOKED,
    check: ({ credential }, _request, { statusLists }) => statusLists.check(credential, answer),
  })
}
