import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type ECKeyPairOptions,
  type ED25519KeyPairOptions,
  type KeyObject,
  type RSAKeyPairOptions,
} from 'node:crypto'
import { EXIT, usageFailure, type ExitCode } from '../exit.js'
import { readText } from '../input.js'
import { createPrinter, harmless, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'
import { didKeyOf } from '../did-key.js'

/** The flags of `keys make`. */
export interface MakeKeyFlags extends OutputOptions {
  readonly alg?: string
  readonly format?: string
  readonly out?: string
}

type Jwk = Readonly<Record<string, unknown>>

// Keys read from DER share nothing with the job that made them: Node 20 may wait for ever when it
// collects that job while such a key is exported.
const DER = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const

function onCurve(namedCurve: string): ECKeyPairOptions<'der', 'der'> {
  return { namedCurve, ...DER }
}

const GENERATORS: Readonly<Record<string, () => { privateKey: Buffer }>> = {
  ES256: () => generateKeyPairSync('ec', onCurve('P-256')),
  ES384: () => generateKeyPairSync('ec', onCurve('P-384')),
  ES512: () => generateKeyPairSync('ec', onCurve('P-521')),
  RS256: () =>
    generateKeyPairSync('rsa', { modulusLength: 3_072, ...DER } as RSAKeyPairOptions<'der', 'der'>),
  EdDSA: () => generateKeyPairSync('ed25519', DER as ED25519KeyPairOptions<'der', 'der'>),
}

/** Makes a private key. */
export function makeKey(runtime: CliRuntime, flags: MakeKeyFlags): ExitCode {
  const { alg = 'ES256', format = 'pem', out } = flags
  const key = createPrivateKey({ key: GENERATORS[alg]!().privateKey, format: 'der', type: 'pkcs8' })
  const text = written(key, alg, format)
  const about = describeKey(key)
  const printer = createPrinter(runtime, flags)
  if (out === undefined) {
    printer.result({ key: text, ...about }, () => [text])
    return EXIT.good
  }
  try {
    runtime.writeSecret(out, `${text}\n`)
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    throw usageFailure(
      'a new file for the key',
      `${code} for ${out}`,
      'name a file that is not there',
    )
  }
  printer.result({ file: out, ...about }, () => [`Wrote ${out}.`, ...linesOf(about)])
  return EXIT.good
}

function written(key: KeyObject, alg: string, format: string): string {
  if (format === 'pem') return (key.export({ type: 'pkcs8', format: 'pem' }) as string).trimEnd()
  const jwk = key.export({ format: 'jwk' })
  if (format === 'jwk') return JSON.stringify({ ...jwk, alg })
  if (alg === 'ES256') return Buffer.from(jwk.d!, 'base64url').toString('hex')
  throw usageFailure('--format pem or jwk', `hex for ${alg}`, 'hexadecimal is for ES256 alone')
}

/** Says what a key, or each key of a set, is. The private half is never printed. */
export async function inspectKey(
  runtime: CliRuntime,
  place: string,
  flags: OutputOptions,
): Promise<ExitCode> {
  const text = await readText(runtime, place, 'key')
  const keys = keysIn(text)
  const about = keys.map(({ key, kid }) => ({ ...(kid && { kid }), ...describeKey(key) }))
  createPrinter(runtime, flags).result(about.length === 1 ? about[0] : about, () =>
    about.flatMap((one, index) => [...(index > 0 ? [''] : []), ...linesOf(one)]),
  )
  return EXIT.good
}

interface NamedKey {
  readonly key: KeyObject
  readonly kid?: string
}

function keysIn(text: string): readonly NamedKey[] {
  try {
    const digits = /^(?:0x)?([0-9a-f]{64})$/i.exec(text)?.[1]
    if (digits !== undefined) return [{ key: fromScalar(digits) }]
    if (!text.startsWith('{')) return [{ key: fromPem(text) }]
    const document = JSON.parse(text) as { keys?: Jwk[] } & Jwk
    return (document.keys ?? [document]).map(fromJwk)
  } catch {
    throw usageFailure(
      'a key as hexadecimal, JWK, JWK Set or PEM',
      `${text.length} characters that are none of these`,
      'an encrypted key has to be decrypted first',
    )
  }
}

function fromPem(text: string): KeyObject {
  return text.includes('PRIVATE KEY') ? createPrivateKey(text) : createPublicKey(text)
}

function fromJwk(jwk: Jwk): NamedKey {
  const input = { key: jwk as never, format: 'jwk' } as const
  const key = jwk['d'] === undefined ? createPublicKey(input) : createPrivateKey(input)
  return { key, ...(typeof jwk['kid'] === 'string' && { kid: harmless(jwk['kid']) }) }
}

/** A P-256 key in PKCS#8: what stands before its 32 bytes. */
const P256_PKCS8 = '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'

function fromScalar(digits: string): KeyObject {
  const key = Buffer.from(P256_PKCS8 + digits, 'hex')
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
  RSA: 'RS256, RS384, RS512, PS256, PS384, PS512',
}

/** The members of each type that its thumbprint is made of, in order (RFC 7638 §3.2). */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

function describeKey(key: KeyObject) {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const jwk = publicKey.export({ format: 'jwk' }) as Jwk & { kty: string; crv?: string }
  const bits = publicKey.asymmetricKeyDetails?.modulusLength
  const did = didKeyOf(jwk)
  return {
    type: `${key.type}, ${jwk.crv ?? `${jwk.kty} of ${bits} bits`}`,
    algorithms: ALGORITHMS[jwk.crv ?? jwk.kty] ?? 'none that is accepted here',
    thumbprint: thumbprint(jwk),
    ...(did !== undefined && { did }),
    jwk,
  }
}

function thumbprint(jwk: Jwk & { kty: string }): string {
  const members = (THUMBPRINT_MEMBERS[jwk.kty] ?? []).map((name) => [name, jwk[name]])
  const text = JSON.stringify(Object.fromEntries(members))
  return createHash('sha256').update(text).digest('base64url')
}

function linesOf({ jwk, ...about }: ReturnType<typeof describeKey> & { kid?: string }) {
  const width = 11
  return [
    ...Object.entries(about).map(([name, value]) => `${name.padEnd(width)}${String(value)}`),
    `${'public'.padEnd(width)}${JSON.stringify(jwk)}`,
  ]
}
