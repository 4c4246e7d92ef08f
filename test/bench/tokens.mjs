import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { createDevVerifier } from '@verifier-guard/dev-verifier'

const signLater = promisify(sign)

export const AUDIENCE = 'https://orders.example.org'

const KEYS = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

/**
 * What a machine's token says: with its mandate about 1.8 kB, without any credential about 0.6 kB.
 */
const SIZES = {
  '1.8 kB': {
    placement: 'flat',
    powers: [
      'ProductOffering',
      'Catalog',
      'Orders',
      'Invoices',
      'Contracts',
      'Certification',
      'Onboarding',
    ].map((name) => ({
      type: 'Domain',
      domain: 'DOME',
      function: name,
      action: ['Create', 'Update'],
    })),
  },
  '0.6 kB': { placement: 'none' },
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * An authorization server with one key, as small as can be, that signs any number of tokens which
 * differ in their `jti`.
 */
export async function createIssuer(algorithm, size) {
  const { publicKey, privateKey } = KEYS[algorithm]()
  const kid = `${algorithm}-key`
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm }
  const server = createServer((request, response) => {
    const document =
      request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const issuer = `http://127.0.0.1:${server.address().port}`
  const template = createDevVerifier({ profile: 'eudistack-3.0' }).mint({
    ...SIZES[size],
    claims: { iss: issuer, aud: AUDIENCE },
  })
  const claims = JSON.parse(Buffer.from(template.split('.')[1], 'base64url').toString())
  const header = encode({ alg: algorithm, typ: 'JWT', kid })
  let minted = 0
  const next = (more) => {
    const jti = `${(minted += 1)}`.padStart(36, '0')
    return `${header}.${encode({ ...claims, jti, exp: Math.floor(Date.now() / 1_000) + 86_400, ...more })}`
  }
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }
  /** Fresh bytes, as they come from a socket. */
  const bytes = (input, signature) => Buffer.from(`${input}.${signature.toString('base64url')}`)
  const mint = (more) => {
    const input = next(more)
    return bytes(input, sign(digest, Buffer.from(input), key))
  }
  /** Many at once, signed on all cores. */
  const mintAll = (count) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const input = next()
        return bytes(input, await signLater(digest, Buffer.from(input), key))
      }),
    )
  return { issuer, algorithm, publicKey, jwk, mint, mintAll, close: () => server.close() }
}

/**
 * A request as an adapter hands in Node's: with where its outcome is kept, and its end. Its fields
 * are texts in one piece, as they come from a socket.
 */
export function asExchange(fields) {
  const headers = { host: '127.0.0.1' }
  for (const [name, text] of Object.entries(fields))
    headers[name] = Buffer.from(text, 'latin1').toString('latin1')
  const rawHeaders = Object.entries(headers).flat()
  return { request: { method: 'GET', url: '/', headers, rawHeaders }, key: {}, ended() {} }
}
