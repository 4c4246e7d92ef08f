/*
 * The rules for whom a token is addressed to (RFC 9068 §4), and for which client it was issued
 * where a server states no audience.
 */
import { quote } from '../kit/display.js'
import { likelyDifference } from '../kit/url.js'
import type { ClaimContext } from './claims.js'
import type { Fault, Rule } from './rule.js'

/** The rules for the audience of any token. */
export const AUDIENCE_RULES: readonly Rule<ClaimContext>[] = [
  {
    name: 'audience',
    expects: ({ issuer: { audiences } }) =>
      audiences === null ? 'any audience' : `"aud" to hold ${audiences.join(' or ')}`,
    finds: ({ claims }) => quote(claims['aud']),
    fault: addressedElsewhere,
  },
  {
    name: 'client',
    expects: ({ issuer }) =>
      restrictsClients(issuer)
        ? `a client among ${issuer.clientIds.join(', ')}, by ${clientNames(issuer)}`
        : 'any client',
    finds: ({ claims, issuer }) =>
      clientsOf(claims, issuer.profile.clientClaims).map(quote).join(', ') || 'none',
    fault: issuedToAnother,
  },
]

/** The texts of a claim that is one text or a list. */
export function asList(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : ((value as readonly string[] | undefined) ?? [])
}

/** The client that a token was issued to, by every claim that names it. */
export function clientsOf(
  claims: ClaimContext['claims'],
  names: readonly string[],
): readonly string[] {
  return names.map((name) => claims[name]).filter((value) => typeof value === 'string')
}

function addressedElsewhere({ claims, issuer }: ClaimContext): Fault | undefined {
  const { audiences } = issuer
  if (audiences === null) return undefined
  const stated = asList(claims['aud'])
  if (stated.some((one) => audiences.includes(one))) return undefined
  return { code: 'audience_mismatch', hint: audienceHint(stated, claims, issuer) }
}

function restrictsClients({ audience, clientIds }: ClaimContext['issuer']): boolean {
  return audience === null && clientIds.length > 0
}

/** Two names of the client that differ must both be known. */
function issuedToAnother({ claims, issuer }: ClaimContext): Fault | undefined {
  if (!restrictsClients(issuer)) return undefined
  const clients = clientsOf(claims, issuer.profile.clientClaims)
  if (clients.length > 0 && clients.every((one) => issuer.clientIds.includes(one))) return undefined
  return { code: 'audience_mismatch', hint: 'list the clients to accept in "clientIds"' }
}

function clientNames({ profile }: ClaimContext['issuer']): string {
  return profile.clientClaims.map(quote).join(' or ')
}

function audienceHint(
  stated: readonly string[],
  claims: ClaimContext['claims'],
  issuer: ClaimContext['issuer'],
): string | undefined {
  const accepted = issuer.audience ?? [issuer.issuer]
  const difference = likelyDifference(accepted, stated)
  if (difference !== undefined) return difference
  if (stated.includes(issuer.issuer))
    return 'the token is addressed to the Verifier, as all its machine tokens are: leave "audience" out and set the profile "eudistack" or "dome"'
  if (isClient(stated, claims) && issuer.audience !== undefined)
    return 'the token is addressed to its client, as id_tokens and the user tokens of these Verifiers are: send an access token, or name that client in "audience"'
  if (issuer.audience === undefined && isMachine(claims))
    return 'a machine\'s token is addressed to the Verifier that issued it, and this one elsewhere: if that is this API, name it in "audience"'
  if (issuer.audience === undefined)
    return 'a user\'s token is addressed to a client: list the clients to accept in "clientIds"'
  return undefined
}

/** By the constant scope of these Verifiers' machine tokens; their credential is not read yet. */
function isMachine({ scope }: ClaimContext['claims']): boolean {
  return typeof scope === 'string' && scope.split(' ').includes('machine')
}

/** Clients of these Verifiers go by their DID; a resource server has none. */
function isClient(stated: readonly string[], { client_id, azp }: ClaimContext['claims']): boolean {
  return stated.some((one) => one === client_id || one === azp || one.startsWith('did:'))
}
