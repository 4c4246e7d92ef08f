import type { MachineCredential } from './credential.js'
import type { ChecklistItem } from './errors.js'
import type { TokenParameters } from './parameters.js'
import { printable } from './display.js'

/**
 * What is known on this side about the causes of a refusal, for a request with a presentation.
 *
 * A Verifier hides most reasons (up to 3.2 an empty 403, later `invalid_client` for nearly
 * everything), so the client says which of them it has ruled out.
 */
export function presentationChecklist(
  credential: MachineCredential,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
  { tenant }: TokenParameters,
): readonly ChecklistItem[] {
  return [
    item('key', 'passed', 'the presentation is signed with the key the credential is bound to'),
    item('validity', 'passed', `the credential is in its validity window${window(credential)}`),
    item('encoding', 'passed', '"vp_token" is standard Base64 with padding'),
    isTaken(audience, issuer) ? audienceItem(audience) : wrongAudience(audience, issuer),
    tenantItem(credential.domains, tenant),
    item(
      'revocation',
      'unknown',
      'ask the issuer whether the credential was revoked, or its issuer lost trust',
    ),
    item(
      'registration',
      'unknown',
      'Verifiers before 3.2.1 know registered clients only: is the mandatee id registered?',
    ),
  ]
}

/** The same for a client that is registered with a key or a secret. */
export function registeredClientChecklist(audience: string): readonly ChecklistItem[] {
  return [
    audienceItem(audience),
    item(
      'registration',
      'unknown',
      'is the client registered there with this key or secret, this authentication method and this grant?',
    ),
  ]
}

function audienceItem(audience: string): ChecklistItem {
  return item(
    'audience',
    'unknown',
    `"aud" of the assertion is ${printable(audience)}; the server compares it with its own issuer, character by character`,
  )
}

/**
 * Verifiers that live under a path take their bare origin as well, and none takes the token
 * endpoint.
 */
function isTaken(audience: string, issuer: string): boolean {
  return audience === issuer || audience === new URL(issuer).origin
}

function wrongAudience(audience: string, issuer: string): ChecklistItem {
  return item(
    'audience',
    'failed',
    `"aud" of the assertion is ${printable(audience)}, but the issuer is ${printable(issuer)}`,
  )
}

function tenantItem(domains: readonly string[], tenant: string | undefined): ChecklistItem {
  if (tenant === undefined)
    return item('tenant', 'unknown', 'no X-Tenant is sent; the host name decides')
  const known = domains.some((domain) => domain.toLowerCase() === tenant.toLowerCase())
  if (known)
    return item(
      'tenant',
      'passed',
      `a power of the credential is for the tenant ${printable(tenant)}`,
    )
  return item(
    'tenant',
    'failed',
    `no power of the credential is for the tenant ${printable(tenant)}; they are for ${printable(domains.join(', ')) || 'none'}`,
  )
}

function window({ validUntil }: MachineCredential): string {
  return validUntil === undefined ? '' : `, until ${new Date(validUntil).toISOString()}`
}

function item(
  check: ChecklistItem['check'],
  verdict: ChecklistItem['verdict'],
  detail: string,
): ChecklistItem {
  return Object.freeze({ check, verdict, detail })
}
