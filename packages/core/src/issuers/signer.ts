/*
 * Finds the key that a token was signed with, among its issuer's. Unverified JWS in,
 * verified JWS and its key out (RFC 7515 §5.2).
 */
import type { AlgorithmRow } from '../jwt/algorithms.js'
import type { UnverifiedJws } from '../jwt/jws.js'
import { readyKey, type PublishedKey } from '../jwt/key.js'
import { verifySignature, type SignatureThread, type VerifiedJws } from '../jwt/signature.js'
import { Denial } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import type { KeySet } from './key-set.js'

/** A verified token and the key that vouches for it. */
export interface Signed {
  readonly verified: VerifiedJws
  readonly key: PublishedKey
}

/** No key signed the token; with why one of them could not be used, if that is so. */
interface Unsigned {
  readonly unfit?: string
}

/**
 * Checks a token's signature by the keys of its issuer.
 *
 * A signature that does not hold under a known id is checked once more with the keys published by
 * then: some Verifiers replace a key under its id.
 *
 * @param now seconds since 1970
 * @throws {Denial} `key_unknown`, `key_unsuitable`, `signature_invalid`, `keys_unavailable`
 */
export function verifyWithKeys(
  jws: UnverifiedJws,
  keySet: KeySet,
  row: AlgorithmRow,
  { now, thread }: { readonly now: number; readonly thread: SignatureThread },
): Later<Signed> {
  const { kid } = jws.header
  // A token that has expired anyway is worth no fetch: after a rotation there are many of those.
  const mayRefetch = typeof jws.claims['exp'] === 'number' && jws.claims['exp'] > now
  const tryKeys = (keys: readonly PublishedKey[]) => tryEach(jws, keys, row, thread)

  function accept(found: Signed | Unsigned): Signed {
    if (!('verified' in found)) throw refuse(found, row)
    keySet.confirm()
    return found
  }

  return andThen(keySet.find(kid, mayRefetch), (keys) =>
    andThen(tryKeys(keys), (found) => {
      if ('verified' in found || !mayRefetch) return accept(found)
      return andThen(keySet.findReplaced(kid, keys), (others) =>
        andThen(tryKeys(others), (second) =>
          accept('verified' in second ? second : { ...second, ...found }),
        ),
      )
    }),
  )
}

function tryEach(
  jws: UnverifiedJws,
  keys: readonly PublishedKey[],
  row: AlgorithmRow,
  thread: SignatureThread,
): Later<Signed | Unsigned> {
  const [key, ...others] = keys
  if (key === undefined) return {}
  return andThen(readyKey(key, row), (ready) => {
    if ('unfit' in ready)
      return andThen(tryEach(jws, others, row, thread), (found) => ({ ...ready, ...found }))
    return andThen(verifySignature(jws, ready, row, thread), (verified) =>
      verified === undefined ? tryEach(jws, others, row, thread) : { verified, key },
    )
  })
}

function refuse({ unfit }: Unsigned, { name }: AlgorithmRow): Denial {
  if (unfit !== undefined)
    return new Denial('key_unsuitable', {
      check: 'key',
      expected: `a published key fit for ${name}`,
      actual: `one of which ${unfit}`,
    })
  return new Denial('signature_invalid', {
    check: 'signature',
    expected: `a signature by the key that the token names, with ${name}`,
    actual: 'one that does not hold',
    hint: 'the token was changed on its way, or signed by another key',
  })
}
