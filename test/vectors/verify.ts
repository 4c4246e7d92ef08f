import { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
import { decodeBase64url } from '../../packages/core/src/kit/base64url.js'
import { parseObject } from '../../packages/core/src/kit/json.js'
import type { UnverifiedJws } from '../../packages/core/src/jwt/jws.js'
import { publishedKey, readyKey, type Jwk } from '../../packages/core/src/jwt/key.js'
import { verifySignature } from '../../packages/core/src/jwt/signature.js'

/**
 * Core's answer to a JWS whose payload need not be claims, as most published ones are not: the same
 * parts, the same header, key and signature checks as for a token, and every algorithm allowed.
 */
export async function verifies(jws: string, jwk: Jwk): Promise<boolean> {
  const parts = jws.split('.')
  const [header, payload, signature] = parts.map(decodeBase64url)
  if (parts.length !== 3 || !header?.length || payload === undefined || !signature?.length)
    return false
  const stated = parseObject(new TextDecoder().decode(header))
  const row = typeof stated === 'string' ? undefined : ALGORITHMS.get(stated['alg'] as string)
  return row !== undefined && verifiesInput(`${parts[0]}.${parts[1]}`, signature, jwk, row.name)
}

/** The same for a signature over a text of any form. */
export async function verifiesInput(
  signingInput: string,
  signature: Uint8Array<ArrayBuffer>,
  jwk: Jwk,
  algorithm: string,
): Promise<boolean> {
  const row = ALGORITHMS.get(algorithm)!
  const key = await readyKey(publishedKey(jwk), row)
  if ('unfit' in key) return false
  const token = `${signingInput}.${Buffer.from(signature).toString('base64url')}`
  const jws = {
    token,
    header: { alg: row.name },
    claims: {},
    signingInput,
    signature,
  } as unknown as UnverifiedJws
  return (await verifySignature(jws, key, row)) !== undefined
}
