import { createHmac, randomBytes } from 'node:crypto'
import { confirmationFor } from './bound-to.js'
import { decodeJwt, signingInput, type Json } from './jwt.js'
import { generateKeyPair, publicJwk, type KeyPair } from './keys.js'
import { mintAccessToken, type MintOptions } from './mint.js'
import { hashOf, signProof, type ProofOptions } from './proofs.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'

/** The request to prove, and the token that it carries. */
export interface BoundCallOptions extends Pick<ProofOptions, 'url' | 'method' | 'nonce'> {
  /** What the token has, besides its binding. Default: what `mint` puts into one. */
  readonly token?: Omit<MintOptions, 'boundTo'>
}

/** The fields of a request. Each element of `dpop` is a field of its own. */
export interface BoundCall {
  readonly authorization: string
  readonly dpop: readonly string[]
}

interface BrokenProof {
  /** The rule of RFC 9449 that such a request offends. */
  readonly because: string
  readonly make: (server: Server, options: BoundCallOptions) => BoundCall
}

/** A token bound to a key, and the options of its good proof. */
function boundPair(server: Server, { token, ...call }: BoundCallOptions, pair: KeyPair) {
  const boundTo = { key: publicJwk(pair) }
  const accessToken = mintAccessToken(server, { ...token, boundTo })
  const options: ProofOptions = { ...call, accessToken }
  return { accessToken, options, pair }
}

/** A good call in parts: what {@link brokenProofs} break. */
function good(server: Server, call: BoundCallOptions) {
  const { accessToken, options, pair } = boundPair(server, call, server.proofKey)
  return { accessToken, options, pair, proof: signProof(server, options, pair) }
}

function asDpop(accessToken: string, ...dpop: readonly string[]): BoundCall {
  return { authorization: `DPoP ${accessToken}`, dpop }
}

/** A correctly signed proof with other claims, given the present time in seconds. */
function withClaims(
  because: string,
  change: (context: { readonly now: number; readonly options: ProofOptions }) => Json,
): BrokenProof {
  return {
    because,
    make: (server, call) => {
      const { accessToken, options, pair } = good(server, call)
      const claims = change({ now: seconds(server.settings.runtime), options })
      return asDpop(accessToken, signProof(server, { ...options, claims }, pair))
    },
  }
}

/** A correctly signed proof with other header parameters. */
function withHeader(because: string, change: (pair: KeyPair) => Json): BrokenProof {
  return {
    because,
    make: (server, call) => {
      const { accessToken, options, pair } = good(server, call)
      return asDpop(accessToken, signProof(server, { ...options, header: change(pair) }, pair))
    },
  }
}

/** A good call whose fields are changed after the proof was signed. */
function changed(
  because: string,
  change: (parts: { accessToken: string; proof: string }) => BoundCall,
): BrokenProof {
  return { because, make: (server, call) => change(good(server, call)) }
}

/** A good proof and a token of another binding. */
function withToken(because: string, token: (server: Server) => MintOptions): BrokenProof {
  return {
    because,
    make: (server, { token: wanted, ...call }) => {
      const accessToken = mintAccessToken(server, { ...wanted, ...token(server) })
      return asDpop(accessToken, signProof(server, { ...call, accessToken }, server.proofKey))
    },
  }
}

/** A header of no asymmetric algorithm over the claims of a good proof. */
function resigned(because: string, alg: string, sign: (input: string) => string): BrokenProof {
  return changed(because, ({ accessToken, proof }) => {
    const { header, claims } = decodeJwt(proof)
    const input = signingInput({ ...header, alg }, claims)
    return asDpop(accessToken, `${input}.${sign(input)}`)
  })
}

/**
 * Requests with a bound token that no API may accept, each correct but for one thing.
 *
 * @example
 * ```ts
 * import * as dev from '@verifier-guard/dev-verifier'
 *
 * const verifier = dev.createDevVerifier({ profile: 'oauth' })
 * for (const name of Object.keys(dev.brokenProofs) as dev.BrokenProofName[])
 *   console.log(name, verifier.mintBrokenProof(name, { url: 'https://api.example.com/orders' }))
 * ```
 */
