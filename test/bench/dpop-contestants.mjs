import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  verify,
} from 'node:crypto'
import { createGuard } from '@verifier-guard/core/support'
import { auth } from '@verifier-guard/express'
import { auth as oauth2 } from 'express-oauth2-jwt-bearer'
import { asExchange, AUDIENCE } from './tokens.mjs'

const RESOURCE = 'http://127.0.0.1'
const PATH = '/'
const hash = (text) => createHash('sha256').update(text).digest('base64url')
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A client with a key, one token bound to it, and any number of proofs. */
export function createClient(issuer) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const jkt = hash(JSON.stringify({ crv, kty, x, y }))
  const token = issuer.mint({ cnf: { jkt } }).toString('latin1')
  const ath = hash(token)
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  const iat = () => Math.floor(Date.now() / 1_000)
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }
  const proof = () => {
    const claims = { jti: randomUUID(), htm: 'GET', htu: RESOURCE + PATH, iat: iat(), ath }
    const input = `${header}.${encode(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
  /** A request with the token and a new proof. */
  const request = () => asExchange({ authorization: `DPoP ${token}`, dpop: proof() })
  return { token, proof, request, publicKey, jwk: { kty, crv, x, y } }
}

const optionsOf = ({ issuer, algorithm, jwk }) => ({
  issuer,
  keys: { keys: [jwk] },
  audience: AUDIENCE,
  profile: 'eudistack',
  kinds: ['machine', 'none'],
  algorithms: [algorithm],
  resource: RESOURCE,
  events: { denied() {} },
  dpop: { maxAge: 3_600, replay: { maxEntries: 1_000_000 } },
})

/** All that takes part, each a function of an exchange. */
export const contestants = {
  /** What none can do without: one signature by a ready key. */
  floor: {
    make:
      (_, { publicKey }) =>
      ({ request }) => {
        const proof = request.headers.dpop
        const end = proof.lastIndexOf('.')
        const input = Buffer.from(proof.slice(0, end), 'latin1')
        const key = { key: publicKey, dsaEncoding: 'ieee-p1363' }
        if (!verify('sha256', input, key, Buffer.from(proof.slice(end + 1), 'base64url')))
          throw new Error('refused')
      },
  },
  'verifier-guard': {
    express: (one) => auth(optionsOf(one)),
    make: (one) => {
      const guard = createGuard(optionsOf(one))
      return (exchange) => guard.authenticate(exchange)
    },
  },
  'express-oauth2-jwt-bearer': {
    express: ({ issuer, algorithm }) =>
      oauth2({
        issuer,
        jwksUri: `${issuer}/jwks`,
        audience: AUDIENCE,
        tokenSigningAlg: algorithm,
        dpop: { enabled: true, required: true, iatOffset: 3_600 },
      }),
    make: (one) => {
      const middleware = contestants['express-oauth2-jwt-bearer'].express(one)
      return ({ request }) => asked(middleware, request)
    },
  },
}

function asked(middleware, { headers }) {
  return new Promise((resolve, reject) => {
    const req = {
      headers,
      protocol: 'http',
      app: { get: () => {} },
      method: 'GET',
      url: PATH,
      originalUrl: PATH,
      query: {},
      is: () => false,
      get: (name) => headers[name.toLowerCase()],
    }
    middleware(req, {}, (error) => (error ? reject(error) : resolve(req.auth)))
  })
}

/** What none can do without behind Express: the same signature, by a middleware written by hand. */
const byHand = ({ publicKey }) => {
  const check = contestants.floor.make(undefined, { publicKey })
  return (request, response, next) => {
    check({ request })
    next()
  }
}

/** The middleware that a contestant brings; the floor gets the client's key. */
export function dpopMiddlewareOf(name, one) {
  if (name !== 'floor') return contestants[name].express(one)
  return byHand({ publicKey: createPublicKey({ key: one.clientJwk, format: 'jwk' }) })
}
