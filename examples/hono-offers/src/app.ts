import {
  auth,
  authOf,
  requiredPower,
  requiredRule,
  type AuthEnv,
  type ResourceServerOptions,
} from '@verifier-guard/fetch/hono'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'

/** An offer as this API keeps it. */
interface Offer {
  readonly name: string
  /** The organisation that made it: the mandator of the machine that called. */
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
 * Makes the API: offers can be read and made by machines whose mandate says so, each seeing its own
 * organisation's.
 */
export function createApp(options: ResourceServerOptions): Hono<AuthEnv> {
  const app = new Hono<AuthEnv>()
  const offers: Offer[] = []

  app.get('/health', (c) => c.json({ status: 'up' }))

  app.use('/offers/*', auth(options), ofAnOrganization, bodyLimit({ maxSize: 65_536 }))

  app.get(
    '/offers',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Read' }),
    (c) => c.json(offers.filter(({ organization }) => organization === organizationOf(c))),
  )

  app.post(
    '/offers',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
    async (c) => {
      const body: unknown = await c.req.json().catch(() => undefined)
      const { name } = (body ?? {}) as { name?: unknown }
      if (typeof name !== 'string' || name === '')
        return c.json({ error: 'expected {"name": "…"}' }, 400)
      const offer: Offer = { name, organization: organizationOf(c) }
      offers.push(offer)
      return c.json(offer, 201)
    },
  )

  return app
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf(c: Context<AuthEnv>): string {
  return authOf(c).mandate!.mandator.organizationIdentifier!
}
