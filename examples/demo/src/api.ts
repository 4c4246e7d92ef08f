import type { AddressInfo } from 'node:net'
import { auth, authOf, requiredPower, type GuardEvents } from '@verifier-guard/express'
import express from 'express'

/** The protected API of the demo, on a loopback port. */
export interface Api {
  readonly url: string
  close(): void
}

/** Starts an API with one route to read offers and one to create them, each asking for a power. */
export async function startApi(
  issuer: string,
  denied: (event: GuardEvents['denied']) => void,
): Promise<Api> {
  const app = express()
  app.use('/offers', auth({ issuer, profile: 'eudistack', events: { denied } }))
  app.get(
    '/offers',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Read' }),
    (req, res) => {
      res.json({
        offers: ['a chair', 'a table'],
        organization: authOf(req).mandate?.mandator.organization,
      })
    },
  )
  app.delete(
    '/offers',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Delete' }),
    (_req, res) => {
      res.status(204).end()
    },
  )
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/offers`,
    close: () => void server.close(),
  }
}
