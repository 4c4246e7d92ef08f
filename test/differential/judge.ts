import { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
import { Denial, type ErrorCode } from '../../packages/core/src/kit/errors.js'
import { parseJws } from '../../packages/core/src/jwt/jws.js'
import { publishedKey, readyKey, type Jwk } from '../../packages/core/src/jwt/key.js'
import { verifySignature } from '../../packages/core/src/jwt/signature.js'
import { presentAlone, type Presented } from '../../packages/core/src/presented/authorization.js'

/** What becomes of a token. */
export type Verdict = 'accepted' | ErrorCode

/** Judges tokens by one key and one algorithm. */
export type Judge = (token: string) => Promise<Verdict>

/**
 * Core's steps from the text of a token to its signature, as a resource server takes them; nothing
 * of issuer and claims.
 */
export function createJudge(jwk: Jwk, algorithm: string): Judge {
  const key = publishedKey(jwk)
  const row = ALGORITHMS.get(algorithm)!
  return async function judge(token) {
    try {
      const jws = parseJws((presentAlone(token) as Presented).token)
      if (jws.header.alg !== row.name) return 'algorithm_not_allowed'
      const ready = await readyKey(key, row)
      if ('unfit' in ready) return 'key_unsuitable'
      return (await verifySignature(jws, ready, row)) === undefined
        ? 'signature_invalid'
        : 'accepted'
    } catch (error) {
      if (error instanceof Denial) return error.refusal.code
      throw error
    }
  }
}
