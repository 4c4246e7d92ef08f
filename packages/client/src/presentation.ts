import type { MachineCredential } from './credential.js'
import type { UnsignedJwt } from './signer.js'
import { epochSeconds } from './time.js'

/** Time and identifier of a JWT, given from outside so that its makers stay pure. */
export interface JwtStamp {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly jti: string
}

/**
 * How long an assertion and its presentation live: long enough for a slow network, too short to be
 * worth stealing.
 */
const LIFETIME = 60
/**
 * A Verifier whose clock is a little behind must not find a JWT from its future (keycloak#8966).
 */
const SET_BACK = 5

/**
 * `iat`, `exp` and `jti` of a JWT that is used once; `nbf` is left out, because neither side would
 * tolerate any skew.
 */
export function timeClaims({ now, jti }: JwtStamp): { iat: number; exp: number; jti: string } {
  const seconds = epochSeconds(now)
  return { iat: seconds - SET_BACK, exp: seconds + LIFETIME, jti }
}

/**
 * The Verifiable Presentation of a machine credential as a JWT (VC Data Model 1.1 §6.3.1).
 *
 * Both `kid` and `jwk` name the key: Verifiers up to 2.0 read the one, 3.0 the other.
 */
export function buildPresentation(
  credential: MachineCredential,
  audience: string,
  stamp: JwtStamp,
): UnsignedJwt {
  const { holder, boundKey } = credential
  return {
    header: { typ: 'JWT', kid: holder, jwk: boundKey },
    claims: {
      iss: holder,
      sub: holder,
      aud: audience,
      ...timeClaims(stamp),
      vp: {
        '@context': ['https://www.w3.org/2018/credentials/v1'],
        type: ['VerifiablePresentation'],
        id: `urn:uuid:${stamp.jti}`,
        holder,
        verifiableCredential: [credential.jwt],
      },
    },
  }
}
