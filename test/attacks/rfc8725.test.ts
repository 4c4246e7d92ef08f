import { createHmac, createPublicKey } from 'node:crypto'
import { signatureForms } from '../differential/signature-forms.js'
import { createSigner, encode } from '../differential/signer.js'
import { createArena, runAttacks, withSignature, type Arena, type Attack } from './arena.js'

const ATTACKER = 'https://attacker.example'

/**
 * Names that no library may take for an algorithm: symmetric ones, `none` in every spelling,
 * encryption, and names of prototypes.
 */
const ALGORITHMS = [
  ...['HS256', 'HS384', 'HS512', 'none', 'None', 'NONE', 'nOnE', 'none ', '', 'null', 'undefined'],
  ...[
    'es256',
    'ES256 ',
    'ES-256',
    'ES256K',
    'ES384',
    'RS256',
    'PS256',
    'EdDSA',
    'RSA1_5',
    'dir',
    'PBES2-HS256+A128KW',
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
]

/** The public key in every form as an HMAC secret. */
const SECRETS: Readonly<Record<string, (arena: Arena) => string | Buffer>> = {
  PEM: (arena) => publicKey(arena).export({ format: 'pem', type: 'spki' }),
  'PEM without its last line break': (arena) =>
    String(publicKey(arena).export({ format: 'pem', type: 'spki' })).trimEnd(),
  DER: (arena) => publicKey(arena).export({ format: 'der', type: 'spki' }),
  JWK: (arena) => JSON.stringify(arena.signer.jwk),
  'published JWK': ({ verifier }) => JSON.stringify(verifier.jwks().keys[0]),
  'x coordinate': ({ signer }) => Buffer.from(signer.jwk.x!, 'base64url'),
  'x coordinate in base64url': ({ signer }) => signer.jwk.x!,
  nothing: () => '',
}

const publicKey = ({ signer }: Arena) => createPublicKey(signer.privateKey)

runAttacks('RFC 8725 §2.1, §3.1 and §3.2: algorithms', [
  ...ALGORITHMS.map((alg): Attack => ({
    title: `alg ${JSON.stringify(alg)} over a genuine signature`,
    token: ({ sealed }) => sealed({ alg }),
    code: 'algorithm_not_allowed',
  })),
  ...ALGORITHMS.map((alg): Attack => ({
    title: `alg ${JSON.stringify(alg)} and no signature`,
    token: ({ sealed }) => withSignature(sealed({ alg }), ''),
    code: 'token_malformed',
  })),
  ...[null, 0, true, ['ES256'], { name: 'ES256' }, undefined].map((alg): Attack => ({
    title: `alg ${JSON.stringify(alg)}`,
    token: ({ sealed }) => sealed({ alg }),
    code: 'header_not_allowed',
  })),
  ...Object.entries(SECRETS).flatMap(([form, secret]) =>
    ['HS256', 'hs256', 'ES256'].map((alg): Attack => ({
      title: `HMAC keyed with the public key (${form}) under alg ${alg}`,
      token: (arena) => {
        const unsigned = arena.sealed({ alg })
        const input = unsigned.slice(0, unsigned.lastIndexOf('.'))
        return withSignature(unsigned, createHmac('sha256', secret(arena)).update(input).digest())
      },
      code: alg === 'ES256' ? 'signature_invalid' : 'algorithm_not_allowed',
    })),
  ),
])

const RIGHT = ['ECDSA with the other s']
const forms = Object.keys(signatureForms(createSigner('ES256'), 'x'))

runAttacks('RFC 8725 §3.3 and §3.4: signatures of wrong form or value', [
  ...forms
    .filter((form) => !RIGHT.includes(form))
    .map((form): Attack => ({
      title: form,
      token: ({ signer, sealed }) => {
        const token = sealed({})
        return withSignature(
          token,
          signatureForms(signer, token.slice(0, token.lastIndexOf('.')))[form]!,
        )
      },
      code: 'signature_invalid',
    })),
  {
    title: 'signature of another good token',
    token: ({ sealed, mint }) => withSignature(sealed({}), mint().split('.')[2]!),
    code: 'signature_invalid',
  },
  {
    title: 'signature by another key under the genuine kid',
    token: ({ kid, claims }) =>
      createSigner('ES256').token(JSON.stringify({ alg: 'ES256', kid }), JSON.stringify(claims)),
    code: 'signature_invalid',
  },
])

const NOT_UTF8: Readonly<Record<string, readonly number[]>> = {
  'an overlong slash': [0xc0, 0xaf],
  'a lone continuation byte': [0x80],
  'a surrogate': [0xed, 0xa0, 0x80],
  'a sequence cut short': [0xe2, 0x82],
  'a code point beyond Unicode': [0xf4, 0x90, 0x80, 0x80],
  'Latin-1': [0xe9],
}

runAttacks('RFC 8725 §3.7: UTF-8 only', [
  ...Object.entries(NOT_UTF8).flatMap(([title, bytes]): Attack[] => {
    const member = Buffer.concat([Buffer.from(',"note":"'), Buffer.from(bytes), Buffer.from('"}')])
    const append = (value: unknown) =>
      Buffer.concat([Buffer.from(JSON.stringify(value).slice(0, -1)), member])
    return [
      {
        title: `${title} in the claims`,
        token: ({ sealedText, kid, claims }) =>
          sealedText(JSON.stringify({ alg: 'ES256', kid }), append(claims)),
        code: 'token_malformed',
      },
      {
        title: `${title} in the header`,
        token: ({ sealedText, kid, claims }) =>
          sealedText(append({ alg: 'ES256', kid }), JSON.stringify(claims)),
        code: 'token_malformed',
      },
    ]
  }),
  ...(['utf16le', 'utf-16le with a mark'] as const).map((form): Attack => ({
    title: `claims in ${form}`,
    token: ({ sealedText, kid, claims }) => {
      const text = `${form === 'utf16le' ? '' : '\uFEFF'}${JSON.stringify(claims)}`
      return sealedText(JSON.stringify({ alg: 'ES256', kid }), Buffer.from(text, 'utf16le'))
    },
    code: 'token_malformed',
  })),
])

const KIDS = [
  '../../../../dev/null',
  '/etc/passwd',
  `${ATTACKER}/key`,
  "' OR '1'='1",
  '1; DROP TABLE keys',
  '$(id)',
  '__proto__',
  'constructor',
  '',
  ' ',
  '\0',
  'k'.repeat(8_000),
  '\r\nSet-Cookie: a=b',
]

runAttacks(
  'RFC 8725 §3.10: a key id as a weapon',
  KIDS.map((kid): Attack => ({
    title: `kid ${JSON.stringify(kid.slice(0, 30))}`,
    token: ({ sealed }) => sealed({ kid }),
    code: 'key_unknown',
  })),
  'each',
)

runAttacks('RFC 8725 §3.10: claims and header members are not to be trusted', [
  ...[null, 1, true, ['a'], { a: 1 }].map((kid): Attack => ({
    title: `kid ${JSON.stringify(kid)}`,
    token: ({ sealed }) => sealed({ kid }),
    code: 'header_not_allowed',
  })),
  ...[
    `${ATTACKER}`,
    'https://verifier.example.test',
    'https://verifier.example.test/verifier/',
    '',
    '__proto__',
  ].map((iss): Attack => ({
    title: `iss ${JSON.stringify(iss)}`,
    token: ({ sealed }) => sealed({}, { iss }),
    code: 'issuer_not_trusted',
  })),
  ...[null, 1, [`https://verifier.example.test/verifier`], { toString: 'x' }, undefined].map(
    (iss): Attack => ({
      title: `iss ${JSON.stringify(iss)}`,
      token: ({ sealed }) => sealed({}, { iss }),
      code: 'issuer_not_trusted',
    }),
  ),
])

runAttacks('RFC 8725 §3.11 and §3.12: another kind of JWT of the same key', [
  ...[
    'oauth-authz-req+jwt',
    'logout+jwt',
    'dpop+jwt',
    'vp+jwt',
    'vc+sd-jwt',
    'secevent+jwt',
    'JWT ',
    'application/',
    'at+jwt,JWT',
  ].map((typ): Attack => ({
    title: `typ ${JSON.stringify(typ)}`,
    token: ({ sealed }) => sealed({ typ }),
    code: 'token_type_not_accepted',
  })),
  ...['vc_json', 'auth_time', 'acr', 'amr', 'at_hash', 'c_hash', 's_hash', 'sid', 'events'].map(
    (name): Attack => ({
      title: `the claim ${name} of an id_token or a logout token`,
      token: ({ sealed }) => sealed({}, { [name]: 'x' }),
      code: 'token_type_not_accepted',
    }),
  ),
  {
    title: 'neither jti nor scope, as in an id_token',
    token: ({ sealed }) => sealed({}, { jti: undefined, scope: undefined }),
    code: 'token_type_not_accepted',
  },
])

const JSON_FORMS: Readonly<Record<string, (parts: readonly string[]) => unknown>> = {
  flattened: ([header, payload, signature]) => ({ protected: header, payload, signature }),
  general: ([header, payload, signature]) => ({
    payload,
    signatures: [{ protected: header, signature }],
  }),
}

runAttacks('RFC 8725 §3.1, its successor draft and RFC 7516: other serialisations and encryption', [
  ...Object.entries(JSON_FORMS).map(([form, make]): Attack => ({
    title: `${form} JSON serialisation in base64url`,
    token: ({ mint }) => encode(JSON.stringify(make(mint().split('.')))),
    code: 'token_malformed',
  })),
  {
    title: 'five parts, as a JWE has',
    token: ({ sealed }) => `${sealed({ alg: 'dir', enc: 'A128GCM' })}.AAAA.AAAA`,
    code: 'token_malformed',
  },
  {
    title: 'password-based encryption with a huge iteration count',
    token: ({ sealed }) => sealed({ alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31 }),
    code: 'algorithm_not_allowed',
  },
  ...['zip', 'enc'].map((name): Attack => ({
    title: `the member ${name} of a JWE in a signed token`,
    token: ({ sealed }) => sealed({ [name]: 'DEF' }),
    code: 'header_not_allowed',
  })),
])

test('RFC 8725 §3.2: the other s of an ECDSA signature is as good as the first, and is checked as a token of its own', async () => {
  const arena = createArena()
  const token = arena.sealed({})
  const other = withSignature(
    token,
    signatureForms(arena.signer, token.slice(0, token.lastIndexOf('.')))[RIGHT[0]!]!,
  )
  expect((await arena.admits(other)).token).toBe(other)
  expect((await arena.admits(token)).token).toBe(token)
  arena.close()
})
