import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { createKeyPair } from '../../../test/key-pair.js'
import {
  createLocalSigner,
  type PrivateJwk,
  type PrivateKeyInput,
  type PrivateKeyOptions,
} from '../src/key.js'
import { signJwt } from '../src/signer.js'
import { failureOf } from './support.js'

const { privateKey, publicKey } = createKeyPair('ec', { namedCurve: 'P-256' })
const jwk = privateKey.export({ format: 'jwk' }) as PrivateJwk
const hex = Buffer.from(jwk.d ?? '', 'base64url').toString('hex')
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const der = privateKey.export({ format: 'der', type: 'pkcs8' })
const secret = { cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const
const encryptedPem = privateKey.export({ format: 'pem', type: 'pkcs8', ...secret }) as string
const encryptedDer = privateKey.export({ format: 'der', type: 'pkcs8', ...secret })

const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }) as string
const oldEncryptedPem = privateKey.export({ format: 'pem', type: 'sec1', ...secret }) as string
/** What `openssl ecparam -genkey` writes before the key. */
const PARAMETERS = `-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
`

/** What environment variables, their files, YAML and forgotten encodings make of a text. */
function asHandedOn(name: string, text: string): [string, [PrivateKeyInput]][] {
  const written = text.replaceAll('\n', '\\n')
  const variants: Readonly<Record<string, PrivateKeyInput>> = {
    '\\n written out': `${written}\\n`,
    '\\r\\n written out': text.replaceAll('\n', '\\r\\n'),
    'in double quotes': `"${written}"`,
    'in single quotes': `'${text}'\n`,
    'with blanks for line breaks': text.replaceAll('\n', ' '),
    'without line breaks': text.replaceAll('\n', ''),
    'indented by YAML': text.replaceAll('\n', '\n    '),
    'after a byte order mark': `\ufeff${text}`,
    'in base64': Buffer.from(text).toString('base64'),
    'in base64, in lines': Buffer.from(text)
      .toString('base64')
      .replace(/(.{64})/g, '$1\n'),
    'as a Buffer': Buffer.from(text),
    'as bytes after a byte order mark': new TextEncoder().encode(`\ufeff${text}`),
  }
  // Base64 of hexadecimal digits is a text that anything else could be too.
  const kept = Object.entries(variants).filter(
    ([variant]) => name !== 'hexadecimal' || !variant.includes('base64'),
  )
  return kept.map(([variant, input]) => [`${name} ${variant}`, [input]])
}

const forms = new Map<string, [PrivateKeyInput, PrivateKeyOptions?]>([
  ['hexadecimal', [hex]],
  ['hexadecimal with 0x', [`0x${hex}`]],
  ['hexadecimal in capitals', [hex.toUpperCase()]],
  ['hexadecimal with white space around', [` ${hex}\n`]],
  ['hexadecimal with a leading zero byte', [`00${hex}`]],
  ['JWK', [jwk]],
  ['JWK without its public half', [{ kty: 'EC', crv: 'P-256', d: jwk.d ?? '' }]],
  ['JWK as JSON', [JSON.stringify(jwk, null, 2)]],
  ['PKCS#8 PEM', [pem]],
  ['PKCS#8 PEM with written-out line breaks', [pem.replaceAll('\n', '\\n')]],
  ['PKCS#8 PEM with Windows line breaks', [pem.replaceAll('\n', '\r\n')]],
  ['PKCS#8 DER', [der]],
  ['PKCS#8 DER behind another view', [new DataView(Uint8Array.from(der).buffer) as never]],
  ['PKCS#8 DER in base64', [der.toString('base64')]],
  ['SEC 1 PEM', [privateKey.export({ format: 'pem', type: 'sec1' })]],
  ['encrypted PKCS#8 PEM', [encryptedPem, { passphrase: secret.passphrase }]],
  ['encrypted PKCS#8 DER', [encryptedDer, { passphrase: secret.passphrase }]],
  ['plain PKCS#8 PEM beside a passphrase', [pem, { passphrase: 'not needed' }]],
  ...asHandedOn('PEM', pem),
  ...asHandedOn('SEC 1 PEM', sec1),
  ...asHandedOn('JWK', JSON.stringify(jwk)),
  ...asHandedOn('hexadecimal', hex),
  // A text that begins as DER does, with the byte 0x30.
  ['hexadecimal with 0x as a file', [Buffer.from(`0x${hex}\n`)]],
  ['PEM after the parameters of its curve', [`${PARAMETERS}${sec1}`]],
  ['encrypted PEM of the old kind', [oldEncryptedPem, { passphrase: secret.passphrase }]],
  ['encrypted PKCS#8 PEM on one line', [encryptedPem.replaceAll('\n', ' '), secret]],
])

const jwt = { header: { typ: 'JWT' }, claims: { iss: 'me' } }

function isSignedBy(
  token: string,
  key: KeyObject,
  hash: string | undefined,
  padding = {},
): boolean {
  const [header, claims, signature] = token.split('.')
  const input = Buffer.from(`${header}.${claims}`)
  return verify(
    hash,
    input,
    { key, dsaEncoding: 'ieee-p1363', ...padding },
    Buffer.from(signature ?? '', 'base64url'),
  )
}

