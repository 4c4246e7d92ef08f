import type { KeyObject } from 'node:crypto'
import { publicKeyOfDid } from './did-key.js'
import { decodeJwt, hasValidSignature, type DecodedJwt, type Json } from './jwt.js'
import { applyRules, Refusal, type Rule } from './refusals.js'
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
}

/** What a client assertion is judged by. */
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
  /** Registered clients are authenticated by Spring Security before the Verifier's own checks. */
  readonly registered: boolean
}

/** The difference of clocks that Spring Security forgives, in seconds. */
const CLOCK_SKEW = 60

const isKnownClient: Rule<Facts> = {
  refusal: 'unknown-client',
  strict: true,
  broken: ({ did }) =>
    keyOf(did)
      ? undefined
      : `client_id ${show(did)} is no did:key of a P-256 key, and no client is registered under it`,
}

const isSigned: Rule<Facts> = {
  refusal: 'assertion-signature',
  broken: ({ jwt, did }) => {
    const key = keyOf(did)
    if (key && hasValidSignature(jwt, key)) return undefined
    return 'the assertion is not signed (ES256, 64-byte r||s) by the key of the client_id'
  },
}

const hasBegun: Rule<Facts> = {
  refusal: 'assertion-not-yet-valid',
  broken: ({ claims: { nbf }, context: { now } }) =>
    nbf === undefined || (typeof nbf === 'number' && nbf <= now + CLOCK_SKEW)
      ? undefined
      : `nbf must be a number of seconds, ${CLOCK_SKEW} s ahead of the clock at most; found ${show(nbf)}`,
}

/** The checks of Spring Security, which registered clients go through first. */
const authenticationRules: readonly Rule<Facts>[] = [
  {
    refusal: 'assertion-signature',
    broken: ({ jwt: { header }, did }) =>
      header['kid'] === undefined || header['kid'] === did
        ? undefined
        : `the header's kid must be the bare did:key "${did}", without a fragment, or be left out; found ${show(header['kid'])}`,
  },
  {
    refusal: 'assertion-type',
    broken: ({ jwt: { header } }) =>
      header['typ'] === undefined || /^"jwt"$/i.test(JSON.stringify(header['typ']))
        ? undefined
        : `the header's typ must be JWT or be left out; found ${show(header['typ'])}`,
  },
  isSigned,
]

/** What Spring Security says of the claims. */
const registeredClaimRules: readonly Rule<Facts>[] = [
  {
    refusal: 'assertion-expired',
    broken: ({ claims: { exp, iat }, context: { now } }) => {
      if (typeof exp !== 'number') return `exp must be a number, in seconds; found ${show(exp)}`
      if (typeof iat === 'number' && exp <= iat)
        return `exp must be later than iat; found ${show(exp)} and ${show(iat)}`
      return exp + CLOCK_SKEW > now ? undefined : `the assertion expired ${now - exp} s ago`
    },
  },
  hasBegun,
  {
    refusal: 'assertion-malformed',
    broken: ({ claims: { jti } }) =>
      jti === undefined || typeof jti === 'string'
        ? undefined
        : `jti must be a string; found ${show(jti)}`,
  },
]

const partyRules: readonly Rule<Facts>[] = [
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
    broken: (facts) => {
      const { aud } = facts.claims
      const known = [...audiences(facts), ...endpoints(facts)]
      return [aud].flat().some((audience) => known.includes(String(audience)))
        ? undefined
        : `aud must be the Verifier's URL, ${audiences(facts).join(' or ')}, without a trailing slash; found ${show(aud)}`
    },
  },
]

/** The Verifier's own checks. */
const verifierRules: readonly Rule<Facts>[] = [
  {
    refusal: 'assertion-audience-form',
    broken: (facts) =>
      audiences(facts).includes(facts.claims['aud'] as string)
        ? undefined
        : `aud must be one string, the Verifier's URL ${facts.context.issuer}: neither an array nor one of its endpoints; found ${show(facts.claims['aud'])}`,
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
    refusal: 'assertion-exp-form',
    broken: ({ claims: { exp }, context: { now } }) => {
      if (!Number.isInteger(exp)) return `exp must be an integer, in seconds; found ${show(exp)}`
      return (exp as number) > now
        ? undefined
        : `the assertion expired ${now - (exp as number)} s ago`
    },
  },
]

const registeredRules = [
  isKnownClient,
  ...authenticationRules,
  ...partyRules,
  ...registeredClaimRules,
  ...verifierRules,
]

/** RFC 7523 §3 asks for a signature and for `nbf` of every assertion (rules 9 and 5). */
const unregisteredRules = [
  isKnownClient,
  { ...isSigned, strict: true },
  { ...hasBegun, strict: true },
  ...partyRules,
  ...verifierRules,
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
  const registered = context.registeredClientsOnly || registration !== undefined
  const facts = { jwt, claims: jwt.claims, clientId, did, context, registered }
  applyRules(registered ? registeredRules : unregisteredRules, facts, context.mimicLaxity)
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

/**
 * What the Verifier's own check takes: its URL and, of clients that are not registered, its bare
 * origin.
 */
function audiences({ registered, context: { issuer } }: Facts): string[] {
  return registered ? [issuer] : [...new Set([issuer, new URL(issuer).origin])]
}

/** Audiences that authenticate a client, but fail the Verifier's own check after that. */
function endpoints({ context: { issuer } }: Facts): string[] {
  return ['token', 'introspect', 'revoke'].map((name) => `${issuer}/oidc/${name}`)
}

function mustEqual(name: string, found: unknown, expected: string): string | undefined {
  return found === expected
    ? undefined
    : `${name} must equal client_id ${show(expected)}; found ${show(found)}`
}
