import type { CredentialStatus } from '../credential/credential.js'
import { configurationError, printable, quote } from '../kit/errors.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'
import { createStatusLists, type StatusLists, type TrustedLists } from '../status/status.js'
import { LIST_FORMS } from '../status/forms.js'
import type { Holding } from '../status/held-list.js'
import { requireOptions, requireSwitches } from './arguments.js'
import type { Caller, Outcome, Refusal, Requirement } from './requirement.js'

/** How the status of a credential is looked up. */
export interface StatusOptions {
  /**
   * Where lists may be fetched from, and by whom they must be signed there. A credential that names
   * another place is refused.
   */
  readonly lists: readonly TrustedLists[]
  /**
   * What becomes of a credential that states no status, or one of a form that can't be looked up.
   * Default: `refuse`.
   */
  readonly unlisted?: 'refuse' | 'accept'
  /**
   * What becomes of requests while a list can't be had: refused, or let through for so many seconds
   * on the last list, or on none. Default: `closed`.
   */
  readonly unavailable?: 'closed' | { readonly openFor: number }
  /**
   * Age in seconds at which a list is fetched again: how long a revocation may go unnoticed.
   * Default: 300.
   */
  readonly maxAge?: number
  /** Accepts plain http beyond this machine. Default: false. */
  readonly allowInsecureHttp?: boolean
  /** Default: the process' own clocks and `fetch`. */
  readonly runtime?: Runtime
}

/** What becomes of a credential that can't be looked up. */
type Unlisted = (actual: string) => Refusal | undefined

const NAME = 'a credential that is not revoked'

/**
 * Purposes for which a set status stops a credential; others, such as `message`, only say something
 * about it.
 */
const STOPPING: readonly (string | undefined)[] = ['revocation', 'suspension', undefined]
const INDEX = /^(?:0|[1-9]\d{0,9})$/
const OPTIONS = ['lists', 'unlisted', 'unavailable', 'maxAge', 'allowInsecureHttp', 'runtime']

/**
 * Requires that the credential behind the token is neither revoked nor suspended by now: a token
 * outlives a revocation by up to its own lifetime.
 *
 * Reads the Bitstring Status List (W3C) and the Token Status List (IETF). Makes no request while it
 * holds the list, which it fetches again ahead of its age. Does not check the credential's validity
 * window, nor the legacy lists of DOME (`PlainListEntity`), which nobody signs. Tokens of Verifier
 * 3.0 carry no status at all, and are refused unless `unlisted` says otherwise.
 *
 * Make it once and share it among routes: each one made keeps lists of its own.
 *
 * @throws {GuardError} `invalid_configuration`
 * @example
 * ```ts
 * import { allOf, requiredPower, requiredStatus } from '@verifier-guard/core'
 *
 * const notRevoked = requiredStatus({
 *   lists: [
 *     {
 *       url: 'https://issuer.example.org/',
 *       keys: {
 *         keys: [
 *           {
 *             kty: 'EC',
 *             crv: 'P-256',
 *             x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
 *             y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
 *           },
 *         ],
 *       },
 *     },
 *   ],
 * })
 * const mayPublish = allOf(
 *   requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
 *   notRevoked,
 * )
 * ```
 */
export function requiredStatus(options: StatusOptions): Requirement {
  const { unlisted, statusLists } = prepare(options)
  const checkOne = (entry: CredentialStatus) => checkEntry(entry, statusLists, unlisted)
  return Object.freeze({
    name: NAME,
    check({ credential }: Caller): Outcome {
      const entries = credential?.status.filter(({ purpose }) => STOPPING.includes(purpose)) ?? []
      if (entries.length === 0) return unlisted('a credential that states no status')
      return firstRefusal(entries.map(checkOne))
    },
  })
}

function checkEntry(
  entry: CredentialStatus,
  statusLists: StatusLists,
  unlisted: Unlisted,
): Outcome {
  const { type, list, index = '' } = entry
  const form = LIST_FORMS.find((one) => one.entry === type)
  if (form === undefined) return unlisted(`a status of the type ${quote(type)}`)
  if (list === undefined || !INDEX.test(index))
    return refusal('a status entry without a list or an index')
  const held = statusLists(list, form)
  if (held === undefined)
    return refusal(`a status list at ${quote(list)}`, 'add its address to "lists" if you trust it')
  const holding = held.get()
  return holding instanceof Promise
    ? holding.then((late) => judge(late, entry))
    : judge(holding, entry)
}

function judge(
  holding: Holding,
  { list: url, index, purpose }: CredentialStatus,
): Refusal | undefined {
  if ('open' in holding) return undefined
  if ('unavailable' in holding) {
    const reason = {
      check: 'status',
      expected: `the status list ${printable(`${url}`)}`,
      actual: holding.unavailable,
    }
    return { code: 'status_unavailable', reason, retryAfter: holding.retryAfter }
  }
  if (!holding.list.serves(purpose))
    return refusal(`a status list for other purposes than ${quote(purpose)}`)
  const status = holding.list.at(Number(index))
  if (status === 0) return undefined
  if (status === undefined) return refusal('an index beyond the status list')
  const reason = {
    check: 'status',
    expected: NAME,
    actual: `status ${status} of ${printable(`${url} (${purpose ?? 'no purpose'})`)}`,
  }
  return { code: 'credential_revoked', reason }
}

function refusal(actual: string, hint?: string): Refusal {
  return {
    code: 'rule_unmet',
    reason: { check: 'status', expected: NAME, actual, ...(hint !== undefined && { hint }) },
  }
}

/** At once where every list is at hand. */
function firstRefusal(outcomes: readonly Outcome[]): Outcome {
  const pending = outcomes.filter((outcome) => outcome instanceof Promise)
  if (pending.length === 0) return outcomes.find((outcome) => outcome !== undefined)
  return Promise.all(outcomes.map((outcome) => Promise.resolve(outcome))).then((settled) =>
    settled.find((outcome) => outcome !== undefined),
  )
}

function prepare(options: StatusOptions): {
  readonly statusLists: StatusLists
  readonly unlisted: Unlisted
} {
  requireOptions('requiredStatus', options, OPTIONS)
  requireSwitches(options, ['allowInsecureHttp'])
  const {
    lists,
    unlisted = 'refuse',
    unavailable = 'closed',
    maxAge = 300,
    runtime = systemRuntime,
  } = options
  if (unlisted !== 'refuse' && unlisted !== 'accept')
    throw configurationError(
      '"unlisted" to be "refuse" or "accept"',
      quote(unlisted),
      'leave it out for "refuse"',
    )
  const openFor =
    unavailable === 'closed' ? 0 : requireSeconds('unavailable.openFor', unavailable?.openFor)
  const limits = { maxAge: requireSeconds('maxAge', maxAge) * 1_000, openFor: openFor * 1_000 }
  const hint =
    'Verifier 3.0 puts no status into its tokens, and first-generation credentials have none: "unlisted: \'accept\'" lets those pass'
  return {
    statusLists: createStatusLists(lists, options.allowInsecureHttp === true, limits, runtime),
    unlisted: unlisted === 'accept' ? () => undefined : (actual) => refusal(actual, hint),
  }
}

function requireSeconds(name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value
  throw configurationError(
    `"${name}" as a number of seconds`,
    quote(value),
    'state a number above zero',
  )
}
