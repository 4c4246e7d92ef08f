import {
  auth,
  authOf,
  requiredPower,
  requiredRule,
  type ResourceServerOptions,
} from '@verifier-guard/express'
import express, { type Express } from 'express'

/** An order as this API keeps it. */
interface Order {
  readonly id: number
  readonly item: string
  /** The organisation that placed it: the mandator of the machine that called. */
  readonly organization: string
}

/**
 * Refuses callers whose mandate names no organisation: they would share the data of all others
 * without one.
 */
const ofAnOrganization = requiredRule(
  'a mandate that names its organisation',
  ({ mandate }) => mandate?.mandator.organizationIdentifier !== undefined,
)

/**
 * Makes the API: its orders can be read and placed by machines whose mandate says so, each seeing
 * its own organisation's.
 */
export function createApp(options: ResourceServerOptions): Express {
  const app = express()
  const orders: Order[] = []

  app.get('/health', (_req, res) => void res.json({ status: 'up' }))

  app.use('/orders', auth(options), ofAnOrganization, express.json())

  app.get(
    '/orders',
    requiredPower({ domain: 'DOME', function: 'Orders', action: 'Read' }),
    (req, res) => {
      res.json(orders.filter(({ organization }) => organization === organizationOf(req)))
    },
  )

  app.post(
    '/orders',
    requiredPower({ domain: 'DOME', function: 'Orders', action: 'Create' }),
    (req, res) => {
      const { item } = (req.body ?? {}) as { item?: unknown }
      if (typeof item !== 'string' || item === '')
        return void res.status(400).json({ error: 'expected {"item": "…"}' })
      const order: Order = { id: orders.length + 1, item, organization: organizationOf(req) }
      orders.push(order)
      res.status(201).json(order)
    },
  )

  return app
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf(req: object): string {
  return authOf(req).mandate!.mandator.organizationIdentifier!
}
