import { base64urlnopad, hex } from '@scure/base'
import type { webcrypto } from 'node:crypto'
import { builtinModule, worksInBackground } from '@verifier-guard/core/support'
import { ALGORITHM_NAMES, ALGORITHMS, type SigningAlgorithm } from './algorithms.js'
import { attempt } from './attempt.js'
import { copyBytes } from './bytes.js'
import { tokenSourceError, type TokenSourceError } from './errors.js'
import { decodeBase64, unwrapText } from './wrapped-text.js'
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
 * `0x`, up to four leading zeros may be missing), a JWK (object or JSON), PEM, or DER of PKCS#8.
 *
 * JSON, PEM and DER may be in Base64. A text may be in quotation marks, may have its line breaks
 * written out as `\n`, and may come as bytes, as files are read without an encoding.
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

interface Unconverted {
  readonly key: string | Uint8Array
  readonly format: 'pem' | 'der'
  readonly type?: 'pkcs8' | 'sec1' | 'pkcs1'
  readonly passphrase?: string | undefined
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

const PEM = '-----BEGIN '
/** The first private key among the blocks: OpenSSL writes parameters before it (RFC 7468 §3). */
const PRIVATE_BLOCK = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^]*?)-----END \1-----/
/** No label in use is longer, and what is may be part of a key. */
const MAX_LABEL = 30

const ENCRYPTED = 'ENCRYPTED PRIVATE KEY'
/** The object identifier of its encryption (PBES2, RFC 8018), DER encoded, in hexadecimal. */
const PBES2 = '06092a864886f70d01050d'
/** What is converted, by the label of its PEM. */
const CONVERTED: Readonly<Record<string, Unconverted['type']>> = {
  [ENCRYPTED]: 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
}

/** Keys that others made, and how to hand them over. */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  KeyObject: 'give key.export({ type: "pkcs8", format: "der" })',
  CryptoKey: 'give a "signer" that signs with it',
  ArrayBuffer: 'give new Uint8Array(buffer)',
}

/** Only one key in a million has more than four leading zeros to lose. */
const MIN_DIGITS = 60

/**
 * A signer over a private key of this process.
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
    if (!worksInBackground) imported = undefined
    imported ??= importKey(material)
    return new Uint8Array(
      await crypto.subtle.sign(ALGORITHMS[alg].signature, await imported, bytes),
    )
  }
  return Object.freeze({ alg, ...(kid === undefined ? {} : { kid }), sign })
}

function readPrivateKey(input: PrivateKeyInput, options: PrivateKeyOptions): KeyMaterial {
  if (!input) throw unreadableError('nothing', 'is the environment variable set?')
  if (typeof input === 'string') return fromText(input, options)
  // Rather than `instanceof`, which fails for bytes of another realm.
  if (ArrayBuffer.isView(input)) return fromBytes(copyBytes(input), options)
  const kind = Object.prototype.toString.call(input).slice('[object '.length, -1)
  const hint = FOREIGN_KEYS[kind]
  if (hint !== undefined) throw unreadableError(`a ${kind}`, hint)
  return fromJwk(input, options)
}

/** DER, or the bytes of a text. */
function fromBytes(bytes: Uint8Array, options: PrivateKeyOptions): KeyMaterial {
  if (isDer(bytes)) return fromDer(bytes, options)
  const text = unwrapText(bytes)
  if (text === undefined)
    throw unreadableError(`${bytes.length} bytes that are neither DER nor text`)
  return fromText(text, options)
}

function fromText(input: string, options: PrivateKeyOptions): KeyMaterial {
  // Environment variables often hold a PEM with its line breaks written out.
  const text = (unwrapText(input) ?? '').replace(/\\r|\\n/g, '\n').trim()
  if (text.startsWith('{')) return fromJwk(parseObject(text) as PrivateJwk | undefined, options)
  if (text.startsWith(PEM)) return fromPem(text, options)
  const digits = /^(?:0x)?([0-9a-f]+)$/i.exec(text)?.[1]
  if (digits) return fromScalar(decodeDigits(digits), options)
  const bytes = decodeBase64(text)
  if (bytes && (isDer(bytes) || isKeyText(bytes))) return fromBytes(bytes, options)
  throw unreadableError(
    text === '' ? 'an empty text' : `a text of ${text.length} characters that is none of these`,
  )
}

/** A SEQUENCE and its length. The first byte alone is that of the text `0` too. */
function isDer(bytes: Uint8Array): boolean {
  const [tag, length = 0] = bytes
  return tag === 0x30 && (length >= 0x80 || length === bytes.length - 2)
}

