import type { CredentialIssuer } from './credential-issuer.js'
import { isObject, type Json } from './jwt.js'
import type { Presentation } from './presentation.js'
import type { CredentialRules } from './profiles.js'
import { applyRules, type Rule } from './refusals.js'
import { show } from './show.js'
import { mandateOf, typesOf } from './tokens.js'
import { issuerRules, type TrustedIssuer } from './trusted-issuers.js'

/** What a credential is checked against. */
export interface CredentialContext {
  readonly rules: CredentialRules
  readonly issuer: CredentialIssuer
  readonly trustedIssuers: readonly TrustedIssuer[]
  /** Whether a list that the Verifier reads is out of reach. */
  readonly consumeOutage: (list: 'issuers' | 'status') => boolean
  /** Base URL of the status lists of the embedded Issuer. */
  readonly statusBase: string
  /** The tenant the credential must have a power for; undefined when there is no such rule. */
  readonly tenant: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly mimicLaxity: boolean
}

/** A presented credential, and what it is checked against. */
export interface CredentialFacts extends Presentation {
  readonly context: CredentialContext
}

const contentRules: readonly Rule<CredentialFacts>[] = [
  {
    refusal: 'credential-type',
    broken: ({ credential, context: { rules } }) =>
      typesOf(credential).some((type) => rules.types.test(type))
        ? undefined
        : `a credential of type ${show(typesOf(credential))} cannot be used with client_credentials; expected ${String(rules.types)}`,
  },
  {
    refusal: 'credential-validity',
    broken: ({ credential, context: { rules } }) => {
      const needed = 'vct' in credential ? ['nbf', 'exp'] : ['validFrom', 'validUntil']
      const missing = needed.filter((name) => credential[name] === undefined)
      return rules.validity && missing.length > 0
        ? `the credential must have ${needed.join(' and ')}; it has no ${missing.join(', no ')}`
        : undefined
    },
  },
  {
    refusal: 'credential-not-yet-valid',
    broken: ({ vc, credential, context }) => {
      const start = dateOf(
        credential['validFrom'] ?? credential['issuanceDate'] ?? vc.claims['nbf'],
      )
      return start === undefined || start <= context.now
        ? undefined
        : `the credential is valid from ${text(start)} only`
    },
  },
  {
    refusal: 'credential-expired',
    broken: ({ vc, credential, context }) => {
      const end = dateOf(
        credential['validUntil'] ?? credential['expirationDate'] ?? vc.claims['exp'],
      )
      return end === undefined || end > context.now
        ? undefined
        : `the credential was valid until ${text(end)}`
    },
  },
  {
    refusal: 'status-list-unreachable',
    broken: ({ credential, context: { consumeOutage, rules } }) =>
      (rules.revokedIds || statusListOf(credential)) && consumeOutage('status')
        ? 'the status lists are made to fail'
        : undefined,
  },
  {
    refusal: 'status-list-unreachable',
    strict: true,
    broken: ({ credential, context }) => {
      const list = statusListOf(credential)
      if (!list || list.uri.startsWith(`${context.statusBase}/`)) return undefined
      return `the development Verifier reads its own status lists only, and ignores others with mimicLaxity; found ${show(list.uri)}`
    },
  },
  {
    refusal: 'credential-revoked',
    broken: ({ credential, context: { issuer, statusBase } }) => {
      const list = statusListOf(credential)
      const listed =
        list?.uri.startsWith(`${statusBase}/`) === true && issuer.register.revoked.has(list.index)
      const revoked =
        listed || issuer.revokedIds.has(String(credential['id']).replace(/^urn:uuid:/, ''))
      return revoked ? 'the credential has been revoked' : undefined
    },
  },
]

const tenantRule: Rule<CredentialFacts> = {
  refusal: 'tenant-mismatch',
  broken: ({ credential, context: { tenant } }) =>
    tenant === undefined || domainsOf(credential).includes(tenant.toLowerCase())
      ? undefined
      : `no power of the credential is for the tenant ${show(tenant)} of the request; found ${show(domainsOf(credential))}`,
}

/**
 * Checks the machine's credential: type, validity, status, issuer, tenant.
 *
 * @throws Refusal with the reason.
 */
export function checkCredential(presentation: Presentation, context: CredentialContext): void {
  const rules = [...contentRules, ...issuerRules, tenantRule]
  return applyRules(rules, { ...presentation, context }, context.mimicLaxity)
}

/**
 * A date in ISO 8601 or in seconds, as milliseconds since 1970; NaN, which fails every comparison,
 * for anything else.
 */
function dateOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number') return value * 1_000
  return typeof value === 'string' ? Date.parse(value) : NaN
}

function text(time: number): string {
  return Number.isNaN(time) ? 'a date that cannot be read' : new Date(time).toISOString()
}

function statusListOf({
  credentialStatus,
  status,
}: Json): { uri: string; index: number } | undefined {
  const list = [credentialStatus, status]
    .filter(isObject)
    .map((entry) => entry['status_list'])
    .find(isObject)
  if (list) return { uri: String(list['uri']), index: Number(list['idx']) }
  // Lists of the form PlainListEntity cannot be read by Verifiers since 3.0, which take them as not
  // revoked.
  if (!isObject(credentialStatus) || credentialStatus['type'] === 'PlainListEntity')
    return undefined
  return {
    uri: String(credentialStatus['statusListCredential']),
    index: Number(credentialStatus['statusListIndex']),
  }
}

function domainsOf(credential: Json): string[] {
  const powers = mandateOf(credential)['power']
  if (!Array.isArray(powers)) return []
  return powers.filter(isObject).flatMap((power) => {
    const domain = power['domain'] ?? power['tmf_domain']
    return typeof domain === 'string' ? [domain.toLowerCase()] : []
  })
}
