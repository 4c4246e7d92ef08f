import { registeredRules, unregisteredRules } from './assertion-rules.js'
import { decodeJwt, type DecodedJwt } from './jwt.js'
import type { Jwk } from './keys.js'
import { applyRules, Refusal } from './refusals.js'
import type { ReplayRegister } from './replay-register.js'
import { show } from './show.js'

/** The only client assertion type there is (RFC 7523 §2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A client that the Verifier knows by name. */
export interface RegisteredClient {
  /** The `client_id` of the token request. */
  readonly clientId: string
  /** The did:key that signs for it. Default: the `clientId` itself. */
  readonly did?: string
  /** The tenant that its tokens are for. Default: none. */
  readonly tenant?: string
  /** Its secret, at the profile `oauth`. Default: none. */
  readonly secret?: string
  /** The public key that signs for it, at the profile `oauth`. Default: that of `did`. */
  readonly jwk?: Jwk
  /** Its certificate in PEM (RFC 8705 §2.2), at the profile `oauth`. Default: none. */
  readonly certificate?: string
}

/** What a client assertion is checked against. */
export interface AssertionContext {
  /** The issuer this Verifier says it is in answer to this request. */
  readonly issuer: string
  readonly registeredClientsOnly: boolean
  readonly clients: readonly RegisteredClient[] | undefined
  readonly used: ReplayRegister
  /** Seconds since 1970. */
  readonly now: number
  readonly mimicLaxity: boolean
}

/** An authenticated client, and the presentation it sent along. */
export interface AuthenticatedClient {
  readonly clientId: string
  readonly did: string
  readonly registration: RegisteredClient | undefined
  /** The claim `vp_token`, still encoded. */
  readonly vpToken: unknown
}

/**
 * Authenticates the client of a token request by its assertion (RFC 7523), in the order of the real
 * Verifiers.
 *
 * @throws Refusal with the reason.
 */
export function authenticateClient(
  clientId: string,
  assertion: string,
  context: AssertionContext,
): AuthenticatedClient {
  const registration = context.clients?.find((client) => client.clientId === clientId)
  if (context.registeredClientsOnly && context.clients && !registration) {
    throw new Refusal(
      'unknown-client',
      `client_id ${show(clientId)} is not among the registered clients`,
    )
  }
  const did = registration?.did ?? clientId
  const jwt = decodeAssertion(assertion)
  const registered = context.registeredClientsOnly || registration !== undefined
  const facts = { jwt, claims: jwt.claims, clientId, did, context, registered }
  applyRules(registered ? registeredRules : unregisteredRules, facts, context.mimicLaxity)
  return { clientId, did, registration, vpToken: jwt.claims['vp_token'] }
}

/** @throws Refusal `assertion-malformed`. */
export function decodeAssertion(assertion: string): DecodedJwt {
  try {
    return decodeJwt(assertion)
  } catch (error) {
    throw new Refusal('assertion-malformed', `client_assertion: ${(error as Error).message}`)
  }
}