/** Whether Base64 held a PEM or a JWK: nearly any text can be taken for Base64. */
function isKeyText(bytes: Uint8Array): boolean {
  const text = unwrapText(bytes)
  return text !== undefined && (text.startsWith('{') || text.startsWith(PEM))
}

/** Issuers drop leading zeros, or add a zero byte. A copy of a key may have lost other digits. */
function decodeDigits(digits: string): Uint8Array {
  const significant = digits.replace(/^0+/, '')
  if (digits.length < MIN_DIGITS || significant.length > 64) {
    const hint = 'was all of the key copied, and nothing else?'
    throw unreadableError(`${digits.length} of 64 hexadecimal digits`, hint)
  }
  return hex.decode(significant.padStart(64, '0').toLowerCase())
}

function fromJwk(jwk: PrivateJwk | undefined, options: PrivateKeyOptions): KeyMaterial {
  if (jwk?.keys !== undefined) throw unreadableError('a JWK Set', 'give one of its keys')
  if (typeof jwk?.d !== 'string')
    throw unreadableError(jwk?.kty ? 'a JWK without its private part "d"' : 'no JWK')
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
  const bytes = attempt(() => base64urlnopad.decode(d))
  if (bytes === undefined || bytes.length > 32)
    throw unreadableError('a JWK whose "d" is not 32 bytes in base64url')
  return Uint8Array.from([...new Uint8Array(32 - bytes.length), ...bytes])
}

function fromScalar(scalar: Uint8Array, options: PrivateKeyOptions): KeyMaterial {
  return fromDer(Uint8Array.from([...hex.decode(P256_PKCS8), ...scalar]), options)
}

function fromPem(pem: string, { passphrase, ...options }: PrivateKeyOptions): KeyMaterial {
  const [block, label = '', body = ''] = PRIVATE_BLOCK.exec(pem) ?? []
  if (label === 'PRIVATE KEY') return fromDer(decodeBase64(body) ?? new Uint8Array(), options)
  const type = CONVERTED[label]
  if (block === undefined || type === undefined) {
    const [, found = 'in no known way'] = /^-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem) ?? []
    throw unreadableError(`PEM labelled ${printable(found, MAX_LABEL)}`, 'convert it to PKCS#8')
  }
  const der = decodeBase64(body)
  // The old kind of encryption stands in lines before the key, which only PEM has.
  const key = der ? { key: der, format: 'der', type } : { key: block, format: 'pem' }
  return fromDer(convert({ ...key, passphrase } as Unconverted, label), options)
}

function fromDer(der: Uint8Array, { passphrase, ...options }: PrivateKeyOptions): KeyMaterial {
  const plain =
    passphrase === undefined
      ? Uint8Array.from(der)
      : convert({ key: der, format: 'der', type: 'pkcs8', passphrase }, ENCRYPTED)
  // The algorithm stands at the very start (RFC 5208 §5), so nothing behind it can be taken for it.
  const start = hex.encode(plain.subarray(0, 40))
  if (start.includes(PBES2)) throw unreadableError('an encrypted key', 'give its "passphrase"')
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
function convert(key: Unconverted, label: string): Uint8Array {
  const crypto = builtinModule<typeof import('node:crypto')>('node:crypto')
  if (!crypto)
    throw unreadableError(`${label}, which only Node.js can read`, 'convert it to plain PKCS#8')
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
    throw unreadableError(`${label} that does not open`, hint)
  }
}

async function importKey(material: KeyMaterial): Promise<webcrypto.CryptoKey> {
  try {
    return await material.import()
  } catch {
    throw unreadableError(`a key of the right form whose numbers are no ${material.alg} key`)
  }
}

function choose(
  fitting: readonly SigningAlgorithm[],
  wanted: string | undefined,
): SigningAlgorithm {
  const alg = wanted === undefined ? fitting[0] : fitting.find((name) => name === wanted)
  if (alg) return alg
  if (fitting.length > 0)
    throw unreadableError(`a key for ${fitting.join(' or ')}, not for the algorithm asked for`)
  const readable = 'EC on P-256, P-384 and P-521, RSA and Ed25519 can be read'
  throw unreadableError('a key of another type', readable)
}

function unreadableError(found: string, hint?: string): TokenSourceError {
  const expected = '"privateKey" as hexadecimal scalar, private JWK, or PKCS#8 in PEM or DER'
  return tokenSourceError('private_key_unreadable', { expected, found, hint })
}
