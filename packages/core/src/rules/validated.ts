/*
 * Applies every rule to a verified token. Signed JWS and issuer in, what was validated out. Asks
 * nothing that depends on a request or a route.
 */
import { readSummary, type CredentialSummary } from '../credential/credential.js'
import type { Signed } from '../issuers/signer.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { JwsHeader } from '../jwt/jws.js'
import type { PublishedKey } from '../jwt/key.js'
import { CLAIM_RULES } from './claims.js'
import { clientIdOf } from './client.js'
import { confirmationOf, type Confirmation } from './confirmation.js'
import { CREDENTIAL_RULES, credentialWindow, type CredentialLimits } from './credential-policy.js'
import { applyRules } from './rule.js'
import { tokenWindow } from './times.js'

/** An access token of which all that holds for it alone was checked. */
export interface Validated {
  readonly token: string
  readonly header: JwsHeader
  readonly claims: Readonly<Record<string, unknown>>
  readonly issuer: string
  /** The calling client. */
  readonly clientId: string | undefined
  readonly credential: CredentialSummary | undefined
  /** What it is bound to; `undefined` for a bearer token. */
  readonly confirmation: Confirmation | undefined
  /** Milliseconds since 1970 from which and until which all of this holds. */
  readonly validFrom: number
  readonly validUntil: number
  /** What it stands and falls by. */
  readonly basis: Basis
}

/** How a token was validated, and whether that still holds. */
export interface Basis {
  readonly by: 'signature'
  /** The issuer or template in the options; `undefined` for one that a lookup answered for. */
  readonly configuredAs: string | undefined
  /** False once the key was withdrawn, or newer keys should be waited for. */
  readonly holds: () => boolean
}

/** The application's bounds for tokens and credentials, in seconds. */
export interface RuleLimits extends CredentialLimits {
  readonly maxTokenAge: number
}

/**
 * Checks a verified token by every rule.
 *
 * @param now seconds since 1970
 * @throws {Denial} the codes of {@link CLAIM_RULES}, {@link readSummary} and
 *   {@link CREDENTIAL_RULES}
 */
export function validate(
  { verified, key }: Signed,
  issuer: TrustedIssuer,
  now: number,
  limits: RuleLimits,
): Validated {
  const { token, header, claims } = verified
  // Spreading, the settings above all, would take as long as the rules.
  const { clockTolerance, maxTokenAge } = limits
  applyRules(CLAIM_RULES, { header, claims, issuer, now, clockTolerance, maxTokenAge })
  const credential = issuer.profile.credential ? readSummary(claims) : undefined
  applyRules(CREDENTIAL_RULES, { claims, credential, issuer, now, limits })
  const { validFrom, validUntil } = lifeOf(claims, credential, limits)
  return {
    token,
    header,
    claims,
    issuer: issuer.issuer,
    clientId: clientIdOf(claims, issuer, credential),
    credential,
    confirmation: confirmationOf(claims),
    validFrom,
    validUntil,
    basis: basisOf(issuer, key),
  }
}

/** One for all tokens that a key has signed: asked with each request, it stays in the caches. */
const bases = new WeakMap<TrustedIssuer, WeakMap<PublishedKey, Basis>>()

function basisOf(issuer: TrustedIssuer, key: PublishedKey): Basis {
  return bases.get(issuer)?.get(key) ?? keepBasis(issuer, key)
}

function keepBasis(issuer: TrustedIssuer, key: PublishedKey): Basis {
  const { configuredAs, keySet } = issuer
  const basis: Basis = { by: 'signature', configuredAs, holds: () => keySet.holds(key) }
  const ofIssuer = bases.get(issuer) ?? new WeakMap<PublishedKey, Basis>()
  bases.set(issuer, ofIssuer.set(key, basis))
  return basis
}

/** The token's times, the credential's, and the age limit together. */
function lifeOf(
  claims: Validated['claims'],
  credential: CredentialSummary | undefined,
  limits: RuleLimits,
): Pick<Validated, 'validFrom' | 'validUntil'> {
  const { nbf, iat, expires, ages } = tokenWindow(claims, limits)
  const { opens, ends } = credentialWindow(credential, limits)
  return {
    validFrom: Math.max(nbf, iat, opens) * 1_000,
    validUntil: Math.min(expires, ages, ends) * 1_000,
  }
}
