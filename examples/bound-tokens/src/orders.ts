import { auth, authOf, requiredScopes } from '@verifier-guard/express'
import express, { type Express } from 'express'

/**
 * An API that takes no bearer tokens.
 *
 * @param issuer of the authorization server.
 * @param resource the public address of this API. Proofs are made for it, and tokens too.
 * @param secret 32 characters or more, the same for all instances of this API.
 */
export function createOrders(issuer: string, resource: string, secret: string): Express {
  const app = express()
  app.use(
    auth({
      issuer,
      audience: resource,
      profile: 'rfc9068',
      resource,
      // A nonce also keeps out proofs that were made ahead of time.
      dpop: { mode: 'required', nonce: { secrets: [secret] } },
    }),
  )
  app.get('/orders', requiredScopes('orders:read'), (req, res) => {
    res.json([{ id: 1, item: 'chairs', client: authOf(req).clientId }])
  })
  return app
}
