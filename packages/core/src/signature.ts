import type { AlgorithmRow } from './algorithms.js'
import { Denial } from './errors.js'
import type { UnverifiedJws } from './jws.js'
import { readyKey, type PublishedKey, type ReadyKey } from './key.js'
import type { KeySet } from './key-set.js'
import { builtinModule } from './runtime.js'

declare const verified: unique symbol

/** A token whose signature holds; only {@link verifySignature} makes one. */
export interface VerifiedJws extends Omit<UnverifiedJws, symbol> {
  readonly [verified]: true
}

const nodeCrypto = builtinModule('node:crypto')

/**
 * Checks the signature of a token with a ready key: the only maker of verified tokens.
 *
 * On Node the work is done on the thread pool; elsewhere by WebCrypto through jose. Does not judge any claim.
 *
 * @returns the verified token, or `undefined` when the signature does not hold
 */
export async function verifySignature(
  jws: UnverifiedJws,
  key: ReadyKey,
  row: AlgorithmRow,
): Promise<VerifiedJws | undefined> {
  // An ECDSA signature is the two numbers side by side (RFC 7518 §3.4); another length is DER, or nothing at all.
  if (row.signatureLength !== undefined && jws.signature.length !== row.signatureLength) return undefined
  const holds = 'node' in key ? await verifyOnThreadPool(jws, key.node, row) : await verifyPortably(jws, key.web, row)
  return holds ? (jws as unknown as VerifiedJws) : undefined
}

/** A verified token and the key that vouches for it. */
export interface Vouched {
  readonly verified: VerifiedJws
  readonly key: PublishedKey
}

/**
 * Finds the key that a token was signed with among those its Verifier publishes.
 *
 * A signature that does not hold under a known id is looked at once more with what is published by then: some Verifiers
 * replace a key in place.
 *
 * @param now seconds since 1970
 * @throws {Denial} `key_unknown`, `key_unsuitable`, `signature_invalid`, `keys_unavailable`
 */
export async function verifyWithKeys(
  jws: UnverifiedJws,
  keySet: KeySet,
  row: AlgorithmRow,
  now: number,
): Promise<Vouched> {
  const { kid } = jws.header
  // A token that has expired anyway is worth no fetch: after a rotation there are many of those.
  const worthAFetch = typeof jws.claims['exp'] === 'number' && jws.claims['exp'] > now
  const keys = await keySet.find(kid, worthAFetch)
  let found = await firstThatVerifies(jws, keys, row)
  if (!('verified' in found) && worthAFetch) {
    const second = await firstThatVerifies(jws, await keySet.findReplaced(kid, keys), row)
    found = 'verified' in second ? second : { ...second, ...found }
  }
  if (!('verified' in found)) throw refuse(found.unfit, row)
  keySet.prove()
  return found
}

async function firstThatVerifies(
  jws: UnverifiedJws,
  keys: readonly PublishedKey[],
  row: AlgorithmRow,
): Promise<Vouched | { unfit?: string }> {
  let unfit: string | undefined
  for (const key of keys) {
    const ready = await readyKey(key, row)
    if ('unfit' in ready) {
      unfit = ready.unfit
      continue
    }
    const verified = await verifySignature(jws, ready, row)
    if (verified !== undefined) return { verified, key }
  }
  return unfit === undefined ? {} : { unfit }
}

function refuse(unfit: string | undefined, { name }: AlgorithmRow): Denial {
  if (unfit !== undefined) {
    const reason = { check: 'key', expected: `a published key fit for ${name}`, actual: `one of which ${unfit}` }
    return new Denial('key_unsuitable', reason)
  }
  return new Denial('signature_invalid', {
    check: 'signature',
    expected: `a signature by the key that the token names, with ${name}`,
    actual: 'one that does not hold',
    hint: 'the token was changed on its way, or signed by somebody else',
  })
}

type NodeKey = Extract<ReadyKey, { node: unknown }>['node']

function verifyOnThreadPool(jws: UnverifiedJws, key: NodeKey, row: AlgorithmRow): Promise<boolean> {
  const { verify, constants } = nodeCrypto!
  const padding = row.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : undefined
  return new Promise((resolve) => {
    const settings = { key, dsaEncoding: 'ieee-p1363' as const, ...padding }
    verify(row.digest, Buffer.from(jws.signingInput, 'latin1'), settings, jws.signature, (error, holds) =>
      resolve(error === null && holds),
    )
  })
}

type WebKey = Extract<ReadyKey, { web: unknown }>['web']

async function verifyPortably(jws: UnverifiedJws, key: WebKey, row: AlgorithmRow): Promise<boolean> {
  const { flattenedVerify } = await import('./jose.js')
  const [protectedHeader, payload, signature] = jws.token.split('.') as [string, string, string]
  try {
    await flattenedVerify({ protected: protectedHeader, payload, signature }, key, { algorithms: [row.name] })
    return true
  } catch {
    return false
  }
}
