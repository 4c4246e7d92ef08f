/* Requires one power of the mandate. */
import type { Power } from '../credential/credential.js'
import { configurationError, type Refusal } from '../kit/errors.js'
import { flag, readOptions, text, texts, type OptionRows } from '../kit/option-rows.js'
import { andThen, given } from '../kit/later.js'
import type { Caller, Requirement } from './requirement.js'
import { equalsIgnoringCase } from './text.js'
import { quote } from '../kit/display.js'

/** A power that a route asks for. */
export type PowerOptions<Request = unknown> = {
  /** Such as `Domain` or `organization`. Default: any. */
  readonly type?: string
  /** Such as `ProductOffering`, `Onboarding`, `Certification`. */
  readonly function: string
  /** Such as `Create`; of several, the one power must have them all. */
  readonly action: string | readonly string[]
  /**
   * Compares letter by letter, as the EUDIStack Issuer does for functions and actions. Default:
   * false, ASCII letters without their case.
   */
  readonly caseSensitive?: boolean
  /**
   * Lets `*` in a power stand for anything, as some DOME services do. Default: false, it is a name
   * like any other.
   */
  readonly wildcard?: boolean
} & (
  | {
      /**
       * Where the power holds: `DOME`, or a tenant; a function takes it from the request, and
       * `undefined` then refuses.
       */
      readonly domain:
        string | ((request: Request) => string | undefined | Promise<string | undefined>)
      readonly anyDomain?: false
    }
  | {
      readonly domain?: never
      /** Accepts powers of every domain, other organisations' tenants included. */
      readonly anyDomain: true
    }
)

interface Criterion {
  readonly name: 'type' | 'domain' | 'function' | 'action'
  readonly fits: (power: Power, domain: string) => boolean
}

const ROWS = {
  type: { check: text, says: 'such as `Domain` or `organization`; default: any' },
  domain: {
    check: checkDomain,
    says: 'where the power holds: a name, or a function of the request',
  },
  anyDomain: { check: flag, default: false, says: 'accepts powers of every domain' },
  function: { check: text, says: 'such as `ProductOffering`' },
  action: { check: texts, says: 'such as `Create`; of several, the one power must have them all' },
  caseSensitive: { check: flag, default: false, says: 'compares letter by letter' },
  wildcard: { check: flag, default: false, says: 'lets `*` in a power stand for anything' },
} as const satisfies OptionRows<PowerOptions<never>>

/**
 * Requires one power of the caller's mandate that has the function, every action, the domain and
 * the type together.
 *
 * Does not look at scopes, the tenant or the kind, and never joins two powers to one. A token
 * without a credential has no powers.
 *
 * @returns the requirement; it refuses with `power_missing`, status 403
 * @throws {GuardError} `invalid_configuration` for a function, action or domain that is missing, or
 *   an unknown option
 * @example
 * ```ts
 * import { requiredPower } from '@verifier-guard/core'
 *
 * const mayPublish = requiredPower({
 *   domain: 'DOME',
 *   function: 'ProductOffering',
 *   action: ['Create', 'Update'],
 * })
 * ```
 */
export function requiredPower<Request = unknown>(
  options: PowerOptions<Request>,
): Requirement<Request> {
  const { domain, criteria, name } = readPower(options)
  const decide = ({ powers, kind }: Caller, wanted: unknown): Refusal | undefined => {
    // A request that names no domain must not match a power that names none.
    if (typeof wanted !== 'string' || wanted === '')
      return refusal(name, 'a request that names no domain')
    if (powers.some((power) => criteria.every(({ fits }) => fits(power, wanted)))) return undefined
    if (kind === 'none') return refusal(name, 'a token without a credential')
    const hint = powers.length === 0 ? NO_POWERS : nearMiss(criteria, powers, wanted)
    return refusal(name, describePowers(powers), hint)
  }
  return Object.freeze({
    name,
    check(caller: Caller, request: Request) {
      if (typeof domain === 'string') return decide(caller, domain)
      return andThen(given(domain(request)), (wanted) => decide(caller, wanted))
    },
  })
}

function readPower<Request>(options: PowerOptions<Request>) {
  const { type, anyDomain, wildcard } = readOptions('options of requiredPower', options, ROWS)
  // These two have no default.
  text('function', options.function)
  texts('action', options.action)
  const { function: of } = options
  const actions = [options.action].flat() as readonly string[]
  const domain = requireDomain(options)
  if (!wildcard) refuseWildcard([type, of, ...actions, anyDomain ? undefined : domain])
  const holds = comparison(options)
  const criteria: readonly (Criterion | false)[] = [
    type !== undefined && { name: 'type', fits: (power) => holds(power.type, type) },
    !anyDomain && { name: 'domain', fits: (power, wanted) => holds(power.domain, wanted) },
    { name: 'function', fits: (power) => holds(power.function, of) },
    {
      name: 'action',
      fits: (power) => actions.every((action) => power.actions.some((held) => holds(held, action))),
    },
  ]
  const place = typeof domain === 'function' ? '<domain of the request>' : domain
  return {
    domain,
    criteria: criteria.filter((criterion) => criterion !== false),
    name: `power ${place}/${of}/${actions.join('+')}`,
  }
}

function requireDomain<Request>({
  domain,
  anyDomain,
}: PowerOptions<Request>): NonNullable<typeof domain> {
  if (anyDomain === true) {
    if (domain === undefined) return '*'
    throw configurationError('"domain" or "anyDomain" of a power', 'both', 'leave one out')
  }
  if (domain !== undefined) return domain
  const hint =
    'without it a power of any tenant would do: name the domain, or say "anyDomain: true"'
  throw configurationError('"domain" of a power', 'none', hint)
}

function checkDomain(name: string, value: unknown): void {
  if (typeof value !== 'function') text(name, value)
}

function refuseWildcard(names: readonly unknown[]): void {
  if (!names.includes('*')) return
  const hint =
    'say "anyDomain: true" to accept every domain, or leave "type" out; "wildcard: true" is for powers that hold "*"'
  throw configurationError('names for a required power', '"*"', hint)
}

function comparison({ caseSensitive, wildcard }: Pick<PowerOptions, 'caseSensitive' | 'wildcard'>) {
  const same =
    caseSensitive === true ? (held: string, wanted: string) => held === wanted : equalsIgnoringCase
  return (held: string | undefined, wanted: string): boolean =>
    held !== undefined && (same(held, wanted) || (wildcard === true && held === '*'))
}

function refusal(expected: string, actual: string, hint?: string): Refusal {
  const reason = { check: 'requirements', expected, actual, ...(hint !== undefined && { hint }) }
  return { code: 'power_missing', reason }
}

const NO_POWERS =
  'if the credential has some, the Verifier dropped them: versions before 2.0.7 drop what they do not know of newer credentials'

/** Powers as `domain/function/action+action`, in one quoted text. */
export function describePowers(powers: readonly Power[]): string {
  if (powers.length === 0) return 'no powers'
  const names = powers.map(
    (power) => `${power.domain ?? '?'}/${power.function ?? '?'}/${power.actions.join('+')}`,
  )
  return quote(names.join(', '))
}

/**
 * What stands between the caller and the right, where it is one thing: most often a domain, or a
 * name written otherwise.
 */
function nearMiss(
  criteria: readonly Criterion[],
  powers: readonly Power[],
  wanted: string,
): string | undefined {
  for (const power of powers) {
    const missed = criteria.filter(({ fits }) => !fits(power, wanted))
    if (missed.length === 1) return `one power fits but for its ${missed[0]!.name}`
  }
  return undefined
}
