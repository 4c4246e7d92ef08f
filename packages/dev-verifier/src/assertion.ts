import type { KeyObject } from 'node:crypto'
import { publicKeyOfDid } from './did-key.js'
import { decodeJwt, hasValidSignature, type DecodedJwt, type Json } from './jwt.js'
import { applyRules, Refusal, type Rule } from './refusals.js'
import type { ReplayRegister } from './replay-register.js'
import { show } from './show.js'

/** The only client assertion type there is (RFC 7523 §2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A client the Verifier knows by name. */
export interface RegisteredClient {
  /** The `client_id` of the token request. */
  readonly clientId: string
  /** The did:key that signs for it; the `clientId` itself by default. */
  readonly did?: string
  /** The tenant its tokens are for. */
  readonly tenant?: string
}

/** What a client assertion is judged by. */
export interface AssertionContext {
  /** The issuer this Verifier says it is in answer to this request. */
  readonly issuer: string
  /**
   * URLs a registered client may name as audience before the Verifier's own check, which takes the
   * issuer alone.
   */
  readonly tokenEndpoint: string
  readonly registeredClientsOnly: boolean
  readonly clients: readonly RegisteredClient[] | undefined
  readonly used: ReplayRegister
  /** Seconds since 1970. */
  readonly now: number
  readonly mimicLaxity: boolean
}

/** A client that has proven who it is, and the presentation it sent along. */
export interface AuthenticatedClient {
  readonly clientId: string
  readonly did: string
  readonly registration: RegisteredClient | undefined
  /** The claim `vp_token`, still encoded. */
  readonly vpToken: unknown
}

interface Facts {
  readonly jwt: DecodedJwt
  readonly claims: Json
  readonly clientId: string
  readonly did: string
  readonly context: AssertionContext
}

const rules: readonly Rule<Facts>[] = [
  {
    refusal: 'unknown-client',
    strict: true,
    broken: ({ did }) =>
      keyOf(did)
        ? undefined
        : `client_id ${show(did)} is no did:key of a P-256 key, and no client is registered under it`,
  },
  {
    refusal: 'assertion-signature',
    broken: ({ jwt, did, context }) => {
      const { kid } = jwt.header
      if (!context.registeredClientsOnly || kid === undefined || kid === did) return undefined
      return `the header's kid must be the bare did:key "${did}", without a fragment, or be left out; found ${show(kid)}`
    },
  },
  {
    refusal: 'assertion-signature',
    broken: ({ jwt, did, context }) => {
      // Verifiers that take clients without registration never look at this signature: the VP's
      // alone proves possession.
      if (context.mimicLaxity && !context.registeredClientsOnly) return undefined
      const key = keyOf(did)
      if (key && hasValidSignature(jwt, key)) return undefined
      return 'the assertion is not signed (ES256, 64-byte r||s) by the key of the client_id'
    },
  },
  {
    refusal: 'assertion-issuer',
    broken: ({ claims, clientId }) => mustEqual('iss', claims['iss'], clientId),
  },
  {
    refusal: 'assertion-subject',
    broken: ({ claims, clientId }) => mustEqual('sub', claims['sub'], clientId),
  },
  {
    refusal: 'assertion-audience',
    broken: ({ claims, context }) =>
      [claims['aud']]
        .flat()
        .some((audience) =>
          [...audiences(context), context.tokenEndpoint].includes(String(audience)),
        )
        ? undefined
        : `aud must be the Verifier's URL, ${audiences(context).join(' or ')}, without a trailing slash; found ${show(claims['aud'])}`,
  },
  {
    refusal: 'assertion-audience-form',
    broken: ({ claims, context }) =>
      audiences(context).includes(claims['aud'] as string)
        ? undefined
        : `aud must be one string, the Verifier's URL ${context.issuer}: neither an array nor the token endpoint; found ${show(claims['aud'])}`,
  },
  {
    refusal: 'assertion-jti',
    broken: ({ claims: { jti } }) =>
      typeof jti === 'string' && jti.trim() !== ''
        ? undefined
        : `jti must be a non-blank string; found ${show(jti)}`,
  },
  {
    refusal: 'assertion-replayed',
    // Used up here, even if a later check fails: so do the real Verifiers.
    broken: ({ claims: { jti, exp }, context: { used, now } }) =>
      used.use(jti as string, { exp, now })
        ? undefined
        : 'jti was used before: each request, also a repeated one, needs a fresh assertion',
  },
  {
    refusal: 'assertion-expired',
    broken: ({ claims: { exp }, context: { now } }) => {
      if (!Number.isInteger(exp)) return `exp must be an integer, in seconds; found ${show(exp)}`
      return (exp as number) > now
        ? undefined
        : `the assertion expired ${now - (exp as number)} s ago`
    },
  },
]

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
  applyRules(rules, { jwt, claims: jwt.claims, clientId, did, context }, context.mimicLaxity)
  return { clientId, did, registration, vpToken: jwt.claims['vp_token'] }
}

function decodeAssertion(assertion: string): DecodedJwt {
  try {
    return decodeJwt(assertion)
  } catch (error) {
    throw new Refusal('assertion-malformed', `client_assertion: ${(error as Error).message}`)
  }
}

function keyOf(did: string): KeyObject | undefined {
  try {
    return publicKeyOfDid(did)
  } catch {
    return undefined
  }
}

/** Verifiers that live under a path take their bare origin as well. */
function audiences({ issuer }: AssertionContext): string[] {
  return [...new Set([issuer, new URL(issuer).origin])]
}

function mustEqual(name: string, found: unknown, expected: string): string | undefined {
  return found === expected
    ? undefined
    : `${name} must equal client_id ${show(expected)}; found ${show(found)}`
}
