import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type ECKeyPairOptions,
  type ED25519KeyPairOptions,
  type KeyObject,
  type RSAKeyPairOptions,
} from 'node:crypto'
import { didKeyOf, keyOfScalar, thumbprint } from '@verifier-guard/dev-verifier/console'
import { EXIT, usageFailure, type ExitCode } from '../exit.js'
import { readText } from '../input.js'
import { createPrinter, harmless, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

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
  const about = keysIn(text).map(({ kid, ...read }) => ({
    ...(kid && { kid }),
    ...('key' in read ? describeKey(read.key) : read),
  }))
  createPrinter(runtime, flags).result(about.length === 1 ? about[0] : about, () =>
    about.flatMap((one, index) => [...(index > 0 ? [''] : []), ...linesOf(one)]),
  )
  return EXIT.good
}

/** A key, or why one of a set can't be read. */
type NamedKey = ({ readonly key: KeyObject } | { readonly unreadable: string }) & {
  readonly kid?: string
}

function keysIn(text: string): readonly NamedKey[] {
  try {
    const scalar = /[0-9a-f]{60}/i.test(text) ? keyOfScalar(text) : undefined
    if (scalar !== undefined) return [{ key: scalar }]
    if (!text.startsWith('{')) return [{ key: fromPem(text) }]
    const document = JSON.parse(text) as { keys?: Jwk[] } & Jwk
    const keys = document.keys?.map(fromSet) ?? [fromJwk(document)]
    if (keys.some((one) => 'key' in one)) return keys
    throw new Error('no key of the set can be read')
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

/** A set may hold keys of types that are not known here; readers ignore them (RFC 7517 §5). */
function fromSet(jwk: Jwk): NamedKey {
  try {
    return fromJwk(jwk)
  } catch {
    return { ...nameOf(jwk), unreadable: 'no EC, OKP or RSA key that Node can read' }
  }
}

function fromJwk(jwk: Jwk): NamedKey {
  const input = { key: jwk as never, format: 'jwk' } as const
  const key = jwk['d'] === undefined ? createPublicKey(input) : createPrivateKey(input)
  return { ...nameOf(jwk), key }
}

function nameOf(jwk: unknown): { readonly kid?: string } {
  const { kid } = Object(jwk) as { kid?: unknown }
  return typeof kid === 'string' ? { kid: harmless(kid) } : {}
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA, Ed25519',
  RSA: 'RS256, RS384, RS512, PS256, PS384, PS512',
}

function describeKey(key: KeyObject) {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const jwk = publicKey.export({ format: 'jwk' }) as Jwk & { kty: string; crv?: string }
  const bits = publicKey.asymmetricKeyDetails?.modulusLength
  return {
    type: `${key.type}, ${jwk.crv ?? `${jwk.kty} of ${bits} bits`}`,
    algorithms: ALGORITHMS[jwk.crv ?? jwk.kty] ?? 'none that is accepted here',
    thumbprint: thumbprint(jwk),
    ...(jwk.crv === 'P-256' && { did: didKeyOf(publicKey) }),
    jwk,
  }
}

function linesOf({
  jwk,
  ...about
}: {
  readonly jwk?: Jwk
  readonly [name: string]: unknown
}): readonly string[] {
  const width = 11
  return [
    ...Object.entries(about).map(([name, value]) => `${name.padEnd(width)}${String(value)}`),
    ...(jwk === undefined ? [] : [`${'public'.padEnd(width)}${JSON.stringify(jwk)}`]),
  ]
}
