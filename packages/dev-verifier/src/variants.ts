import { createHmac, createPublicKey, sign } from 'node:crypto'
import { decodeJwt, signingInput, signJwt, type Json } from './jwt.js'
import { generateKeyPair, publicJwk, thumbprint } from './keys.js'
import { mintAccessToken, mintIdToken, signToken, type MintOptions } from './mint.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'

interface BrokenToken {
  /** The rule such a token offends. */
  readonly because: string
  readonly make: (server: Server, options: MintOptions) => string
}

/** A good token, taken apart for damage. */
function good(server: Server, options: MintOptions) {
  const token = mintAccessToken(server, options)
  const [header = '', claims = '', signature = ''] = token.split('.')
  return { token, header, claims, signature, decoded: decodeJwt(token) }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A correctly signed token with other claims, given the present time in seconds. */
function withClaims(because: string, change: (now: number) => Json): BrokenToken {
  return {
    because,
    make: (server, options) =>
      mintAccessToken(server, {
        ...options,
        claims: { ...options.claims, ...change(seconds(server.settings.runtime)) },
      }),
  }
}

/** A correctly signed token with other header parameters. */
function withHeader(because: string, header: Json): BrokenToken {
  return {
    because,
    make: (server, options) =>
      mintAccessToken(server, { ...options, header: { ...options.header, ...header } }),
  }
}

/** A good token whose text is changed after it was signed. */
function damaged(because: string, damage: (parts: ReturnType<typeof good>) => string): BrokenToken {
  return {
    because,
    make: (server, options) => damage(good(server, options)),
  }
}

/** A correctly signed token that no sender can confirm. */
function boundTo(because: string, cnf: () => unknown): BrokenToken {
  return withClaims(because, () => ({ cnf: cnf() }))
}

/** A token signed by an attacker's own key. */
function byAnotherKey(
  because: string,
  header: (attacker: Json, genuine: Json) => Json,
): BrokenToken {
  return {
    because,
    make: (server, options) => {
      const pair = generateKeyPair('ES256')
      const { decoded } = good(server, options)
      return signJwt(
        { ...decoded.header, alg: 'ES256', ...header(publicJwk(pair), decoded.header) },
        decoded.claims,
        pair,
      )
    },
  }
}

/**
 * HMAC keyed with a public text: what a library computes that lets the token choose the algorithm.
 */
function hmac(because: string, secret: (server: Server) => string): BrokenToken {
  return {
    because,
    make: (server, options) => {
      const { decoded } = good(server, options)
      const input = signingInput({ ...decoded.header, alg: 'HS256' }, decoded.claims)
      return `${input}.${createHmac('sha256', secret(server)).update(input).digest('base64url')}`
    },
  }
}

function flipLastByte(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  return bytes.toString('base64url')
}

function inStandardBase64(server: Server, options: MintOptions): string {
  const { header, claims, signature } = good(server, options)
  const standard = signature.replaceAll('-', '+').replaceAll('_', '/')
  // One signature in fifteen has neither of the two characters in which the alphabets differ.
  return standard === signature
    ? inStandardBase64(server, options)
    : [header, claims, standard].join('.')
}

/**
 * Tokens that no API may accept, each correct but for one thing.
 *
 * @example
 * ```ts
 * import { brokenTokens, createDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * for (const [name, { because }] of Object.entries(brokenTokens)) console.log(name, because)
 * console.log(createDevVerifier().mintBroken('expired'))
 * ```
 */
export const brokenTokens = {
  expired: withClaims('exp has passed', (now) => ({ iat: now - 7_200, exp: now - 3_600 })),
  'not-yet-valid': withClaims('nbf lies ahead', (now) => ({ nbf: now + 3_600 })),
  'issued-in-future': withClaims('iat lies ahead', (now) => ({
    iat: now + 3_600,
    exp: now + 7_200,
  })),
  'missing-exp': withClaims('exp is required', () => ({ exp: undefined })),
  'string-exp': withClaims('exp is a number', (now) => ({ exp: String(now + 900) })),
  'millisecond-exp': withClaims('exp is in seconds', (now) => ({ exp: (now + 900) * 1_000 })),
  'wrong-issuer': withClaims('iss is another Verifier', () => ({
    iss: 'https://other-verifier.example.com',
  })),
  'missing-issuer': withClaims('iss is required', () => ({ iss: undefined })),
  'wrong-audience': withClaims('aud is another service', () => ({
    aud: 'https://other-api.example.com',
  })),
  'missing-audience': withClaims('aud is required', () => ({ aud: undefined })),
  'id-token': { because: 'an id_token is for the client that asked for it', make: mintIdToken },
  'id-token-for-audience': {
    because: 'an id_token stays one when its aud fits',
    make: (server, options) =>
      mintIdToken(server, { audience: server.settings.issuer, ...options }),
  },
  'logout-token': {
    because: 'a logout token is another kind of JWT (OpenID Connect Back-Channel Logout 1.0 §2.4)',
    make: (server, options) => {
      const { iss, aud, sub, iat, exp, jti } = good(server, options).decoded.claims
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
      return signToken(
        server,
        { iss, aud, sub, iat, exp, jti, events },
        { header: { typ: 'logout+jwt' } },
      )
    },
  },
  'authorization-request': withHeader('a signed authorization request is another kind of JWT', {
    typ: 'oauth-authz-req+jwt',
  }),
  'bound-to-another-key': boundTo('the sender has another key (RFC 9449 §7.1)', () => ({
    jkt: thumbprint(publicJwk(generateKeyPair())),
  })),
  'bound-to-nothing': boundTo('an empty cnf confirms nothing (RFC 7800 §3.1)', () => ({})),
  'bound-to-a-kid': boundTo('a kid alone proves nothing to an API (RFC 7800 §3.4)', () => ({
    kid: 'my-key',
  })),
  'bound-to-a-number': boundTo('jkt is a string (RFC 9449 §6.1)', () => ({ jkt: 1 })),
  'bound-by-text': boundTo('cnf is an object (RFC 7800 §3.1)', () => 'my-key'),
  'bound-to-a-certificate-in-hex': boundTo('x5t#S256 is base64url (RFC 8705 §3.1)', () => ({
    'x5t#S256': 'AB:'.repeat(31) + 'AB',
  })),
  'unknown-key': byAnotherKey('no published key has this kid', () => ({
    kid: 'did:key:zDnaeUnknownKey',
  })),
  'foreign-key': byAnotherKey("the kid is the Verifier's, the key is not", () => ({})),
  'embedded-jwk': byAnotherKey('a key in the header proves nothing', (jwk) => ({
    jwk,
    kid: undefined,
  })),
  'jku-header': byAnotherKey('a URL in the header is never a source of keys', () => ({
    jku: 'http://127.0.0.1:9/jwks',
    kid: 'attacker',
  })),
  'tampered-payload': damaged(
    'the claims are not the signed ones',
    ({ header, decoded, signature }) =>
      [header, encode({ ...decoded.claims, sub: 'did:key:zDnaeAnother' }), signature].join('.'),
  ),
  'tampered-header': damaged('the header is not the signed one', ({ decoded, claims, signature }) =>
    [encode({ ...decoded.header, typ: 'application/at+jwt' }), claims, signature].join('.'),
  ),
  'tampered-signature': damaged(
    'the signature is not that of the claims',
    ({ header, claims, signature }) => [header, claims, flipLastByte(signature)].join('.'),
  ),
  'missing-signature': damaged(
    'a JWS without a signature',
    ({ header, claims }) => `${header}.${claims}.`,
  ),
  'zero-signature': damaged('r = s = 0 is no ECDSA signature', ({ header, claims }) =>
    [header, claims, Buffer.alloc(64).toString('base64url')].join('.'),
  ),
  'der-signature': {
    because: 'an ES256 signature is 64 bytes r||s (RFC 7518 §3.4), not DER',
    make: (server, options) => {
      const { header, claims } = good(server, options)
      const signature = sign(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        server.keys.current.pair.privateKey,
      )
      return [header, claims, signature.toString('base64url')].join('.')
    },
  },
  'alg-none': damaged('an unsigned token (RFC 7518 §3.6)', ({ decoded, claims }) =>
    [encode({ ...decoded.header, alg: 'none' }), claims, ''].join('.'),
  ),
  'alg-hs256-with-public-key': hmac(
    'HMAC with the public key as secret, PEM',
    ({ keys }) =>
      createPublicKey(keys.current.pair.privateKey).export({
        format: 'pem',
        type: 'spki',
      }) as string,
  ),
  'alg-hs256-with-jwk': hmac('HMAC with the public key as secret, JWK', ({ keys }) =>
    JSON.stringify(publicJwk(keys.current.pair)),
  ),
  'critical-header': withHeader('a critical extension that no API understands (RFC 7515 §4.1.11)', {
    crit: ['exp2'],
    exp2: 1,
  }),
  'four-parts': damaged('a JWS has three parts', ({ token }) => `${token}.e30`),
  'padded-base64': damaged('base64url without padding (RFC 7515 §2)', ({ token }) => `${token}==`),
  'standard-base64': { because: 'base64url, not Base64 (RFC 7515 §2)', make: inStandardBase64 },
  'claims-not-object': {
    because: 'the claims of a JWT are a JSON object (RFC 7519 §7.2)',
    make: (server) =>
      signJwt(
        { kid: server.keys.current.kid, typ: 'JWT' },
        [] as unknown as Json,
        server.keys.current.pair,
      ),
  },
} as const satisfies Record<string, BrokenToken>

/** The name of a way to break a token. */
export type BrokenTokenName = keyof typeof brokenTokens
