/*
 * Names the client that calls. Claims, issuer and credential in, one name out.
 */
import type { CredentialSummary } from '../credential/credential.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import { clientsOf } from './audience.js'

/**
 * The calling client: for a machine's credential the DID that the Verifier bound the token to, else
 * what the token states.
 *
 * What an organisation writes about its machine in `mandatee.id` counts last: the Verifier checks
 * possession of the key behind `sub` or the credential's subject (from 2.0.10 on), not of that one.
 */
export function clientIdOf(
  claims: Readonly<Record<string, unknown>>,
  { issuer, profile }: Pick<TrustedIssuer, 'issuer' | 'profile'>,
  credential: CredentialSummary | undefined,
): string | undefined {
  // The Java Verifiers 1.3.7 to 2.x put their own address into `client_id`, which says nothing of
  // the caller.
  const stated = clientsOf(claims, profile.clientClaims).find((name) => name !== issuer)
  if (credential?.kind !== 'machine') return stated
  const bound = [stated, claims['sub'], credential.subjectId].find(isDid)
  return bound ?? credential.mandateeId ?? stated
}

function isDid(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('did:')
}
