import { hasValidSignature, isObject, type DecodedJwt } from './jwt.js'
import { keyOfJwk, type Algorithm, type Jwk } from './keys.js'
import type { ReplayRegister } from './replay-register.js'
import type { Rule } from './refusals.js'
import { show } from './show.js'
import { readUrl } from './url.js'

/** The algorithms of proofs, as the metadata state them (RFC 9449 §5.1). */
export const PROOF_ALGORITHMS: readonly Algorithm[] = ['ES256', 'ES384', 'ES512', 'PS256', 'EdDSA']

/** How old a proof may be, and how far ahead of the clock. Seconds. */
const [MAX_AGE, MAX_AHEAD] = [60, 10]

/** Members of a JWK that only its owner may know (RFC 7518 §6, RFC 8037 §2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** A proof of possession, and what it is checked against. */
export interface ProofFacts {
  readonly jwt: DecodedJwt
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
  /** Seconds since 1970. */
  readonly now: number
  readonly nonce: string | undefined
  readonly used: ReplayRegister
}

/** The checks of a proof (RFC 9449 §4.3), in the order in which they are made. */
export const proofRules: readonly Rule<ProofFacts>[] = [
  {
    refusal: 'proof-malformed',
    broken: ({ jwt: { header } }) =>
      header['typ'] === 'dpop+jwt'
        ? undefined
        : `typ of the proof must be dpop+jwt; found ${show(header['typ'])}`,
  },
  {
    refusal: 'proof-malformed',
    broken: ({ jwt: { header } }) =>
      PROOF_ALGORITHMS.includes(header['alg'] as Algorithm)
        ? undefined
        : `alg of the proof must be one of ${PROOF_ALGORITHMS.join(', ')}; found ${show(header['alg'])}`,
  },
  {
    refusal: 'proof-malformed',
    broken: ({ jwt: { header } }) =>
      isObject(header['jwk']) && !PRIVATE_MEMBERS.some((name) => name in (header['jwk'] as object))
        ? undefined
        : 'jwk of the proof must be a public key',
  },
  {
    refusal: 'proof-signature',
    broken: ({ jwt }) =>
      isSignedByItsKey(jwt) ? undefined : 'the proof is not signed by the key in its jwk',
  },
  {
    refusal: 'proof-target',
    broken: ({ jwt: { claims }, method }) =>
      claims['htm'] === method ? undefined : `htm must be ${method}; found ${show(claims['htm'])}`,
  },
  {
    refusal: 'proof-target',
    broken: ({ jwt: { claims }, url }) =>
      withoutQuery(claims['htu']) === withoutQuery(url)
        ? undefined
        : `htu must be ${url}; found ${show(claims['htu'])}`,
  },
  {
    refusal: 'proof-nonce',
    broken: ({ jwt: { claims }, nonce }) =>
      nonce === undefined || claims['nonce'] === nonce
        ? undefined
        : `nonce must be the one of the field DPoP-Nonce; found ${show(claims['nonce'])}`,
  },
  {
    refusal: 'proof-time',
    broken: ({ jwt: { claims }, now }) => {
      const age = now - Number(claims['iat'])
      if (typeof claims['iat'] === 'number' && age <= MAX_AGE && age >= -MAX_AHEAD) return undefined
      return `iat must be ${MAX_AGE} s old at most, and ${MAX_AHEAD} s ahead; the age is ${age} s`
    },
  },
  {
    refusal: 'proof-replayed',
    // The last one: only a proof that is good in all else uses up its jti (RFC 9449 §11.1).
    broken: ({ jwt: { claims }, used, now }) =>
      typeof claims['jti'] === 'string' && used.use(claims['jti'], { exp: undefined, now })
        ? undefined
        : 'jti must be a string that was not used before: each request needs a fresh proof',
  },
]

function isSignedByItsKey(jwt: DecodedJwt): boolean {
  try {
    return hasValidSignature(
      jwt,
      keyOfJwk(jwt.header['jwk'] as Jwk),
      jwt.header['alg'] as Algorithm,
    )
  } catch {
    return false
  }
}

/** RFC 9449 §4.3, no. 9. */
function withoutQuery(url: unknown): string | undefined {
  const read = typeof url === 'string' ? readUrl(url) : undefined
  return read && read.origin + read.pathname
}