export const brokenProofs = {
  missing: changed('a bound token needs a proof (§7.1)', ({ accessToken }) => asDpop(accessToken)),
  'as-bearer': changed('a bound token is no bearer token (§7.2)', ({ accessToken, proof }) => ({
    authorization: `Bearer ${accessToken}`,
    dpop: [proof],
  })),
  'as-bearer-without-proof': changed(
    'a bound token is no bearer token (§7.2)',
    ({ accessToken }) => ({ authorization: `Bearer ${accessToken}`, dpop: [] }),
  ),
  'two-fields': {
    because: 'there is one field DPoP (§4.3, no. 1)',
    make: (server, call) => {
      const { accessToken, options, pair, proof } = good(server, call)
      return asDpop(accessToken, proof, signProof(server, options, pair))
    },
  },
  'not-a-jwt': changed('a proof is a JWT (§4.3, no. 2)', ({ accessToken }) =>
    asDpop(accessToken, 'proof'),
  ),
  'missing-typ': withHeader('typ is dpop+jwt (§4.3, no. 4)', () => ({ typ: undefined })),
  'wrong-typ': withHeader('typ is dpop+jwt (§4.3, no. 4)', () => ({ typ: 'JWT' })),
  'missing-alg': withHeader('alg is required (§4.2)', () => ({ alg: undefined })),
  'alg-none': resigned('alg is asymmetric (§4.3, no. 5)', 'none', () => ''),
  'alg-hs256': resigned('alg is asymmetric (§4.3, no. 5)', 'HS256', (input) =>
    createHmac('sha256', randomBytes(32)).update(input).digest('base64url'),
  ),
  'alg-rs256': {
    because: 'RS256 is no algorithm of FAPI 2.0 (Security Profile §5.4)',
    make: (server, call) => {
      const { accessToken, options, pair } = boundPair(server, call, generateKeyPair('RS256'))
      return asDpop(accessToken, signProof(server, options, pair))
    },
  },
  'missing-jwk': withHeader('jwk is required (§4.2)', () => ({ jwk: undefined })),
  'private-jwk': withHeader('jwk holds no private key (§4.3, no. 7)', ({ privateKey }) => ({
    jwk: privateKey.export({ format: 'jwk' }),
  })),
  'broken-signature': changed(
    'the signature is that of jwk (§4.3, no. 6)',
    ({ accessToken, proof }) => asDpop(accessToken, flipFirstByte(proof)),
  ),
  'foreign-signature': withHeader('the signature is that of jwk (§4.3, no. 6)', () => ({
    jwk: publicJwk(generateKeyPair()),
  })),
  'critical-header': withHeader('an extension that no API knows (RFC 7515 §4.1.11)', () => ({
    crit: ['exp2'],
    exp2: 1,
  })),
  'missing-jti': withClaims('jti is required (§4.2)', () => ({ jti: undefined })),
  'missing-htm': withClaims('htm is required (§4.2)', () => ({ htm: undefined })),
  'missing-htu': withClaims('htu is required (§4.2)', () => ({ htu: undefined })),
  'missing-iat': withClaims('iat is required (§4.2)', () => ({ iat: undefined })),
  'missing-ath': withClaims('ath is required beside a token (§4.2)', () => ({ ath: undefined })),
  'wrong-method': withClaims('htm is the method (§4.3, no. 8)', () => ({ htm: 'TRACE' })),
  'other-host': withClaims('htu is the address (§4.3, no. 9)', ({ options }) => ({
    htu: `https://other-api.example.com${new URL(options.url).pathname}`,
  })),
  'other-path': withClaims('htu is the address (§4.3, no. 9)', ({ options }) => ({
    htu: `${new URL(options.url).origin}/other-path`,
  })),
  old: withClaims('iat is recent (§4.3, no. 11)', ({ now }) => ({ iat: now - 3_600 })),
  'from-the-future': withClaims('iat is recent (§4.3, no. 11)', ({ now }) => ({
    iat: now + 3_600,
  })),
  'string-iat': withClaims('iat is a number (RFC 7519 §4.1.6)', ({ now }) => ({
    iat: String(now),
  })),
  'wrong-ath': withClaims('ath is the hash of the token (§4.3, no. 12)', () => ({
    ath: hashOf('another token'),
  })),
  'other-key': {
    because: 'the key is the one the token is bound to (§4.3, no. 12)',
    make: (server, call) => {
      const { accessToken, options } = good(server, call)
      return asDpop(accessToken, signProof(server, options, generateKeyPair()))
    },
  },
  'token-not-bound': withToken('the scheme DPoP is for bound tokens (§7.1)', () => ({})),
  'token-of-a-certificate': withToken(
    'a token bound to a certificate needs that one (RFC 8705 §3)',
    ({ credentialIssuer: { authority } }) => ({
      claims: { cnf: confirmationFor({ certificate: authority.certificate.toString() }) },
    }),
  ),
} as const satisfies Record<string, BrokenProof>

/** The name of a way to break a proof. */
export type BrokenProofName = keyof typeof brokenProofs

function flipFirstByte(proof: string): string {
  const [header, claims, signature = ''] = proof.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
  return [header, claims, bytes.toString('base64url')].join('.')
}
