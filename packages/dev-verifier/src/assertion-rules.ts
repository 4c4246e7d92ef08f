import type { KeyObject } from 'node:crypto'
import type { AssertionContext } from './assertion.js'
import { publicKeyOfDid } from './did-key.js'
import { hasValidSignature, type DecodedJwt, type Json } from './jwt.js'
import type { Algorithm } from './keys.js'
import type { Rule } from './refusals.js'
import { show } from './show.js'

/** A client assertion, and what it is checked against. */
export interface AssertionFacts {
  readonly jwt: DecodedJwt
  readonly claims: Json
  readonly clientId: string
  readonly did: string
  /** The key that has to have signed it. Default: that of `did`. */
  readonly key?: KeyObject
  readonly context: AssertionContext
  /** Registered clients are authenticated by Spring Security before the Verifier's own checks. */
  readonly registered: boolean
}

/** The difference of clocks that Spring Security forgives, in seconds. */
const CLOCK_SKEW = 60

const isKnownClient: Rule<AssertionFacts> = {
  refusal: 'unknown-client',
  strict: true,
  broken: ({ did, key = keyOf(did) }) =>
    key
      ? undefined
      : `client_id ${show(did)} is no did:key of a P-256 key, and no client is registered under it`,
}

const isSigned: Rule<AssertionFacts> = {
  refusal: 'assertion-signature',
  broken: ({ jwt, did }) => {
    const key = keyOf(did)
    if (key && hasValidSignature(jwt, key)) return undefined
    return 'the assertion is not signed (ES256, 64-byte r||s) by the key of the client_id'
  },
}

const hasBegun: Rule<AssertionFacts> = {
  refusal: 'assertion-not-yet-valid',
  broken: ({ claims: { nbf }, context: { now } }) =>
    nbf === undefined || (typeof nbf === 'number' && nbf <= now + CLOCK_SKEW)
      ? undefined
      : `nbf must be a number of seconds, ${CLOCK_SKEW} s ahead of the clock at most; found ${show(nbf)}`,
}

/** The header of a registered client's assertion. */
const headerRules: readonly Rule<AssertionFacts>[] = [
  {
    refusal: 'assertion-signature',
    broken: ({ jwt: { header }, did }) =>
      header['kid'] === undefined || header['kid'] === did
        ? undefined
        : `the header's kid must be the bare did:key ${show(did)}, without a fragment, or be left out; found ${show(header['kid'])}`,
  },
  {
    refusal: 'assertion-type',
    broken: ({ jwt: { header } }) =>
      header['typ'] === undefined || /^"jwt"$/i.test(JSON.stringify(header['typ']))
        ? undefined
        : `the header's typ must be JWT or be left out; found ${show(header['typ'])}`,
  },
]

/** The times of a registered client's assertion, and the type of its `jti`. */
const claimRules: readonly Rule<AssertionFacts>[] = [
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

/** Who the assertion is from and for (RFC 7523 §3, rules 1 to 3). */
const partyRules: readonly Rule<AssertionFacts>[] = [
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
const verifierRules: readonly Rule<AssertionFacts>[] = [
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

/**
 * A plain authorization server takes the type of RFC 7523 and the one of RFC 10070, and the
 * algorithm of the key.
 */
export const plainRules: readonly Rule<AssertionFacts>[] = [
  isKnownClient,
  {
    refusal: 'assertion-type',
    broken: ({ jwt: { header } }) =>
      /^(?:null|"jwt"|"client-authentication\+jwt")$/i.test(JSON.stringify(header['typ'] ?? null))
        ? undefined
        : `the header's typ must be JWT or client-authentication+jwt, or be left out; found ${show(header['typ'])}`,
  },
  {
    refusal: 'assertion-signature',
    broken: ({ jwt, did, key = keyOf(did) }) =>
      key && hasValidSignature(jwt, key, jwt.header['alg'] as Algorithm)
        ? undefined
        : 'the assertion is not signed by the key of the client',
  },
  ...partyRules,
  ...claimRules,
  ...verifierRules,
]

/** Registered clients go through the checks of Spring Security first. */
export const registeredRules: readonly Rule<AssertionFacts>[] = [
  isKnownClient,
  ...headerRules,
  isSigned,
  ...partyRules,
  ...claimRules,
  ...verifierRules,
]

/** RFC 7523 §3 asks for a signature and for `nbf` of every assertion (rules 9 and 5). */
export const unregisteredRules: readonly Rule<AssertionFacts>[] = [
  isKnownClient,
  { ...isSigned, strict: true },
  { ...hasBegun, strict: true },
  ...partyRules,
  ...verifierRules,
]

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
function audiences({ registered, context: { issuer } }: AssertionFacts): string[] {
  return registered ? [issuer] : [...new Set([issuer, new URL(issuer).origin])]
}

/** Audiences that authenticate a client, but fail the Verifier's own check after that. */
function endpoints({ context: { issuer } }: AssertionFacts): string[] {
  return ['token', 'introspect', 'revoke'].map((name) => `${issuer}/oidc/${name}`)
}

function mustEqual(name: string, found: unknown, expected: string): string | undefined {
  return found === expected
    ? undefined
    : `${name} must equal client_id ${show(expected)}; found ${show(found)}`
}
