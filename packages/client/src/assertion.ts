import type { JsonObject } from './json.js'
import { timeClaims, type JwtStamp } from './presentation.js'
import type { UnsignedJwt } from './signer.js'

/**
 * The header parameter `typ` of a client assertion: the one of RFC 7519 §5.1, which Verifiers take
 * alone, or the one of RFC 10070.
 */
export type AssertionType = (typeof ASSERTION_TYPES)[number]

/** The names of both types. */
export const ASSERTION_TYPES = ['JWT', 'client-authentication+jwt'] as const

/** What a client assertion says. */
export interface AssertionInput {
  readonly clientId: string
  /**
   * The issuer of the authorization server, as one string: Verifiers read `aud` as nothing else.
   */
  readonly audience: string
  readonly kid?: string | undefined
  /** Default: `JWT`. */
  readonly type?: AssertionType | undefined
  /** Claims beyond those of RFC 7523 §3, such as `vp_token`. */
  readonly claims?: JsonObject
}

/** The client assertion of private_key_jwt (RFC 7523 §2.2, OpenID Connect Core §9). */
export function buildAssertion(
  { clientId, audience, kid, type = 'JWT', claims }: AssertionInput,
  stamp: JwtStamp,
): UnsignedJwt {
  return {
    header: { typ: type, ...(kid === undefined ? {} : { kid }) },
    claims: { iss: clientId, sub: clientId, aud: audience, ...timeClaims(stamp), ...claims },
  }
}
