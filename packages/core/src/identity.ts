/*
 * Whose a token is, as events say it: organisations, clients and tenants, and nothing of persons.
 * Context or claims in, short texts out.
 */
import { organizationOf, type AuthContext, type Claims } from './context.js'
import { readSummary } from './credential/credential.js'
import { Denial } from './kit/errors.js'
import type { TrustedIssuer } from './issuers/trusted-issuer.js'
import type { CallerKind } from './options/profiles.js'
import { clientIdOf } from './rules/client.js'

/** Whose a verified token is. */
export interface Identity {
  /** `iss`: a configured issuer, or one whose key signed the token. */
  readonly issuer: string
  /** The client, as `auth.clientId`. */
  readonly clientId?: string
  /** The organisation that granted the mandate, as `mandate.mandator.organizationIdentifier`. */
  readonly organizationIdentifier?: string
  readonly tenant?: string
  readonly kind?: CallerKind
}

/** The claims of a token that has a good signature, and the issuer that signed. */
export interface SignedClaims {
  readonly claims: Claims
  readonly trusted: Pick<TrustedIssuer, 'issuer' | 'profile'>
}

/** Characters of one member at most: an issuer may write anything into its claims. */
const LONGEST = 256

// A remembered token's is asked for with each of its requests.
const identities = new WeakMap<AuthContext, Identity>()

/** Whose token it is that was accepted. */
export function identityOf(auth: AuthContext): Identity {
  const known = identities.get(auth)
  if (known !== undefined) return known
  const { issuer, clientId, tenant, kind } = auth
  const organizationIdentifier = organizationOf(auth)
  const identity = { issuer, ...texts({ clientId, organizationIdentifier, tenant }), kind }
  identities.set(auth, identity)
  return identity
}

/**
 * Whose token it is that has a good signature: its claims may break every rule, and what can't be
 * read is left out.
 */
export function identityOfClaims({ claims, trusted }: SignedClaims): Identity {
  const { issuer, profile } = trusted
  const summary = profile.credential ? readable(() => readSummary(claims)) : undefined
  return {
    issuer,
    ...texts({
      clientId: clientIdOf(claims, trusted, summary),
      organizationIdentifier: summary?.organizationIdentifier,
      tenant: claims['tenant'] ?? summary?.tenant,
    }),
    ...(summary !== undefined && { kind: summary.kind }),
  }
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Denial) return undefined
    throw error
  }
}

function texts<Name extends string>(
  members: Readonly<Record<Name, unknown>>,
): { readonly [Member in Name]?: string } {
  const stated = Object.entries(members).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(
    stated.map(([name, value]) => [name, (value as string).slice(0, LONGEST)]),
  ) as { [Member in Name]?: string }
}
