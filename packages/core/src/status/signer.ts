/* Who may sign a status list: its keys, found and tried. */
import type { X509Certificate } from 'node:crypto'
import { ALGORITHMS } from '../jwt/algorithms.js'
import { configurationError } from '../kit/errors.js'
import type { UnverifiedJws } from '../jwt/jws.js'
import type { CheckedSigner } from '../options/status-lists.js'
import { publishedKey, readyKey, type Jwk, type JwkSet, type PublishedKey } from '../jwt/key.js'
import { nodeCrypto } from '../kit/node.js'
import { verifySignature, type VerifiedJws } from '../jwt/signature.js'

/** Checks a list's signature. */
export interface ListVerifier {
  /** @returns the verified list, or a phrase that says what is wrong with it */
  verify(jws: UnverifiedJws, issuer: string | undefined, now: number): Promise<VerifiedJws | string>
}

const ELSI = /^did:elsi:/
const MAX_KEYS = 8

/**
 * Makes the verifier of one signer's lists.
 *
 * A key that only the list itself brings along proves nothing: a certificate for any name is easily
 * made.
 *
 * @throws {GuardError} `invalid_configuration` when there is no key or authority to go by
 */
export function createListVerifier(signer: CheckedSigner): ListVerifier {
  return signer.keys === undefined
    ? certificateVerifier(signer.certificateAuthorities, signer.organization)
    : keyVerifier(signer.keys)
}

function keyVerifier({ keys }: JwkSet): ListVerifier {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS)
    throw configurationError(
      `"keys" of a status list as a JWK Set of 1 to ${MAX_KEYS} keys`,
      'another',
      'take it from the issuer of the list',
    )
  const published = (keys as readonly Jwk[]).map(publishedKey)
  return { verify: (jws) => verifyWith(jws, published) }
}

function certificateVerifier(pems: readonly string[], organization: string): ListVerifier {
  const authorities = readAuthorities(pems)
  if (typeof organization !== 'string' || organization === '')
    throw configurationError(
      '"organization" of the status list\'s signer',
      'none',
      'state its organizationIdentifier, such as "VATES-Q0000000J"',
    )
  const expected = organization.replace(ELSI, '')
  return {
    verify(jws, issuer, now) {
      if (issuer?.replace(ELSI, '') !== expected)
        return Promise.resolve(`a list of another issuer than ${expected}`)
      const leaf = readLeaf(jws)
      const problem =
        leaf === undefined
          ? 'no certificate in "x5c"'
          : certificateProblem(leaf, authorities, expected, now)
      return problem === undefined
        ? verifyWith(jws, [publishedKey(leaf!.publicKey.export({ format: 'jwk' }))])
        : Promise.resolve(problem)
    },
  }
}

async function verifyWith(
  jws: UnverifiedJws,
  keys: readonly PublishedKey[],
): Promise<VerifiedJws | string> {
  const row = ALGORITHMS.get(jws.header.alg)
  if (row === undefined) return 'an algorithm that is not asymmetric'
  for (const key of keys) {
    const ready = await readyKey(key, row)
    const verified = 'unfit' in ready ? undefined : await verifySignature(jws, ready, row)
    if (verified !== undefined) return verified
  }
  return 'a signature by none of the trusted keys'
}

function readAuthorities(pems: readonly string[]): readonly X509Certificate[] {
  if (nodeCrypto === undefined)
    throw configurationError(
      '"keys" of the status list\'s signer',
      '"certificateAuthorities"',
      'certificates are read on Node only',
    )
  const { X509Certificate } = nodeCrypto
  try {
    const authorities = pems.map((pem) => new X509Certificate(pem))
    if (authorities.length > 0 && authorities.every(({ ca }) => ca)) return authorities
  } catch {
    // The error below says so, without OpenSSL's words for it.
  }
  const hint = 'leave out the certificate of the signer itself: it may change, its authority stays'
  throw configurationError(
    '"certificateAuthorities" as PEM certificates of authorities',
    'something else',
    hint,
  )
}

function readLeaf({ header }: UnverifiedJws): X509Certificate | undefined {
  const [first] = [header['x5c']].flat() as readonly unknown[]
  if (typeof first !== 'string') return undefined
  const { X509Certificate } = nodeCrypto!
  try {
    return new X509Certificate(Buffer.from(first, 'base64'))
  } catch {
    return undefined
  }
}

function certificateProblem(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  organization: string,
  now: number,
): string | undefined {
  const authority = authorities.find((one) => leaf.checkIssued(one) && leaf.verify(one.publicKey))
  if (authority === undefined) return 'a certificate that none of the authorities issued'
  if (
    ![leaf, authority].every(
      (one) => Date.parse(one.validFrom) <= now && now < Date.parse(one.validTo),
    )
  )
    return 'a certificate outside its validity'
  const { organizationIdentifier } = leaf.toLegacyObject().subject as {
    organizationIdentifier?: unknown
  }
  return organizationIdentifier === organization
    ? undefined
    : 'a certificate of another organisation'
}
