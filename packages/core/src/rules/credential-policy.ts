/*
 * The rules for the credential behind a token: whom it makes the caller, and whether it is valid.
 */
import type { CredentialSummary } from '../credential/credential.js'
import { quote } from '../kit/display.js'
import type { TrustSettings } from '../options/options.js'
import type { CallerKind } from '../options/profiles.js'
import { asList } from './audience.js'
import { at, type Fault, type RuleTable } from './rule.js'

/** Bounds that the application sets, in seconds. */
export interface CredentialLimits {
  readonly clockTolerance: number
  readonly checksCredentialValidity: boolean
}

/** What a rule for the credential looks at. Times in seconds. */
export interface CredentialContext {
  readonly claims: Readonly<Record<string, unknown>>
  readonly credential: CredentialSummary | undefined
  readonly issuer: Pick<TrustSettings, 'audience' | 'clientIds' | 'kinds'>
  readonly now: number
  readonly limits: CredentialLimits
}

/**
 * The rules in the order in which they are asked. A token may outlive its credential by up to an
 * hour, so the validity window is checked here too.
 *
 * Their codes: `audience_mismatch`, `kind_not_accepted`, `credential_expired`.
 */
export const CREDENTIAL_RULES: RuleTable<CredentialContext> = {
  check: 'credential-policy',
  rows: [
    {
      name: 'employee-audience',
      expects: ({ issuer: { clientIds } }) =>
        `"aud" of an employee's token to hold ${clientIds.join(' or ') || 'a client that is configured'}`,
      finds: ({ claims }) => quote(claims['aud']),
      fault: addressedToNoClient,
    },
    {
      name: 'kind',
      expects: ({ issuer: { kinds } }) =>
        kinds === undefined
          ? 'a credential of any kind, or none'
          : `a credential of kind ${kinds.join(' or ')}`,
      finds: (context) => {
        const kind = kindOf(context)
        return kind === 'none' ? 'a token without a credential' : `a credential of kind ${kind}`
      },
      fault: otherKind,
    },
    {
      name: 'credential-validity',
      expects: () => 'a credential within its validity window',
      finds: ({ credential: { validFrom = -Infinity, validUntil = Infinity } = {}, now }) =>
        now < validFrom
          ? `one valid from ${at(validFrom)}`
          : `one valid until ${until(validUntil)}`,
      fault: outsideItsValidity,
    },
  ],
}

function kindOf({ credential }: CredentialContext): CallerKind {
  return credential?.kind ?? 'none'
}

function until(seconds: number): string {
  return seconds === Infinity ? 'any time' : at(seconds)
}

/**
 * Where the application names no audience, an employee's token must be addressed to a configured
 * client. One that is addressed to the Verifier itself, as machines' are, was refreshed with a
 * client id that the Verifier did not check. A machine may come by way of a client, too.
 */
function addressedToNoClient(context: CredentialContext): Fault | undefined {
  const { audience, clientIds } = context.issuer
  if (kindOf(context) !== 'employee' || audience !== undefined) return undefined
  if (asList(context.claims['aud']).some((one) => clientIds.includes(one))) return undefined
  return {
    code: 'audience_mismatch',
    hint: 'list the clients whose users may call in "clientIds"',
  }
}

function otherKind(context: CredentialContext): Fault | undefined {
  const { kinds } = context.issuer
  if (kinds === undefined || kinds.includes(kindOf(context))) return undefined
  return {
    code: 'kind_not_accepted',
    hint: 'name the accepted kinds with "kinds"; employees\' tokens come addressed to a client, see "clientIds"',
  }
}

function outsideItsValidity({ credential, now, limits }: CredentialContext): Fault | undefined {
  const { opens, ends } = credentialWindow(credential, limits)
  if (now >= opens && now < ends) return undefined
  return {
    code: 'credential_expired',
    hint: 'the caller needs a new credential from its issuer; credentialValidity "ignore" accepts the token until its own expiry',
  }
}

/** From when until when a credential is valid, in seconds, the tolerance included. */
export function credentialWindow(
  credential: CredentialSummary | undefined,
  { clockTolerance, checksCredentialValidity }: CredentialLimits,
) {
  const { validFrom = -Infinity, validUntil = Infinity } =
    (checksCredentialValidity && credential) || {}
  return { opens: validFrom - clockTolerance, ends: validUntil + clockTolerance }
}
