import { auth, authOf, requiredPower } from '@verifier-guard/express'
import express, { type Express } from 'express'

/** The service that is called: it knows nothing but the Verifier whose tokens it accepts. */
export function createOrders(verifier: string): Express {
  const app = express()
  app.use(auth({ issuer: verifier, profile: 'eudistack' }))
  app.get(
    '/orders',
    requiredPower({ domain: 'DOME', function: 'Orders', action: 'Read' }),
    (req, res) => {
      const organization = authOf(req).mandate?.mandator.organizationIdentifier
      res.json([{ id: 1, item: 'chairs', organization }])
    },
  )
  return app
}
