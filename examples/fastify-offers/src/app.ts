import {
  auth,
  authOf,
  requiredPower,
  requiredRule,
  type ResourceServerOptions,
} from '@verifier-guard/fastify'
import Fastify, { type FastifyInstance } from 'fastify'

/** An offer as this API keeps it. */
interface Offer {
  readonly name: string
  /** The organisation that made it: the mandator of the machine that called. */
  readonly organization: string
}

const offerBody = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1 } },
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
export function createApp(options: ResourceServerOptions): FastifyInstance {
  const app = Fastify()
  const offers: Offer[] = []
  const mayRead = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Read' })
  const mayCreate = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' })

  app.get('/health', () => ({ status: 'up' }))

  app.register(async (api) => {
    await api.register(auth, options)
    api.addHook('onRequest', ofAnOrganization)

    api.get('/offers', { onRequest: mayRead }, (request) =>
      offers.filter(({ organization }) => organization === organizationOf(request)),
    )

    api.post<{ Body: { name: string } }>(
      '/offers',
      { onRequest: mayCreate, schema: { body: offerBody } },
      (request, reply) => {
        const offer: Offer = { name: request.body.name, organization: organizationOf(request) }
        offers.push(offer)
        return reply.code(201).send(offer)
      },
    )
  })

  return app
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf(request: object): string {
  return authOf(request).mandate!.mandator.organizationIdentifier!
}
