import { tokenWindow } from './claims.js'
import type { Standing } from '../credential/credential.js'
import { Denial } from '../kit/errors.js'
import type { TrustSettings } from '../options/options.js'

/** Bounds that the application sets, in seconds. */
export interface AdmissionLimits {
  readonly clockTolerance: number
  readonly maxTokenAge: number
  readonly credentialValidity: boolean
}

/** From when until when a decision holds, in milliseconds since 1970. */
export interface DecisionWindow {
  readonly validFrom: number
  readonly validUntil: number
}

/**
 * Checks that the credential behind a token is of a kind that is let in, and within its validity
 * window: a token may outlive its credential by up to an hour.
 *
 * @param now seconds since 1970
 * @throws {Denial} `kind_not_accepted`, `credential_expired`
 */
export function checkAdmission(
  standing: Standing | undefined,
  { kinds }: TrustSettings,
  now: number,
  limits: AdmissionLimits,
): void {
  const kind = standing?.kind ?? 'none'
  if (kinds !== undefined && !kinds.includes(kind)) {
    const actual = kind === 'none' ? 'a token without a credential' : `a credential of kind ${kind}`
    const hint =
      'name the kinds to let in with "kinds"; employees\' tokens come addressed to a client, see "clientIds"'
    throw new Denial('kind_not_accepted', {
      check: 'admission',
      expected: `a credential of kind ${kinds.join(' or ')}`,
      actual,
      hint,
    })
  }
  const { opens, ends } = credentialWindow(standing, limits)
  if (now >= opens && now < ends) return
  const { validFrom = -Infinity, validUntil = Infinity } = standing ?? {}
  throw new Denial('credential_expired', {
    check: 'admission',
    expected: 'a credential within its validity window',
    actual:
      now < validFrom ? `one valid from ${iso(validFrom)}` : `one valid until ${iso(validUntil)}`,
    hint: 'the caller needs a new credential from its issuer; "credentialValidity: null" accepts the token until its own expiry',
  })
}

/**
 * From when until when a decision holds, in milliseconds since 1970: the token's times, the
 * credential's, and the age limit together.
 */
export function decisionWindow(
  claims: Readonly<Record<string, unknown>>,
  standing: Standing | undefined,
  limits: AdmissionLimits,
): DecisionWindow {
  const { nbf, iat, expires, ages } = tokenWindow(claims, limits)
  const { opens, ends } = credentialWindow(standing, limits)
  return {
    validFrom: Math.max(nbf, iat, opens) * 1_000,
    validUntil: Math.min(expires, ages, ends) * 1_000,
  }
}

function credentialWindow(
  standing: Standing | undefined,
  { clockTolerance, credentialValidity }: AdmissionLimits,
) {
  const { validFrom = -Infinity, validUntil = Infinity } = (credentialValidity && standing) || {}
  return { opens: validFrom - clockTolerance, ends: validUntil + clockTolerance }
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}
