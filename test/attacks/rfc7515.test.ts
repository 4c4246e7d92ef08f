import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { SEALS } from '../../packages/core/test/fixtures/certificates.js'
import { createSigner } from '../differential/signer.js'
import { createArena, runAttacks, withSignature, type Attack } from './arena.js'

const ATTACKER = 'https://attacker.example/keys'
/** A whole certificate, and the key that is in it, as the attacker has them. */
const { certificate: CERTIFICATE, key: KEY } = SEALS.leaf

const thumbprint = (digest: string) =>
  createHash(digest).update(Buffer.from(CERTIFICATE, 'base64')).digest('base64url')

/** Key sources that a header may offer, as an attacker fills them. */
const SOURCES = {
  'RFC 7515 §4.1.2 jku': () => ({ jku: ATTACKER }),
  'RFC 7515 §4.1.3 jwk': (jwk: unknown) => ({ jwk }),
  'RFC 7515 §4.1.5 x5u': () => ({ x5u: ATTACKER }),
  'RFC 7515 §4.1.6 x5c': () => ({ x5c: [CERTIFICATE] }),
  'RFC 7515 §4.1.7 x5t': () => ({ x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') }),
  'all of them': (jwk: unknown) => ({ jku: ATTACKER, jwk, x5u: ATTACKER, x5c: [CERTIFICATE] }),
}

const attacker = createSigner('ES256', {
  privateKey: createPrivateKey({ key: KEY, format: 'jwk' }),
  publicKey: new X509Certificate(Buffer.from(CERTIFICATE, 'base64')).publicKey,
})

test('whoever believed the certificate would believe the attacker', () => {
  expect(attacker.jwk).toMatchObject({ x: KEY.x, y: KEY.y })
})

describe.each(Object.entries(SOURCES))(
  '%s is no source of keys, and causes no request',
  (_, source) => {
    const offered = source(attacker.jwk)
    const arena = createArena()
    afterAll(() => arena.close())

    test('under the genuine kid', async () => {
      const header = { alg: 'ES256', kid: arena.kid, ...offered }
      await arena.refuses(
        attacker.token(JSON.stringify(header), JSON.stringify(arena.claims)),
        'signature_invalid',
      )
    })

    test('under no kid', async () => {
      const header = { alg: 'ES256', ...offered }
      await arena.refuses(
        attacker.token(JSON.stringify(header), JSON.stringify(arena.claims)),
        'signature_invalid',
      )
    })

    test('under a kid of its own', async () => {
      const header = { alg: 'ES256', kid: 'attacker', ...offered }
      await arena.refuses(
        attacker.token(JSON.stringify(header), JSON.stringify(arena.claims)),
        'key_unknown',
      )
    })

    test('in a genuine token it changes nothing', async () => {
      await arena.admits(arena.sealed(offered))
      expect(arena.fetched.filter((url) => url.startsWith(ATTACKER))).toEqual([])
    })
  },
)

runAttacks('RFC 7515 §4.1.11 and RFC 7797: extensions', [
  ...[['exp'], ['exp2'], ['b64'], [], [1], 'exp', null, {}, [''], ['alg']].map((crit): Attack => ({
    title: `crit ${JSON.stringify(crit)}`,
    token: ({ sealed }) => sealed({ crit, exp2: 1 }),
    code: 'header_not_allowed',
  })),
  ...[true, false, null, 'false'].flatMap((b64): Attack[] => [
    { title: `b64 ${b64}`, token: ({ sealed }) => sealed({ b64 }), code: 'header_not_allowed' },
    {
      title: `critical b64 ${b64}`,
      token: ({ sealed }) => sealed({ b64, crit: ['b64'] }),
      code: 'header_not_allowed',
    },
  ]),
])

const B = String.raw`\u0062`
const DUPLICATES: Readonly<Record<string, string>> = {
  'twice the same': '"a":1,"a":1',
  'twice with other values': '"a":1,"a":2',
  'once with an escape': `"b":1,"${B}":2`,
  'with other white space': '"a" : 1 ,\n"a"\t:2',
  'within an object': '"o":{"a":1,"a":2}',
  'within a list': '"o":[[{"a":1,"a":2}]]',
  'after text with colons and quotes': String.raw`"t":"\":\\","a":1,"a":2`,
  'with the empty name': '"":1,"":2',
  'as __proto__': '"__proto__":1,"__proto__":2',
}

runAttacks('RFC 7515 §4 and RFC 7519 §4: members named twice', [
  ...Object.entries(DUPLICATES).flatMap(([title, members]): Attack[] => [
    {
      title: `in the header ${title}`,
      token: ({ sealedText, kid, claims }) =>
        sealedText(`{"alg":"ES256","kid":"${kid}",${members}}`, JSON.stringify(claims)),
      code: 'token_malformed',
    },
    {
      title: `in the claims ${title}`,
      token: ({ sealedText, kid, claims }) =>
        sealedText(
          `{"alg":"ES256","kid":"${kid}"}`,
          `{${members},${JSON.stringify(claims).slice(1)}`,
        ),
      code: 'token_malformed',
    },
  ]),
  ...['alg', 'kid', 'typ'].map((name): Attack => ({
    title: `the header member ${name}`,
    token: ({ sealedText, kid, claims }) =>
      sealedText(
        `{"alg":"ES256","kid":"${kid}","typ":"JWT","${name}":"ES256"}`,
        JSON.stringify(claims),
      ),
    code: 'token_malformed',
  })),
  ...['iss', 'aud', 'exp', 'sub', 'power', 'tenant'].map((name): Attack => ({
    title: `the claim ${name}`,
    token: ({ sealedText, kid, claims }) =>
      sealedText(
        `{"alg":"ES256","kid":"${kid}"}`,
        `{"${name}":1,${JSON.stringify({ [name]: 1, ...claims }).slice(1)}`,
      ),
    code: 'token_malformed',
  })),
])

/** What JSON can hold that is no set of claims, or that is no JSON at all. */
const NO_OBJECTS: Readonly<Record<string, string>> = {
  nothing: '',
  null: 'null',
  'a list': '[]',
  'a text': '"text"',
  'a number': '1',
  'a truth value': 'true',
  'two objects': '{}{}',
  'an object and a comma': '{},',
  'an object cut short': '{"a":1',
  'a trailing comma': '{"a":1,}',
  'single quotes': "{'a':1}",
  'names without quotes': '{a:1}',
  'a comment': '{"a":1/**/}',
  'a number with a leading zero': '{"a":01}',
  NaN: '{"a":NaN}',
  'a line break in a text': '{"a":"\n"}',
  'a byte order mark': '\uFEFF{}',
  'a NUL after the object': '{}\0',
  'deep lists': '{"a":' + '['.repeat(5_000) + ']'.repeat(5_000) + '}',
  'deep objects': '{"a":'.repeat(40) + '1' + '}'.repeat(40),
  'a member __proto__': '{"a":{"__proto__":{"admin":true}}}',
  'an escaped member __proto__': String.raw`{"\u005f_proto__":{"admin":true}}`,
}

runAttacks('RFC 7515 §5.2 step 3 and RFC 7519 §7.2: JSON', [
  ...Object.entries(NO_OBJECTS).flatMap(([title, text]): Attack[] => [
    {
      title: `claims that are ${title}`,
      token: ({ sealedText, kid }) => sealedText(`{"alg":"ES256","kid":"${kid}"}`, text),
      code: 'token_malformed',
    },
    {
      title: `a header that is ${title}`,
      token: ({ sealedText, claims }) => sealedText(text, JSON.stringify(claims)),
      code: 'token_malformed',
    },
  ]),
])

const onEach = (title: string, change: (part: string) => string): Attack[] =>
  [0, 1, 2].map((index) => ({
    title: `${title}, part ${index + 1}`,
    token: ({ mint }) =>
      mint()
        .split('.')
        .map((part, at) => (at === index ? change(part) : part))
        .join('.'),
    code: 'token_malformed',
  }))

/**
 * Sets the bits of the last character that no byte holds; for parts of whole triples one is cut off
 * before.
 */
const withStrayBits = (part: string) => {
  const base = part.length % 4 === 0 ? part.slice(0, -1) : part
  return base.slice(0, -1) + (base.length % 4 === 2 ? 'B' : 'D')
}

runAttacks('RFC 7515 §2 and §5.2 step 2: base64url', [
  ...onEach('stray bits in the last character', withStrayBits),
  ...onEach('an impossible length', (part) => part + 'A'.repeat((5 - (part.length % 4)) % 4 || 4)),
  ...onEach('the alphabet of base64', (part) => `${part.slice(0, -4)}+/+/`),
  ...onEach('nothing', () => ''),
  {
    title: 'padding',
    token: ({ mint }) => mint().replace(/.{4}$/, 'AA=='),
    code: 'token_malformed',
  },
])

runAttacks('RFC 7515 §3.1 and §5.2 step 1: parts', [
  { title: 'no dot', token: ({ mint }) => mint().replaceAll('.', ''), code: 'token_malformed' },
  { title: 'one dot', token: ({ mint }) => mint().replace('.', ''), code: 'token_malformed' },
  { title: 'three dots', token: ({ mint }) => `${mint()}.`, code: 'token_malformed' },
  { title: 'a dot before', token: ({ mint }) => `.${mint()}`, code: 'token_malformed' },
  { title: 'dots only', token: () => '..', code: 'token_malformed' },
  { title: 'many dots', token: () => '.'.repeat(16_000), code: 'token_malformed' },
  {
    title: 'detached payload',
    token: ({ mint }) => mint().replace(/\..*\./, '..'),
    code: 'token_malformed',
  },
  {
    title: 'no signature',
    token: ({ mint }) => withSignature(mint(), ''),
    code: 'token_malformed',
  },
  { title: 'a token twice', token: ({ mint }) => `${mint()}.${mint()}`, code: 'token_malformed' },
])
