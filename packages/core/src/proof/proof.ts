/*
 * A DPoP proof that was signed by the key it states. Text in, its claims and the thumbprint of its
 * key out (RFC 9449 §4.2, §4.3 no. 2 to 7). Does not look at what it was made for.
 */
import type { AlgorithmRow } from '../jwt/algorithms.js'
import { parseHeader, parseJws, type JwsHeader, type UnverifiedJws } from '../jwt/jws.js'
import { materialOf } from '../jwt/key-types.js'
import { publishedKey, readyKey, type Jwk, type ReadyKey } from '../jwt/key.js'
import { verifySignature, type SignatureThread } from '../jwt/signature.js'
import { quote } from '../kit/display.js'
import { Denial } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import { LRUCache } from '../kit/lru-cache.js'
import { isObject } from '../kit/members.js'
import { sha256 } from '../kit/sha256.js'

/** The key of a proof, ready to verify. */
interface ProofKey {
  readonly header: JwsHeader
  readonly row: AlgorithmRow
  readonly ready: ReadyKey
  readonly thumbprint: string
}

/** A proof whose signature holds, and whose claims have their types. */
export interface SignedProof {
  readonly claims: ProofClaims
  /** The SHA-256 thumbprint of its key (RFC 7638). */
  readonly thumbprint: string
  /** Keeps the key ready for the next proof; to be called once the whole proof is good. */
  readonly keepKey: (() => void) | undefined
}

/** RFC 9449 §4.2. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath: string
  readonly nonce?: unknown
  readonly exp?: unknown
  readonly nbf?: unknown
}

/** The longest proof that is read, in characters. One with an RSA key of 4096 bits has 2 000. */
const MAX_PROOF_LENGTH = 4_096
const MAX_JTI_LENGTH = 256
/** A client signs proof after proof under one header, letter by letter. */
const MAX_KEYS = 2_000

/**
 * Makes the reader of proofs.
 *
 * @returns a function that throws {@link Denial} `dpop_proof_invalid`
 */
export function createProofReader(
  algorithms: ReadonlyMap<string, AlgorithmRow>,
  thread: SignatureThread,
): (text: string) => Later<SignedProof> {
  const keys = new LRUCache<string, ProofKey>({ max: MAX_KEYS })

  return (text) => {
    if (text.length > MAX_PROOF_LENGTH)
      throw invalid(`a proof of at most ${MAX_PROOF_LENGTH} characters`, `${text.length}`)
    const part = text.slice(0, text.indexOf('.'))
    // Without a place in front, which costs more than the look; the first key in is the first out.
    const ready = keys.peek(part)
    const jws = parsed(text, ready === undefined ? parseHeader : () => ready.header)
    return andThen(ready ?? readKey(jws.header, algorithms), (key) =>
      andThen(verifySignature(jws, key.ready, key.row, thread), (verified) => {
        if (verified === undefined)
          throw invalid('a signature by the key in its header', 'one that does not hold')
        const claims = claimsOf(verified.claims)
        const keepKey = ready === undefined ? () => void keys.set(part, key) : undefined
        return { claims, thumbprint: key.thumbprint, keepKey }
      }),
    )
  }
}

function parsed(text: string, header: (part: string) => JwsHeader): UnverifiedJws {
  try {
    return parseJws(text, header)
  } catch (error) {
    if (!(error instanceof Denial)) throw error
    const { expected, actual } = error.refusal.reason
    throw invalid(expected, actual)
  }
}

/** RFC 9449 §4.3 no. 4 to 6: type and algorithm by our list, the key from nowhere but `jwk`. */
function readKey(
  header: JwsHeader,
  algorithms: ReadonlyMap<string, AlgorithmRow>,
): Later<ProofKey> {
  const { typ, alg, jwk } = header
  if (typ !== 'dpop+jwt') throw invalid('"typ" as "dpop+jwt"', quote(typ))
  const row = algorithms.get(alg)
  if (row === undefined)
    throw invalid(`"alg" among ${[...algorithms.keys()].join(', ')}`, quote(alg))
  if (!isObject(jwk)) throw invalid('"jwk" as a public key', 'none')
  return andThen(readyKey(publishedKey(jwk as Jwk), row), (ready) => {
    if ('unfit' in ready)
      throw invalid(`"jwk" as a public key for ${alg}`, `one of which ${ready.unfit}`)
    return andThen(thumbprintOf(jwk), (thumbprint) => ({ header, row, ready, thumbprint }))
  })
}

/** RFC 7638 §3: the members that make the key, in the order of their names. */
export function thumbprintOf(jwk: Jwk): Later<string> {
  const members = Object.entries(materialOf(jwk)).sort(([one], [other]) => (one < other ? -1 : 1))
  return sha256(JSON.stringify(Object.fromEntries(members)))
}

function claimsOf(claims: Readonly<Record<string, unknown>>): ProofClaims {
  const { jti, iat } = claims
  for (const name of ['jti', 'htm', 'htu', 'ath']) {
    const value = claims[name]
    if (typeof value !== 'string' || value === '')
      throw invalid(`"${name}" as a text`, quote(value))
  }
  if ((jti as string).length > MAX_JTI_LENGTH)
    throw invalid(`"jti" of at most ${MAX_JTI_LENGTH} characters`, `${(jti as string).length}`)
  if (typeof iat !== 'number' || !Number.isFinite(iat))
    throw invalid('"iat" as a number', quote(iat))
  return claims as unknown as ProofClaims
}

/** A proof that is refused; nothing of it that could be a secret is repeated. */
export function invalid(expected: string, actual: string, hint?: string): Denial {
  const reason = { check: 'proof', expected: `a DPoP proof with ${expected}`, actual }
  return new Denial('dpop_proof_invalid', { ...reason, ...(hint !== undefined && { hint }) })
}
