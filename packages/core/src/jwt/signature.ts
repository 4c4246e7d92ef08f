/*
 * Checks the signature of a token with one key: the only maker of verified tokens. Unverified JWS
 * and key in, verified JWS out (RFC 7515 §5.2, RFC 7518 §3). Does not check any claim.
 */
import type { KeyObject } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { andThen, type Later } from '../kit/later.js'
import { nodeCrypto } from '../kit/node.js'
import { cores } from '../kit/runtime.js'
import type { AlgorithmRow } from './algorithms.js'
import type { UnverifiedJws } from './jws.js'
import type { ReadyKey } from './key.js'

declare const verified: unique symbol

/** A token whose signature holds; only {@link verifySignature} makes one. */
export interface VerifiedJws extends Omit<UnverifiedJws, symbol> {
  readonly [verified]: true
}

/**
 * Where signatures are checked on Node: by the calling thread, by the thread pool, or by whichever
 * serves better at the moment.
 */
export type SignatureThread = 'auto' | 'calling' | 'pool'

/**
 * Checks a signature.
 *
 * @returns the verified token, or `undefined` when the signature does not hold
 */
export function verifySignature(
  jws: UnverifiedJws,
  key: ReadyKey,
  row: AlgorithmRow,
  thread: SignatureThread = 'auto',
): Later<VerifiedJws | undefined> {
  // An ECDSA signature is the two numbers side by side (RFC 7518 §3.4); another length is DER, or
  // nothing at all.
  if (row.signatureLength !== undefined && jws.signature.length !== row.signatureLength)
    return undefined
  const holds =
    'node' in key ? verifyOnNode(jws, key.node, row, thread) : verifyPortably(jws, key.web, row)
  return andThen(holds, (good) => (good ? (jws as unknown as VerifiedJws) : undefined))
}

/** Signatures that the thread pool is checking, for the whole process. */
let inPool = 0
/** Whether the calling thread has checked one since the last microtask. */
let checkedHere = false

function verifyOnNode(
  jws: UnverifiedJws,
  key: object,
  row: AlgorithmRow,
  thread: SignatureThread,
): Later<boolean> {
  const { verify, constants } = nodeCrypto!
  const settings = {
    key: key as KeyObject,
    dsaEncoding: 'ieee-p1363' as const,
    ...(row.pss && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  }
  const input = Buffer.from(jws.signingInput, 'latin1')
  if (checksHere(thread)) {
    try {
      return verify(row.digest, input, settings, jws.signature)
    } catch {
      return false
    }
  }
  inPool += 1
  return new Promise((resolve) => {
    const end = ending(resolve)
    try {
      verify(row.digest, input, settings, jws.signature, end)
    } catch (error) {
      end(error as Error, false)
    }
  })
}

/**
 * Node holds on to what a callback reaches until a full collection. Once it was called, this one
 * reaches no token.
 */
function ending(resolve: (holds: boolean) => void): (error: Error | null, holds: boolean) => void {
  return (error, holds) => {
    inPool -= 1
    resolve(error === null && holds)
  }
}

/**
 * A signature that comes alone is checked at once: handing it to the pool and back takes as long as
 * checking it. Several at a time are worth the way, where there is another core for the pool.
 */
function checksHere(thread: SignatureThread): boolean {
  if (thread !== 'auto') return thread === 'calling'
  if (cores === 1) return true
  if (inPool > 0 || checkedHere) return false
  checkedHere = true
  void Promise.resolve().then(() => (checkedHere = false))
  return true
}

async function verifyPortably(
  jws: UnverifiedJws,
  key: object,
  row: AlgorithmRow,
): Promise<boolean> {
  const { flattenedVerify } = await import('./jose.js')
  const [protectedHeader, payload, signature] = jws.token.split('.') as [string, string, string]
  try {
    await flattenedVerify({ protected: protectedHeader, payload, signature }, key as CryptoKey, {
      algorithms: [row.name],
    })
    return true
  } catch {
    return false
  }
}
