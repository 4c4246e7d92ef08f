/*
 * The rules for the credential behind a token: its kind and its validity. Summary in; returns, or
 * throws.
 */
import type { CredentialSummary } from '../credential/credential.js'
import { Denial } from '../kit/errors.js'
import type { TrustSettings } from '../options/options.js'

/** Bounds that the application sets, in seconds. */
export interface CredentialLimits {
  readonly clockTolerance: number
  readonly checksCredentialValidity: boolean
}

/**
 * Checks that the credential behind a token is of a kind that is let in, and within its validity
 * window: a token may outlive its credential by up to an hour.
 *
 * @param now seconds since 1970
 * @throws {Denial} `kind_not_accepted`, `credential_expired`
 */
export function checkCredential(
  credential: CredentialSummary | undefined,
  { kinds }: TrustSettings,
  now: number,
  limits: CredentialLimits,
): void {
  const kind = credential?.kind ?? 'none'
  if (kinds !== undefined && !kinds.includes(kind)) {
    const actual = kind === 'none' ? 'a token without a credential' : `a credential of kind ${kind}`
    const hint =
      'name the kinds to let in with "kinds"; employees\' tokens come addressed to a client, see "clientIds"'
    throw new Denial('kind_not_accepted', {
      check: 'credential-policy',
      expected: `a credential of kind ${kinds.join(' or ')}`,
      actual,
      hint,
    })
  }
  const { opens, ends } = credentialWindow(credential, limits)
  if (now >= opens && now < ends) return
  const { validFrom = -Infinity, validUntil = Infinity } = credential ?? {}
  throw new Denial('credential_expired', {
    check: 'credential-policy',
    expected: 'a credential within its validity window',
    actual:
      now < validFrom ? `one valid from ${iso(validFrom)}` : `one valid until ${iso(validUntil)}`,
    hint: 'the caller needs a new credential from its issuer; credentialValidity "ignore" accepts the token until its own expiry',
  })
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

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}
