import { base64, base64nopad, base64urlnopad, hex } from '@scure/base'
import type { webcrypto } from 'node:crypto'
import { builtinModule, sharesWork } from '@verifier-guard/core/support'
import { ALGORITHM_NAMES, ALGORITHMS, type SigningAlgorithm } from './algorithms.js'
import { failure, type TokenSourceError } from './errors.js'
import { parseObject } from './json.js'
import { printable } from './display.js'
import type { Signer } from './signer.js'

/** A private JSON Web Key (RFC 7517). */
export interface PrivateJwk {
  readonly kty: string
  readonly d?: string
  readonly crv?: string
  readonly alg?: string
  readonly kid?: string
  readonly [member: string]: unknown
}

/**
 * A private key as it is handed out or kept: the scalar in hexadecimal (P-256, with or without
 * `0x`, up to four leading zeros may be missing), a JWK (object or JSON), PKCS#8 as PEM, as DER or
 * as the base64 of DER.
 */
export type PrivateKeyInput = string | Uint8Array | PrivateJwk

/** What is known about a private key beside the key itself. */
export interface PrivateKeyOptions {
  /** Opens an encrypted PKCS#8 key. Node.js only. */
  readonly passphrase?: string | undefined
  /** For a key that fits several; default: the JWK's `alg`, else the first of its type. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** Key identifier for the header of the assertion; default: the JWK's `kid`. */
  readonly keyId?: string | undefined
}

interface KeyMaterial {
  readonly alg: SigningAlgorithm
  readonly kid?: string | undefined
  readonly import: () => Promise<webcrypto.CryptoKey>
}

/**
 * PKCS#8 around a P-256 scalar; the public half is left out, the runtime computes it (RFC 5208, RFC
 * 5915).
 */
const P256_PKCS8 = '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'

/** No label in use is longer, and what is may be part of a key (RFC 7468 §3). */
const LONGEST_LABEL = 30

/** Only one key in a million has more than four leading zeros to lose. */
const MIN_DIGITS = 60

/**
 * A signer over a private key in memory.
 *
 * The form is read at once; whether the number in it is a key shows at the first signature.
 *
 * @throws {TokenSourceError} `private_key_unreadable`.
 */
export function createLocalSigner(input: PrivateKeyInput, options: PrivateKeyOptions = {}): Signer {
  const material = readPrivateKey(input, options)
  const { alg } = material
  const kid = options.keyId ?? material.kid
  let imported: Promise<webcrypto.CryptoKey> | undefined
  const sign = async (bytes: Uint8Array) => {
    if (!sharesWork) imported = undefined
    imported ??= importKey(material)
    return new Uint8Array(
      await crypto.subtle.sign(ALGORITHMS[alg].signature, await imported, bytes),
    )
  }
  return Object.freeze({ alg, ...(kid === undefined ? {} : { kid }), sign })
}

function readPrivateKey(input: PrivateKeyInput, options: PrivateKeyOptions): KeyMaterial {
  if (!input) throw unreadable('nothing', 'is the environment variable set?')
  if (typeof input !== 'string')
    return isBytes(input) ? fromDer(input, options) : fromJwk(input, options)
  // Environment variables often hold a PEM with its line breaks written out.
  const text = input.replaceAll('\\n', '\n').trim()
  if (text.startsWith('{')) return fromJwk(parseObject(text) as PrivateJwk | undefined, options)
  if (text.startsWith('-----BEGIN ')) return fromPem(text, options)
  const digits = /^(?:0x)?([0-9a-f]+)$/i.exec(text)?.[1]
  if (digits) return fromScalar(decodeDigits(digits), options)
  const der = decodeBase64(text)
  if (der?.[0] === 0x30) return fromDer(der, options)
  throw unreadable(`a text of ${text.length} characters that is none of these`)
}

/** Issuers drop leading zeros, or add a zero byte; whoever copies a key loses other digits too. */
function decodeDigits(digits: string): Uint8Array {
  const significant = digits.replace(/^0+/, '')
  if (digits.length < MIN_DIGITS || significant.length > 64) {
    const hint = 'was all of the key copied, and nothing else?'
    throw unreadable(`${digits.length} of 64 hexadecimal digits`, hint)
  }
  return hex.decode(significant.padStart(64, '0').toLowerCase())
}

/** Rather than `instanceof`, which fails for bytes of another realm. */
function isBytes(input: Uint8Array | PrivateJwk): input is Uint8Array {
  return ArrayBuffer.isView(input)
}

