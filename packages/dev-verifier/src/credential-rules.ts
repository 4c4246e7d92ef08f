import type { KeyObject } from 'node:crypto'
import { ISSUER_ID, type CredentialIssuer } from './credentials.js'
import { hasValidSignature, isObject, type Json } from './jwt.js'
import type { Presentation } from './presentation.js'
import { applyRules, type Rule } from './refusals.js'
import { show } from './show.js'
import { mandateOf, typesOf } from './tokens.js'

/** An Issuer whose credentials are accepted. */
export interface TrustedIssuer {
  /** `did:elsi:VATES-…`, or the bare organisation identifier. */
  readonly id: string
  readonly publicKey: KeyObject
}

/** What a credential is judged by. */
export interface CredentialContext {
  readonly eligibleTypes: RegExp
  readonly issuer: CredentialIssuer
  readonly trustedIssuers: readonly TrustedIssuer[]
  /** Base URL of the status lists of the embedded Issuer. */
  readonly statusBase: string
  readonly statusListsDown: boolean
  /** The tenant the credential must have a power for; undefined when there is no such rule. */
  readonly tenant: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly mimicLaxity: boolean
}

interface Facts extends Presentation {
  readonly context: CredentialContext
}

const rules: readonly Rule<Facts>[] = [
  {
    refusal: 'credential-type',
    broken: ({ credential, context }) =>
      typesOf(credential).some((type) => context.eligibleTypes.test(type))
        ? undefined
        : `a credential of type ${show(typesOf(credential))} cannot be used with client_credentials; expected ${String(context.eligibleTypes)}`,
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
    broken: ({ credential, context }) =>
      statusListOf(credential) && context.statusListsDown
        ? 'the status lists are made to fail'
        : undefined,
  },
  {
    refusal: 'status-list-unreachable',
    strict: true,
    broken: ({ credential, context }) => {
      const list = statusListOf(credential)
      if (!list || list.uri.startsWith(`${context.statusBase}/`)) return undefined
      return `the development Verifier reads its own status lists only, and passes over others with mimicLaxity; found ${show(list.uri)}`
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
  {
    refusal: 'credential-issuer-untrusted',
    broken: (facts) =>
      trustedKeys(facts).length > 0
        ? undefined
        : `the credential's issuer ${show(issuerOf(facts))} is not on the list of trusted issuers (this Verifier's own is ${ISSUER_ID})`,
  },
  {
    refusal: 'credential-signature',
    broken: (facts) =>
      trustedKeys(facts).some((key) => hasValidSignature(facts.vc, key))
        ? undefined
        : 'the credential is not signed (ES256) by the issuer it names. A credential of an earlier run does not outlive its Verifier',
  },
  {
    refusal: 'tenant-mismatch',
    broken: ({ credential, context: { tenant } }) =>
      tenant === undefined || domainsOf(credential).includes(tenant.toLowerCase())
        ? undefined
        : `no power of the credential is for the tenant ${show(tenant)} of the request; found ${show(domainsOf(credential))}`,
  },
]

/**
 * Checks the machine's credential: type, validity, status, issuer, tenant.
 *
 * @throws Refusal with the reason.
 */
export function checkCredential(presentation: Presentation, context: CredentialContext): void {
  return applyRules(rules, { ...presentation, context }, context.mimicLaxity)
}

function bareId(id: string): string {
  return id.replace(/^did:elsi:/, '')
}

function issuerOf({ vc, credential }: Presentation): string {
  const issuer = credential['issuer'] ?? vc.claims['iss']
  return bareId(String(isObject(issuer) ? issuer['id'] : issuer))
}

function trustedKeys(facts: Facts): KeyObject[] {
  return facts.context.trustedIssuers
    .filter(({ id }) => bareId(id) === issuerOf(facts))
    .map(({ publicKey }) => publicKey)
}

/**
 * A date in ISO 8601 or in seconds, as milliseconds since 1970; NaN, which no comparison lets pass,
 * for anything else.
 */
function dateOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number') return value * 1000
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