describe('createLocalSigner', () => {
  it.each([...forms.keys()])('signs with a key as %s', async (form) => {
    const [input, options] = forms.get(form) ?? ['']
    const signer = createLocalSigner(input, options)
    expect(signer.alg).toBe('ES256')
    expect(isSignedBy(await signJwt(signer, jwt), publicKey, 'sha256')).toBe(true)
  })

  it('pads a scalar whose leading zeros were lost', async () => {
    const one = createLocalSigner(`0x${'1'.padStart(60, '0')}`)
    const x = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
    const y = '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
    const [base64x, base64y] = [x, y].map((half) => Buffer.from(half, 'hex').toString('base64url'))
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'EC', crv: 'P-256', x: base64x ?? '', y: base64y ?? '' },
    })
    expect(isSignedBy(await signJwt(one, jwt), key, 'sha256')).toBe(true)
  })

  it.each([
    ['ES384', 'sha384', createKeyPair('ec', { namedCurve: 'P-384' }), {}],
    ['ES512', 'sha512', createKeyPair('ec', { namedCurve: 'P-521' }), {}],
    ['RS256', 'sha256', createKeyPair('rsa', { modulusLength: 2048 }), {}],
    [
      'PS256',
      'sha256',
      createKeyPair('rsa', { modulusLength: 2048 }),
      { padding: 6, saltLength: 32 },
    ],
    ['EdDSA', undefined, createKeyPair('ed25519'), {}],
  ] as const)(
    'signs %s for other authorization servers',
    async (algorithm, hash, pair, padding) => {
      const exported = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
      const asJwk = {
        ...pair.privateKey.export({ format: 'jwk' }),
        kid: 'k1',
        use: 'sig',
        alg: algorithm,
      } as PrivateJwk
      for (const input of [exported, asJwk]) {
        const signer = createLocalSigner(input, { algorithm })
        expect(signer.alg).toBe(algorithm)
        expect(isSignedBy(await signJwt(signer, jwt), pair.publicKey, hash, padding)).toBe(true)
      }
      expect(createLocalSigner(asJwk).kid).toBe('k1')
      expect(createLocalSigner(asJwk, { keyId: 'k2' }).kid).toBe('k2')
    },
  )

  it.each<[string, PrivateKeyInput, PrivateKeyOptions, string]>([
    ['nothing', '', {}, 'environment variable'],
    ['a scalar that is cut off', hex.slice(0, 59), {}, '59 of 64 hexadecimal digits'],
    ['a scalar and more', `${hex}${'f'.repeat(4)}`, {}, '68 of 64 hexadecimal digits'],
    ['a text', 'not a key', {}, 'none of these'],
    [
      'a public JWK',
      publicKey.export({ format: 'jwk' }) as PrivateJwk,
      {},
      'without its private part',
    ],
    ['broken JSON', '{"kty":', {}, 'no JWK'],
    ['a JWK of a symmetric key', { kty: 'oct', d: 'AQ' }, {}, 'another type'],
    ['a public PEM', publicKey.export({ format: 'pem', type: 'spki' }), {}, 'PUBLIC KEY'],
    ['an encrypted key without passphrase', encryptedPem, {}, '"passphrase" missing'],
    [
      'an encrypted key with another passphrase',
      encryptedPem,
      { passphrase: 'wrong' },
      'is "passphrase" right?',
    ],
    [
      'a key on secp256k1',
      createKeyPair('ec', { namedCurve: 'secp256k1' }).privateKey.export({
        format: 'der',
        type: 'pkcs8',
      }),
      {},
      'another type',
    ],
    ['a key that does not fit the algorithm', pem, { algorithm: 'RS256' }, 'not for the algorithm'],
    ['an encrypted key in DER without passphrase', encryptedDer, {}, 'give its "passphrase"'],
    ['white space', ' \n', {}, 'an empty text'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0xfd), {}, '3 bytes that are neither'],
    ['base64 of another text', Buffer.from('not a key').toString('base64'), {}, 'none of these'],
    ['a JWK Set', JSON.stringify({ keys: [jwk] }), {}, 'give one of its keys'],
    [
      'a key of ssh-keygen',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----',
      {},
      'convert it to PKCS#8',
    ],
    ['a KeyObject', privateKey as unknown as PrivateJwk, {}, 'give key.export('],
    ['bytes without a view', new ArrayBuffer(64) as unknown as PrivateJwk, {}, 'new Uint8Array('],
  ])('refuses %s', async (_, input, options, found) => {
    const error = await failureOf(() => createLocalSigner(input, options))
    expect(error).toMatchObject({ code: 'private_key_unreadable', kind: 'configuration' })
    expect(error.message).toContain(found)
  })

  it('refuses a CryptoKey, and says what to give', async () => {
    const { privateKey: key } = await crypto.subtle.generateKey(
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    const error = await failureOf(() => createLocalSigner(key as unknown as PrivateJwk))
    expect(error.message).toContain('found a CryptoKey: give a "signer" that signs with it')
  })

  it.each([
    ['of nothing but zeros', '0'.repeat(64)],
    ['the order of the curve and more', 'f'.repeat(64)],
  ])('refuses the scalar %s at the first signature', async (_, scalar) => {
    const error = await failureOf(signJwt(createLocalSigner(scalar), jwt))
    expect(error.code).toBe('private_key_unreadable')
  })

  it('never repeats the key in an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(hex, pem, JSON.stringify(jwk)),
        fc.nat(),
        async (text, at) => {
          const position = at % text.length
          const broken = `${text.slice(0, position)}~${text.slice(position)}`
          const signature = await Promise.resolve()
            .then(() => signJwt(createLocalSigner(broken), jwt))
            .catch((error: Error) => error)
          if (typeof signature !== 'string')
            expect(JSON.stringify([signature.message, signature.cause])).not.toContain(
              hex.slice(0, 8),
            )
        },
      ),
    )
  })
})
