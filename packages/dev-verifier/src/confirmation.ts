import { certificateOf, certificateThumbprint } from './client-certificate.js'
import { decodeJwt, type DecodedJwt } from './jwt.js'
import { thumbprint, type Jwk } from './keys.js'
import { proofRules } from './proof-rules.js'
import { applyRules, Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'

/** The claim `cnf` (RFC 7800 §3.1): what the sender of a token has to show along with it. */
export interface Confirmation {
  /** The thumbprint of the key of the sender's proofs (RFC 9449 §6.1). */
  readonly jkt?: string
  /** The hash of the sender's certificate (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string
}

/**
 * What a token request binds its token to: the key of its proof, the certificate of its connection,
 * both, or nothing.
 *
 * @throws Refusal for a proof that does not hold.
 */
export function confirmationOf(server: Server, request: Request, url: string): Confirmation {
  const proof = request.headers.get('dpop')
  const certificate = certificateOf(request)
  return {
    ...(proof !== null && { jkt: checkProof(server, { proof, method: request.method, url }) }),
    ...(certificate && { 'x5t#S256': certificateThumbprint(certificate) }),
  }
}

/** Returns the thumbprint of the proof's key. */
function checkProof(
  { nonce, settings, usedProofs }: Server,
  { proof, method, url }: { proof: string; method: string; url: string },
): string {
  const jwt = decodeProof(proof)
  const facts = {
    jwt,
    method,
    url,
    now: seconds(settings.runtime),
    nonce: nonce.current,
    used: usedProofs,
  }
  applyRules(proofRules, facts, settings.mimicLaxity)
  return thumbprint(jwt.header['jwk'] as Jwk)
}

function decodeProof(proof: string): DecodedJwt {
  try {
    return decodeJwt(proof)
  } catch (error) {
    // Several fields arrive joined by a comma, which no JWS has (RFC 9449 §4.3, no. 1).
    throw new Refusal('proof-malformed', `one field DPoP: ${(error as Error).message}`)
  }
}
