/* Requires that the token was issued for the tenant of the request. */
import type { Refusal } from '../kit/errors.js'
import type { Power } from '../credential/credential.js'
import { callable, flag, readOptions, text, type OptionRows } from '../kit/option-rows.js'
import { andThen, given } from '../kit/later.js'
import type { Caller, Requirement } from './requirement.js'
import { equalsIgnoringCase } from './text.js'
import { quote } from '../kit/display.js'

/** Where a caller's tenant is read from. */
export interface TenantOptions {
  /**
   * Compares letter by letter. Default: false, ASCII letters without their case: look data up by
   * the token's tenant, never as the request spells it.
   */
  readonly caseSensitive?: boolean
  /**
   * Leaves `-stg`, `-dev` and `-pre` at the end of both names out of the comparison, as the
   * EUDIStack Issuer does with host names. Default: false.
   */
  readonly stripEnvironmentSuffix?: boolean
  /**
   * Takes the tenant of a token without one from its powers, if they all name one domain: for
   * Verifiers before 3.0. Default: false.
   */
  readonly fromPowerDomain?: boolean
}

/**
 * What frameworks say of a part of a request, some of them for a path as well as for a field that
 * may be repeated.
 */
type Named = string | readonly string[] | undefined | null

/**
 * The tenant that a route belongs to: a fixed one, or what the request says. Whatever is no string,
 * a list included, refuses.
 */
export type TenantSource<Request> = string | ((request: Request) => Named | Promise<Named>)

const ROWS = {
  caseSensitive: { check: flag, default: false, says: 'compares letter by letter' },
  stripEnvironmentSuffix: {
    check: flag,
    default: false,
    says: 'leaves `-stg`, `-dev` and `-pre` at the end of both names out of the comparison',
  },
  fromPowerDomain: {
    check: flag,
    default: false,
    says: 'takes the tenant of a token without one from its powers, if they all name one domain',
  },
} as const satisfies OptionRows<TenantOptions>

// Something must be left: two names that are nothing but a suffix are not the same tenant.
const ENVIRONMENT = /(?<=.)-(?:stg|dev|pre)$/i

/**
 * Requires that the token was issued for the tenant that the request is about.
 *
 * ASCII letters count without their case unless `caseSensitive` is set: `KPMG` and `kpmg` are one
 * tenant. Look its data up by the token's tenant (`auth.tenant`), never by the request's spelling,
 * which is the caller's choice.
 *
 * Refuses a token without a tenant, and a request that names none. Does not tell which powers the
 * caller has there: a power has a domain of its own. Source: the `tenant` claim of Verifier 3.x.
 *
 * @param tenant a name, or a function that takes it from the request; take it from where the caller
 *   can't choose another tenant's data
 * @returns the requirement; it refuses with `tenant_mismatch`, status 403
 * @throws {GuardError} `invalid_configuration` for an empty tenant or an unknown option
 * @example
 * ```ts
 * import { requiredTenant } from '@verifier-guard/core'
 *
 * const ofThisTenant = requiredTenant(
 *   (request: Request) => new URL(request.url).hostname.split('.')[0],
 * )
 * ```
 */
export function requiredTenant<Request = unknown>(
  tenant: TenantSource<Request>,
  options: TenantOptions = {},
): Requirement<Request> {
  const settings = readOptions('options of requiredTenant', options, ROWS)
  if (typeof tenant === 'string') {
    text('tenant', tenant)
    return Object.freeze({
      name: `tenant ${tenant}`,
      check: (caller: Caller) => compare(tenant, caller, settings),
    })
  }
  callable('tenant', tenant)
  return Object.freeze({
    name: 'tenant of the request',
    check(caller: Caller, request: Request) {
      return andThen(given(tenant(request)), (wanted) => compare(wanted, caller, settings))
    },
  })
}

function compare(
  wanted: unknown,
  { tenant, powers }: Caller,
  options: TenantOptions,
): Refusal | undefined {
  const same =
    options.caseSensitive === true
      ? (one: string, other: string) => one === other
      : equalsIgnoringCase
  const held = tenant || (options.fromPowerDomain ? onlyDomain(powers, same) : undefined)
  if (typeof wanted !== 'string' || wanted === '')
    return refusal('a request that names its tenant', notOne(wanted))
  if (held === undefined)
    return refusal(`the tenant ${quote(wanted)}`, 'a token without a tenant', missingHint(options))
  const bare = (name: string) =>
    options.stripEnvironmentSuffix ? name.replace(ENVIRONMENT, '') : name
  if (same(bare(wanted), bare(held))) return undefined
  const hint = equalsIgnoringCase(bare(wanted), bare(held))
    ? 'they differ in case alone'
    : undefined
  return refusal(`the tenant ${quote(wanted)}`, quote(held), hint)
}

function notOne(wanted: unknown): string {
  return Array.isArray(wanted) ? 'a list' : 'none'
}

/** The domain of the powers where it is the same in all that name one. */
function onlyDomain(
  powers: readonly Power[],
  same: (one: string, other: string) => boolean,
): string | undefined {
  const domains = powers.flatMap(({ domain }) => domain ?? [])
  const [first] = domains
  return first !== undefined && domains.every((domain) => same(domain, first)) ? first : undefined
}

function missingHint({ fromPowerDomain }: TenantOptions): string | undefined {
  return fromPowerDomain
    ? undefined
    : 'Verifiers before 3.0 state no tenant: "fromPowerDomain" takes it from the powers'
}

function refusal(expected: string, actual: string, hint?: string): Refusal {
  const reason = { check: 'requirements', expected, actual, ...(hint !== undefined && { hint }) }
  return { code: 'tenant_mismatch', reason }
}
