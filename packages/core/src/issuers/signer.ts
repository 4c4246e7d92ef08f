import type { AlgorithmRow } from '../jwt/algorithms.js'
import type { UnverifiedJws } from '../jwt/jws.js'
import { readyKey, type PublishedKey } from '../jwt/key.js'
import { verifySignature, type VerifiedJws } from '../jwt/signature.js'
import { Denial } from '../kit/errors.js'
import type { KeySet } from './key-set.js'

/** A verified token and the key that vouches for it. */
export interface Vouched {
  readonly verified: VerifiedJws
  readonly key: PublishedKey
}

/**
 * Finds the key that a token was signed with among those its Verifier publishes.
 *
 * A signature that does not hold under a known id is looked at once more with what is published by
 * then: some Verifiers replace a key in place.
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
    const reason = {
      check: 'key',
      expected: `a published key fit for ${name}`,
      actual: `one of which ${unfit}`,
    }
    return new Denial('key_unsuitable', reason)
  }
  return new Denial('signature_invalid', {
    check: 'signature',
    expected: `a signature by the key that the token names, with ${name}`,
    actual: 'one that does not hold',
    hint: 'the token was changed on its way, or signed by somebody else',
  })
}