function fromJwk(jwk: PrivateJwk | undefined, options: PrivateKeyOptions): KeyMaterial {
  if (typeof jwk?.d !== 'string')
    throw unreadable(jwk?.kty ? 'a JWK without its private part "d"' : 'no JWK')
  const { kty, crv } = jwk
  const fitting = ALGORITHM_NAMES.filter(
    (name) => ALGORITHMS[name].kty === kty && ALGORITHMS[name].crv === crv,
  )
  const alg = choose(fitting, options.algorithm ?? jwk.alg)
  const { kid } = jwk
  // The public half may be missing or stale in what is kept in vaults; the scalar alone says it
  // all.
  if (alg === 'ES256') return { ...fromScalar(decodeScalar(jwk.d), options), kid }
  const { alg: _alg, use: _use, key_ops: _operations, ext: _ext, ...bare } = jwk
  return {
    alg,
    kid,
    import: async () => crypto.subtle.importKey('jwk', bare, ALGORITHMS[alg].key, false, ['sign']),
  }
}

function decodeScalar(d: string): Uint8Array {
  try {
    const bytes = base64urlnopad.decode(d)
    if (bytes.length <= 32) return Uint8Array.from([...new Uint8Array(32 - bytes.length), ...bytes])
  } catch {
    // Falls through to the one message for both.
  }
  throw unreadable('a JWK whose "d" is not 32 bytes in base64url')
}

function fromScalar(scalar: Uint8Array, options: PrivateKeyOptions): KeyMaterial {
  return fromDer(Uint8Array.from([...hex.decode(P256_PKCS8), ...scalar]), options)
}

function fromPem(pem: string, { passphrase, ...options }: PrivateKeyOptions): KeyMaterial {
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1]
  const body = pem.replace(/-----(BEGIN|END) [A-Z0-9 ]+-----/g, '').replace(/\s+/g, '')
  if (label === 'PRIVATE KEY') return fromDer(decodeBase64(body) ?? new Uint8Array(), options)
  if (!label?.endsWith('PRIVATE KEY'))
    throw unreadable(`PEM labelled ${printable(label ?? 'in no known way', LONGEST_LABEL)}`)
  return fromDer(convert({ key: pem, format: 'pem', passphrase }, label), options)
}

function fromDer(der: Uint8Array, { passphrase, ...options }: PrivateKeyOptions): KeyMaterial {
  const plain =
    passphrase === undefined
      ? Uint8Array.from(der)
      : convert({ key: der, format: 'der', type: 'pkcs8', passphrase }, 'ENCRYPTED PRIVATE KEY')
  // The algorithm stands at the very start (RFC 5208 §5), so nothing behind it can be taken for it.
  const start = hex.encode(plain.subarray(0, 40))
  const alg = choose(
    ALGORITHM_NAMES.filter((name) => start.includes(ALGORITHMS[name].oid)),
    options.algorithm,
  )
  return {
    alg,
    import: async () =>
      crypto.subtle.importKey('pkcs8', plain, ALGORITHMS[alg].key, false, ['sign']),
  }
}

/** What WebCrypto does not read (encrypted PKCS#8, SEC 1, PKCS#1), through Node.js. */
function convert(
  key: {
    key: string | Uint8Array
    format: 'pem' | 'der'
    type?: 'pkcs8'
    passphrase?: string | undefined
  },
  label: string,
): Uint8Array {
  const crypto = builtinModule('node:crypto')
  if (!crypto)
    throw unreadable(`${label}, which only Node.js can read`, 'convert it to plain PKCS#8')
  const { passphrase, ...rest } = key
  try {
    const input = {
      ...rest,
      key: Buffer.from(key.key),
      ...(passphrase === undefined ? {} : { passphrase }),
    }
    return Uint8Array.from(crypto.createPrivateKey(input).export({ format: 'der', type: 'pkcs8' }))
  } catch {
    // The cause is left out: texts of OpenSSL are not ours to vouch for.
    const hint =
      passphrase === undefined
        ? 'is it encrypted, and "passphrase" missing?'
        : 'is "passphrase" right?'
    throw unreadable(`${label} that does not open`, hint)
  }
}

async function importKey(material: KeyMaterial): Promise<webcrypto.CryptoKey> {
  try {
    return await material.import()
  } catch {
    throw unreadable(`a key of the right form whose numbers are no ${material.alg} key`)
  }
}

function choose(
  fitting: readonly SigningAlgorithm[],
  wanted: string | undefined,
): SigningAlgorithm {
  const alg = wanted === undefined ? fitting[0] : fitting.find((name) => name === wanted)
  if (alg) return alg
  if (fitting.length > 0)
    throw unreadable(`a key for ${fitting.join(' or ')}, not for the algorithm asked for`)
  const readable = 'EC on P-256, P-384 and P-521, RSA and Ed25519 can be read'
  throw unreadable('a key of another type', readable)
}

function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/\s+/g, '')
  try {
    return compact.endsWith('=') ? base64.decode(compact) : base64nopad.decode(compact)
  } catch {
    return undefined
  }
}

function unreadable(found: string, hint?: string): TokenSourceError {
  const expected = '"privateKey" as hexadecimal scalar, private JWK, or PKCS#8 in PEM or DER'
  return failure('private_key_unreadable', { expected, found, hint })
}
