import { describeClock, isClockOff } from './clock.js'
import type { MachineCredential } from './credential.js'
import { printable, quote } from './display.js'
import type { ChecklistItem } from './errors.js'
import type { SentParameters } from './parameters.js'

/** What an authorization server said when it refused. */
export interface Refusal {
  readonly status: number
  readonly oauthError: string | undefined
  /** Whether the body was empty. */
  readonly isBare: boolean
  /** How far this machine is ahead of the server, in milliseconds, if the answer says. */
  readonly clockOffset: number | undefined
}

/** What is known on this side about the causes of a refusal. */
export type Checklist = (refusal: Refusal, parameters: SentParameters) => readonly ChecklistItem[]

type CheckName = ChecklistItem['check']
/** What can be the matter with a machine that has a credential. */
type MachineCheck = Exclude<CheckName, 'secret' | 'binding'>

/**
 * How far the request came, as the real Verifiers (1.3 to 3.0) answer it: `invalid_client` with 401
 * is client authentication alone, and an empty 403 comes after it.
 */
type Stage = 'grant' | 'authentication' | 'presentation' | 'validity' | 'unknown'

/** The causes that are left at each stage, for a machine with a credential. */
const LEFT: Readonly<Record<Stage, readonly MachineCheck[]>> = {
  grant: ['grant'],
  authentication: ['clock', 'audience', 'registration'],
  presentation: [
    'registration',
    'clock',
    'key',
    'validity',
    'encoding',
    'audience',
    'certificate',
    'confirmation',
    'mandator',
    'revocation',
    'lists',
  ],
  validity: ['clock', 'validity', 'revocation'],
  unknown: [
    'clock',
    'key',
    'validity',
    'encoding',
    'audience',
    'tenant',
    'certificate',
    'confirmation',
    'mandator',
    'revocation',
    'registration',
    'lists',
  ],
}

/** Says base64url for `vp_token` and the token endpoint for `aud`, unlike the Verifier's code. */
const GUIDE = "EUDIStack's Spanish guide"

interface Facts {
  readonly credential: MachineCredential
  readonly issuer: string
  readonly audience: string
  readonly refusal: Refusal
  readonly stage: Stage
  readonly tenant: string | undefined
}

type Finding = Pick<ChecklistItem, 'verdict' | 'detail'>

/** What is known of each cause. */
const FINDINGS: Readonly<Record<MachineCheck, (facts: Facts) => Finding>> = {
  grant: () => NO_GRANT,
  clock: ({ refusal }) => clock(refusal),
  key: () => passed('the presentation is signed with the key the credential is bound to'),
  validity: ({ credential }) =>
    passed(`the credential is in its validity window${until(credential)}`),
  encoding: () =>
    passed(`"vp_token" is standard Base64, as the Verifier reads it; ${GUIDE} says base64url`),
  audience: machineAudience,
  tenant: ({ credential, tenant }) => tenantFinding(credential.domains, tenant),
  certificate: certificateFinding,
  confirmation: ({ credential }) =>
    credential.hasConfirmationKey
      ? passed('the credential names its key in "cnf.jwk"')
      : unknown('the credential has no "cnf.jwk", and Verifier 3.0 refuses it for that'),
  mandator: () =>
    unknown(
      "is the mandator's organization on the Verifier's list of trusted issuers? Verifiers before 3.1.5 want it there",
    ),
  revocation: () =>
    unknown('ask the issuer whether the credential was revoked, or its issuer lost trust'),
  registration: ({ stage }) => REGISTRATION[stage] ?? REGISTRATION.unknown,
  lists: () =>
    unknown(
      "a list of the Verifier's own may be out of its reach (trusted issuers, revoked credentials, status): see its log",
    ),
}

const NO_GRANT = failed(
  'this server has no client_credentials grant; FIWARE VCVerifier has "vp_token" and token exchange alone, which this client does not do',
)

const REGISTRATION: Readonly<Partial<Record<Stage, Finding>> & { unknown: Finding }> = {
  authentication: unknown(
    '401 invalid_client means that the client was not recognised: is the mandatee id registered there, with this key?',
  ),
  presentation: passed(
    'an empty 403 comes after client authentication: the client is registered, and its signature holds',
  ),
  unknown: unknown(
    'Verifiers before 3.2.1 know registered clients only: is the mandatee id registered?',
  ),
}

/**
 * The checklist of a machine with a credential.
 *
 * A Verifier hides most reasons (up to 3.2 an empty 403, later `invalid_client` for nearly
 * everything), so the client says which of them it has ruled out.
 */
export function presentationChecklist(
  credential: MachineCredential,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
): Checklist {
  return (refusal, { tenant }) => {
    const stage = stageOf(refusal)
    const facts: Facts = { credential, issuer, audience, refusal, stage, tenant }
    return LEFT[stage].map((check) => item(check, FINDINGS[check](facts)))
  }
}

