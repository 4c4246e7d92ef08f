import Router from '@koa/router'
import {
  auth,
  authOf,
  requiredPower,
  requiredRule,
  type AuthState,
  type ResourceServerOptions,
} from '@verifier-guard/koa'
import Koa from 'koa'

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
export function createApp(options: ResourceServerOptions): Koa<AuthState> {
  const offers: Offer[] = []
  const open = new Router<AuthState>()
  open.get('/health', (ctx) => {
    ctx.body = { status: 'up' }
  })

  const guarded = new Router<AuthState>({ prefix: '/offers' })
  guarded.get(
    '/',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Read' }),
    (ctx) => {
      ctx.body = offers.filter(({ organization }) => organization === organizationOf(ctx))
    },
  )

  guarded.put(
    '/:name',
    requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }),
    (ctx) => {
      const offer: Offer = { name: String(ctx.params['name']), organization: organizationOf(ctx) }
      const known = offers.find(
        ({ name, organization }) => name === offer.name && organization === offer.organization,
      )
      if (known === undefined) offers.push(offer)
      ctx.status = known === undefined ? 201 : 200
      ctx.body = offer
    },
  )

  const app = new Koa<AuthState>()
  app.use(open.routes())
  // On the application, not on the router: `use` takes a router's prefix more literally than its
  // routes do.
  app.use(auth(options)).use(ofAnOrganization)
  app.use(guarded.routes())
  return app
}

/**
 * A mandate gives powers to an organisation, so data belongs to it too: never to `sub`, which
 * means something else in each Verifier generation.
 */
function organizationOf(ctx: { readonly state: AuthState }): string {
  return authOf(ctx).mandate!.mandator.organizationIdentifier!
}
