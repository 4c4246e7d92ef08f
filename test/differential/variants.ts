import { createHmac } from 'node:crypto'
import { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
import { signatureForms } from './signature-forms.js'
import { createSigner, encode, publicKeyOf, type Signer } from './signer.js'

/** A token and what was done to it. */
export interface Sample {
  readonly token: string
  readonly change: string
}

const CLAIMS = {
  iss: 'https://verifier.example.org',
  sub: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
  aud: 'https://orders.example.org',
  exp: 4_102_444_800,
  power: [{ type: 'domain', domain: 'DOME', function: 'ProductOffering', action: ['Create'] }],
}
const PAYLOAD = JSON.stringify(CLAIMS)
const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const withMember = (member: string) => `{${member},${PAYLOAD.slice(1)}`

/** Payloads, by name, under a good header and signature. */
const PAYLOADS: Readonly<Record<string, string | Buffer>> = {
  good: PAYLOAD,
  'white space': JSON.stringify(CLAIMS, null, '\t').replaceAll('\n', '\r\n'),
  'escaped names': PAYLOAD.replace('"sub"', String.raw`"s\u0075b"`),
  'colons in strings': withMember(String.raw`"note":"\"a\":\\"`),
  'lone surrogate': withMember(String.raw`"note":"\ud800"`),
  'nested 30 deep': withMember(`"deep":${nest(30)}`),
  'claim twice': withMember('"sub":"somebody"'),
  'claim twice, escaped': withMember(String.raw`"s\u0075b":"somebody"`),
  'nested claim twice': withMember('"vc":{"a":1,"a":2}'),
  'claim __proto__': withMember('"__proto__":{"admin":true}'),
  'claim constructor': withMember('"constructor":{"prototype":{"admin":true}}'),
  'nested 40 deep': withMember(`"deep":${nest(40)}`),
  oversized: withMember(`"note":"${'x'.repeat(16_384)}"`),
  'byte order mark before claims': `\uFEFF${PAYLOAD}`,
  'payload not UTF-8': Buffer.from(withMember('"note":"\xff"'), 'latin1'),
  'payload overlong UTF-8': Buffer.concat([
    Buffer.from('{"note":"'),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from('"}'),
  ]),
  'payload UTF-16': Buffer.from(PAYLOAD, 'utf16le'),
  'payload list': '[]',
  'payload text': '"text"',
  'payload null': 'null',
  'payload not JSON': 'Payload',
  'payload cut short': PAYLOAD.slice(0, -1),
  'payload with trailing comma': `${PAYLOAD.slice(0, -1)},}`,
  'payload followed by another': PAYLOAD + PAYLOAD,
  'payload empty': '',
}

/** Members of a header besides `alg`, by name, over a good payload and under a good signature. */
const HEADER_MEMBERS: Readonly<Record<string, string>> = {
  'header with kid and typ': '"kid":"k","typ":"at+jwt"',
  'header with key sources':
    '"jku":"https://attacker.example/","x5u":"https://attacker.example/","x5c":["AA=="]',
  'header with jwk': '"jwk":{"kty":"oct","k":"AA"}',
  'crit unknown': '"crit":["exp2"],"exp2":1',
  'crit empty': '"crit":[]',
  'crit null': '"crit":null',
  'crit b64 true': '"crit":["b64"],"b64":true',
  'crit b64 false': '"crit":["b64"],"b64":false',
  'b64 false': '"b64":false',
  'b64 true': '"b64":true',
  zip: '"zip":"DEF"',
  enc: '"enc":"A128GCM"',
  'kid number': '"kid":1',
  'kid null': '"kid":null',
  'typ list': '"typ":["JWT"]',
  'header __proto__': '"__proto__":{"alg":"none"}',
  'header nested 40 deep': `"deep":${nest(40)}`,
}

/** Every variant of a token for an algorithm, each signed as it says. */
export function variants(signer: Signer): readonly Sample[] {
  return [
    ...payloads(signer),
    ...headers(signer),
    ...otherAlgorithms(signer),
    ...signatures(signer),
  ]
}

function payloads({ row, token }: Signer): Sample[] {
  return Object.entries(PAYLOADS).map(([change, payload]) => ({
    change,
    token: token(`{"alg":"${row.name}"}`, payload),
  }))
}

function headers({ row, token }: Signer): Sample[] {
  const alg = `"alg":"${row.name}"`
  const whole: Readonly<Record<string, string | Buffer>> = {
    'header member twice': `{${alg},${alg}}`,
    'header member twice, escaped': `{${alg},${alg.replace('alg', String.raw`\u0061lg`)}}`,
    'byte order mark before header': `\uFEFF{${alg}}`,
    'header list': `[${alg.replace(':', ',')}]`,
    'header not UTF-8': Buffer.from(`{${alg},"kid":"\xff"}`, 'latin1'),
    'header without alg': '{}',
    'alg as list': `{"alg":["${row.name}"]}`,
    'alg null': '{"alg":null}',
  }
  const members = Object.entries(HEADER_MEMBERS).map(
    ([change, member]) => [change, `{${alg},${member}}`] as const,
  )
  return [...Object.entries(whole), ...members].map(([change, header]) => ({
    change,
    token: token(header, PAYLOAD),
  }))
}

const STRANGERS = [
  'none',
  'None',
  'NONE',
  'nOnE',
  '',
  ' ',
  'HS256',
  'RSA1_5',
  'ES256K',
  'toString',
  '__proto__',
]

function otherAlgorithms(signer: Signer): Sample[] {
  const { name } = signer.row
  const names = [...ALGORITHMS.keys(), ...STRANGERS, name.toLowerCase(), `${name} `].filter(
    (other) => other !== name,
  )
  const signed = names.map((other) => ({
    change: `alg ${other}`,
    token: signer.token(`{"alg":"${other}"}`, PAYLOAD),
  }))
  const unsigned = signed.map(({ change, token }) => ({
    change: `${change} unsigned`,
    token: token.slice(0, token.lastIndexOf('.') + 1),
  }))
  return [...signed, ...unsigned, ...confusion(signer)]
}

/** The public key in every form as the secret of an HMAC (RFC 8725 §2.1). */
function confusion({ jwk }: Signer): Sample[] {
  const key = publicKeyOf(jwk)
  const secrets = {
    pem: key.export({ format: 'pem', type: 'spki' }),
    der: key.export({ format: 'der', type: 'spki' }),
    jwk: JSON.stringify(jwk),
  }
  const input = `${encode('{"alg":"HS256"}')}.${encode(PAYLOAD)}`
  return Object.entries(secrets).map(([form, secret]) => ({
    change: `HMAC keyed with the public ${form}`,
    token: `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`,
  }))
}

function signatures(signer: Signer): Sample[] {
  const input = `${encode(`{"alg":"${signer.row.name}"}`)}.${encode(PAYLOAD)}`
  const stranger = createSigner(signer.row.name)
  const forms = { ...signatureForms(signer, input), 'foreign key': stranger.signature(input) }
  return Object.entries(forms).map(([change, bytes]) => ({
    change,
    token: `${input}.${encode(bytes)}`,
  }))
}
