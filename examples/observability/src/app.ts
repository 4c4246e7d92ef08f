import {
  auth,
  authOf,
  probes,
  requiredPower,
  type ProbeAnswer,
  type ResourceServer,
} from '@verifier-guard/express'
import express, { type Express, type Response } from 'express'

/** Makes the API: orders behind a guard, and answers for the probes in front of it. */
export function createApp(resourceServer: ResourceServer): Express {
  const { live, ready } = probes(resourceServer)
  const app = express()
  app.get('/live', (_req, res) => send(res, live()))
  app.get('/ready', (_req, res) => send(res, ready()))

  app.use(auth(resourceServer))
  app.get(
    '/orders',
    requiredPower({ domain: 'DOME', function: 'Orders', action: 'Read' }),
    (req, res) => void res.json({ ordersOf: authOf(req).clientId }),
  )
  return app
}

function send(res: Response, { status, headers, body }: ProbeAnswer): void {
  res.status(status).set(headers).json(body)
}