/** The checklist of a client that is registered with a key. */
export function registeredKeyChecklist(audience: string): Checklist {
  return (refusal) => [
    ...grantItems(refusal),
    item('clock', clock(refusal)),
    item('audience', statedAudience(audience)),
    item(
      'registration',
      unknown(
        'is the client registered there with this key, for private_key_jwt and client_credentials?',
      ),
    ),
  ]
}

/** The checklist of a client with a secret. */
export const secretChecklist: Checklist = (refusal) => [
  ...grantItems(refusal),
  item(
    'secret',
    unknown(
      'is the secret current, and sent as the client is registered? "clientAuthentication" changes that',
    ),
  ),
  item('registration', unknown('is the client registered there, for client_credentials?')),
]

/** The checklist of a client that shows a certificate. */
export const certificateChecklist: Checklist = (refusal) => [
  ...grantItems(refusal),
  item(
    'registration',
    unknown(
      'is the client registered there with this certificate, for tls_client_auth or self_signed_tls_client_auth?',
    ),
  ),
]

function grantItems(refusal: Refusal): readonly ChecklistItem[] {
  const binding = OF_BINDINGS.has(refusal.oauthError ?? '') ? [item('binding', BINDING)] : []
  return stageOf(refusal) === 'grant' ? [item('grant', NO_GRANT)] : binding
}

/** What servers say to a client that must bind its tokens and does not, or not in their way. */
const OF_BINDINGS = new Set(['invalid_grant', 'invalid_request', 'invalid_dpop_proof'])

const BINDING = unknown(
  'is the client registered for bound tokens there? Those need "dpop", or "mtls" with its certificate',
)

function stageOf({ status, oauthError, isBare }: Refusal): Stage {
  if (oauthError === 'unsupported_grant_type') return 'grant'
  if (oauthError === 'invalid_grant') return 'validity'
  if (oauthError === 'invalid_client' && status === 401) return 'authentication'
  return status === 403 && isBare ? 'presentation' : 'unknown'
}

function clock({ clockOffset: offset }: Refusal): Finding {
  const detail = describeClock(offset)
  if (offset === undefined) return unknown(detail)
  return isClockOff(offset) ? failed(detail) : passed(detail)
}

function machineAudience({ audience, issuer, stage }: Facts): Finding {
  if (audience === issuer)
    return stage === 'presentation' ? passed('"aud" is the issuer') : statedAudience(audience)
  if (audience === new URL(issuer).origin) {
    const detail = '"aud" is the bare origin, which Verifiers take of unregistered machines alone'
    return stage === 'authentication' ? failed(detail) : unknown(detail)
  }
  const guide = audience.startsWith(`${issuer}/`)
    ? `; the token endpoint, as ${GUIDE} has it, is wrong`
    : ''
  return failed(`"aud" is ${quote(audience)}, but the issuer is ${quote(issuer)}${guide}`)
}

function statedAudience(audience: string): Finding {
  return unknown(
    `"aud" is ${quote(audience)}, and the server compares it with its own issuer, character by character`,
  )
}

function certificateFinding({ credential: { hasCertificate, algorithm }, stage }: Facts): Finding {
  if (!hasCertificate) {
    const detail = 'the header of the credential has no "x5c", and Verifiers up to 3.0 want it'
    return stage === 'presentation' ? failed(detail) : unknown(detail)
  }
  const signed = `the credential is signed with ${printable(algorithm ?? 'no known algorithm')}`
  return unknown(`${signed}: Verifiers 1 and 2 take RSA keys alone, 3.0 takes EC keys alone`)
}

function tenantFinding(domains: readonly string[], tenant: string | undefined): Finding {
  if (tenant === undefined) return unknown('no X-Tenant is sent; the host name decides')
  const shown = printable(tenant)
  if (domains.some((domain) => domain.toLowerCase() === tenant.toLowerCase()))
    return passed(`a power of the credential is for the tenant ${shown}`)
  const others = printable(domains.join(', ')) || 'none'
  return failed(`no power of the credential is for the tenant ${shown}; they are for ${others}`)
}

function until({ validUntil }: MachineCredential): string {
  return validUntil === undefined ? '' : `, until ${new Date(validUntil).toISOString()}`
}

function passed(detail: string): Finding {
  return { verdict: 'passed', detail }
}

function failed(detail: string): Finding {
  return { verdict: 'failed', detail }
}

function unknown(detail: string): Finding {
  return { verdict: 'unknown', detail }
}

function item(check: CheckName, finding: Finding): ChecklistItem {
  return Object.freeze({ check, ...finding })
}
