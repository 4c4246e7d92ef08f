import type { AlgorithmRow } from './algorithms.js'
import type { UnverifiedJws } from './jws.js'
import type { ReadyKey } from './key.js'
import { builtinModule } from '../kit/runtime.js'

declare const verified: unique symbol

/** A token whose signature holds; only {@link verifySignature} makes one. */
export interface VerifiedJws extends Omit<UnverifiedJws, symbol> {
  readonly [verified]: true
}

const nodeCrypto = builtinModule('node:crypto')

/**
 * Checks the signature of a token with a ready key: the only maker of verified tokens.
 *
 * On Node the work is done on the thread pool; elsewhere by WebCrypto through jose. Does not judge
 * any claim.
 *
 * @returns the verified token, or `undefined` when the signature does not hold
 */
export async function verifySignature(
  jws: UnverifiedJws,
  key: ReadyKey,
  row: AlgorithmRow,
): Promise<VerifiedJws | undefined> {
  // An ECDSA signature is the two numbers side by side (RFC 7518 §3.4); another length is DER, or
  // nothing at all.
  if (row.signatureLength !== undefined && jws.signature.length !== row.signatureLength)
    return undefined
  const holds =
    'node' in key
      ? await verifyOnThreadPool(jws, key.node, row)
      : await verifyPortably(jws, key.web, row)
  return holds ? (jws as unknown as VerifiedJws) : undefined
}

type NodeKey = Extract<ReadyKey, { node: unknown }>['node']

function verifyOnThreadPool(jws: UnverifiedJws, key: NodeKey, row: AlgorithmRow): Promise<boolean> {
  const { verify, constants } = nodeCrypto!
  const padding = row.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : undefined
  return new Promise((resolve) => {
    const settings = { key, dsaEncoding: 'ieee-p1363' as const, ...padding }
    verify(
      row.digest,
      Buffer.from(jws.signingInput, 'latin1'),
      settings,
      jws.signature,
      (error, holds) => resolve(error === null && holds),
    )
  })
}

type WebKey = Extract<ReadyKey, { web: unknown }>['web']

async function verifyPortably(
  jws: UnverifiedJws,
  key: WebKey,
  row: AlgorithmRow,
): Promise<boolean> {
  const { flattenedVerify } = await import('./jose.js')
  const [protectedHeader, payload, signature] = jws.token.split('.') as [string, string, string]
  try {
    await flattenedVerify({ protected: protectedHeader, payload, signature }, key, {
      algorithms: [row.name],
    })
    return true
  } catch {
    return false
  }
}
