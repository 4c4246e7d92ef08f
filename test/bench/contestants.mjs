import { verify as verifySignature } from 'node:crypto'
import { createResourceServer } from '@verifier-guard/core'
import { createGuard } from '@verifier-guard/core/support'
import { auth } from '@verifier-guard/express'
import { JwtVerifier } from 'aws-jwt-verify'
import { auth as oauth2 } from 'express-oauth2-jwt-bearer'
import { expressjwt } from 'express-jwt'
import { createVerifier } from 'fast-jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jwksRsa from 'jwks-rsa'
import koaJwt from 'koa-jwt'
import { AUDIENCE } from './tokens.mjs'

const noop = () => {}
const inHeader = (token) => ({ authorization: `Bearer ${token}` })

/** A middleware as a function of a token. */
const asFunction = (middleware) => (token) =>
  new Promise((resolve, reject) => {
    const headers = { host: 'orders.example.org', ...inHeader(token) }
    const request = {
      headers,
      protocol: 'https',
      app: { get: noop },
      method: 'GET',
      url: '/',
      originalUrl: '/',
      query: {},
      is: () => false,
      get: (name) => headers[name.toLowerCase()],
    }
    middleware(request, {}, (error) => (error ? reject(error) : resolve(request.auth)))
  })

/** A middleware around a function of a token, as an application writes it by hand. */
const asMiddleware = (verify) => (request, response, next) => {
  const enter = (auth) => {
    request.auth = auth
    next()
  }
  try {
    const auth = verify(request.headers.authorization.slice(7))
    if (auth instanceof Promise) auth.then(enter, next)
    else enter(auth)
  } catch (error) {
    next(error)
  }
}

/**
 * All that takes part: `make` returns a function of a token that resolves, or returns, once it is
 * verified; `express` a middleware. `cached` contestants are handed tokens that they remember, the
 * others new ones.
 */
export const contestants = {
  /** What none can do without: one signature with a ready key, two documents, five comparisons. */
  floor: {
    make:
      ({ issuer, algorithm, publicKey }) =>
      (token) => {
        const [header, payload, signature] = token.split('.')
        const { alg } = JSON.parse(Buffer.from(header, 'base64url'))
        const claims = JSON.parse(Buffer.from(payload, 'base64url'))
        const input = Buffer.from(token.slice(0, header.length + payload.length + 1))
        const key = { key: publicKey, dsaEncoding: 'ieee-p1363' }
        const holds = verifySignature(
          algorithm === 'EdDSA' ? null : 'sha256',
          input,
          key,
          Buffer.from(signature, 'base64url'),
        )
        const now = Date.now() / 1_000
        if (!(
          holds &&
          alg === algorithm &&
          claims.iss === issuer &&
          claims.aud === AUDIENCE &&
          claims.exp > now &&
          claims.iat <= now + 30
        ))
          throw new Error('refused')
        return claims
      },
  },
  'verifier-guard': {
    express: (one) => auth(optionsOf(one)),
    make: (one) => verifier(one),
  },
  'verifier-guard, claims read': {
    make: (one) => {
      const verify = verifier(one)
      return async (token) => (await verify(token)).claims
    },
  },
  'verifier-guard, cached': {
    cached: true,
    make: (one) => verifier(one),
  },
  'verifier-guard, cached, synchronous': {
    cached: true,
    isExchange: true,
    // What the adapters do: without a promise once a token is known.
    make: (one) => createGuard(optionsOf(one)).authenticate,
  },
  jose: {
    make({ issuer, algorithm }) {
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
      const options = {
        issuer,
        audience: AUDIENCE,
        algorithms: [algorithm],
        requiredClaims: ['exp'],
      }
      return (token) => jwtVerify(token, keys, options)
    },
  },
  'aws-jwt-verify': {
    make({ issuer, jwk }) {
      const verifier = JwtVerifier.create({
        issuer,
        audience: AUDIENCE,
        jwksUri: 'https://verifier.example.org/jwks',
      })
      verifier.cacheJwks({ keys: [jwk] })
      return (token) => verifier.verify(token)
    },
  },
  'fast-jwt': {
    make: (one) => fastJwt(one, false),
  },
  'fast-jwt, cached': {
    cached: true,
    make: (one) => fastJwt(one, 5_000),
  },
  'express-oauth2-jwt-bearer': {
    express: ({ issuer, algorithm }) =>
      oauth2({
        issuer,
        jwksUri: `${issuer}/jwks`,
        audience: AUDIENCE,
        tokenSigningAlg: algorithm,
        dpop: { enabled: false },
      }),
    make: (one) => asFunction(contestants['express-oauth2-jwt-bearer'].express(one)),
  },
  'express-jwt + jwks-rsa': {
    algorithms: ['ES256', 'RS256'],
    express: ({ issuer, algorithm }) =>
      expressjwt({
        secret: jwksRsa.expressJwtSecret({ jwksUri: `${issuer}/jwks` }),
        audience: AUDIENCE,
        issuer,
        algorithms: [algorithm],
      }),
    make: (one) => asFunction(contestants['express-jwt + jwks-rsa'].express(one)),
  },
  'koa-jwt + jwks-rsa': {
    algorithms: ['ES256', 'RS256'],
    make({ issuer, algorithm }) {
      const secret = jwksRsa.koaJwtSecret({ jwksUri: `${issuer}/jwks` })
      const middleware = koaJwt({ secret, audience: AUDIENCE, issuer, algorithms: [algorithm] })
      return async (token) => {
        const context = { header: inHeader(token), state: {}, method: 'GET', url: '/', throw: fail }
        context.request = context
        await middleware(context, noop)
        return context.state.user
      }
    },
  },
}

/** The middleware that a contestant brings, or one by hand. */
export function middlewareOf(name, one) {
  const { express, make } = contestants[name]
  return express ? express(one) : asMiddleware(make(one))
}

/** The defaults, the memory for verified tokens among them. */
const optionsOf = ({ issuer, algorithm }) => ({
  issuer,
  audience: AUDIENCE,
  profile: 'eudistack',
  kinds: ['machine', 'none'],
  algorithms: [algorithm],
})

function verifier(one) {
  const server = createResourceServer(optionsOf(one))
  return (token) => server.verifyAccessToken(token)
}

function fastJwt({ issuer, algorithm, publicKey }, cache) {
  return createVerifier({
    key: publicKey.export({ format: 'pem', type: 'spki' }),
    algorithms: [algorithm],
    allowedIss: issuer,
    allowedAud: AUDIENCE,
    cache,
  })
}

function fail(status, message) {
  throw new Error(`${status} ${message}`)
}
