import {
  allOf,
  anyOf,
  createResourceServer,
  requiredKind,
  requiredRule,
  requiredScopes,
  requiredTenant,
  type AuthContext,
  type Requirement,
} from '@verifier-guard/core'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import { protect } from '@verifier-guard/fetch'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import { Requires } from '@verifier-guard/nestjs'
import type { Request as ExpressRequest } from 'express'
import type { FastifyRequest } from 'fastify'
import type { Context } from 'hono'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const
const server = createResourceServer(options)

const ofHost = requiredTenant((request: Request) => new URL(request.url).hostname)
const ownOrder = requiredRule(
  'own order',
  (_, order: { readonly owner: string }) => order.owner === 'ada',
)
const ofTenant = requiredTenant(({ tenant }: { readonly tenant: string }) => tenant)
const mayBeAnybodys = requiredRule(
  'own order',
  (_, order?: { readonly owner: string }) => order?.owner === 'ada',
)
const byHand: Requirement = { name: 'a machine', check: () => undefined }

/** What looks at the caller alone fits everywhere. */
export async function anywhere(request: Request, auth: AuthContext): Promise<void> {
  for (const one of [requiredScopes('a'), allOf(requiredKind('machine'), anyOf(byHand)), byHand]) {
    await server.authenticate(request, one)
    await server.verifyAccessToken('a.b.c', one)
    await server.authorize(auth, one)
    await server.authorize(auth, one, request)
  }
  await server.verifyAccessToken('a.b.c', mayBeAnybodys)
  await server.authorize(auth, mayBeAnybodys)
}

/** What reads a request goes with it. */
export async function withRequest(
  request: Request,
  node: IncomingMessage,
  auth: AuthContext,
): Promise<void> {
  await server.authenticate(request, ofHost)
  await server.authenticate(request, allOf(requiredScopes('a'), ofHost))
  await server.authenticate(
    node,
    requiredRule('local', (_, { socket }: IncomingMessage) => socket.localPort === 80),
  )
  await server.authenticate(
    { headers: {}, url: '/' },
    requiredRule('root', (_, { url }: { readonly url?: string }) => url === '/'),
  )
  await server.authorize(auth, ownOrder, { owner: 'ada' })
}

/** Of several that read different things, the whole has to be there. */
export const both: Requirement<{ readonly owner: string; readonly tenant: string }> = allOf(
  ownOrder,
  ofTenant,
)
export const either: Requirement<{ readonly owner: string; readonly tenant: string }> = anyOf(
  ownOrder,
  ofTenant,
)

const expressOwn = onExpress.requiredRule(
  'own',
  (_, req: ExpressRequest<{ id: string }>) => req.params.id === 'a',
)
export const onRoutes = [
  onExpress.required(requiredRule('own', (_, req: ExpressRequest) => req.params['id'] === 'a')),
  onExpress.allOf(onExpress.requiredScopes('a'), expressOwn, onExpress.requiredKind('machine')),
  onExpress.anyOf(
    onExpress.requiredTenant((req) => req.headers.host),
    requiredKind('machine'),
  ),
  onExpress.requiredTenant((req) => req.params['tenant']),
  onExpress.requiredTenant((req: ExpressRequest) => req.params['tenant'], { caseSensitive: true }),
  onExpress.requiredTenant(async (req: ExpressRequest<{ tenant: string[] }>) => req.params.tenant),
  onExpress.requiredTenant((req) =>
    new URL(req.url ?? '/', 'http://a.example').searchParams.get('tenant'),
  ),
  onFastify.required(
    requiredRule(
      'own',
      (_, { hostname }: FastifyRequest<{ Params: { id: string } }>) => hostname === 'a',
    ),
  ),
  onHono.required(requiredRule('own', (_, c: Context) => c.req.param('id') === 'a')),
  onKoa.required(requiredRule('own', (_, ctx: onKoa.GuardedContext) => ctx.headers.host === 'a')),
  Requires(
    requiredScopes('a'),
    requiredRule('own', (_, req: ExpressRequest) => req.hostname === 'a'),
  ),
]
export const guarded = protect(() => new Response(), server, {
  requirement: allOf(ofHost, requiredScopes('a')),
})
export const upgrade = onExpress.protectUpgrade(
  server,
  (_: IncomingMessage, socket: Duplex) => socket.end(),
  {
    requirement: requiredRule('local', (_, { socket }: IncomingMessage) => socket.localPort === 80),
  },
)
// What reads no request fits an upgrade as it does a route.
const watching = { domain: 'DOME', function: 'Orders', action: 'Watch' }
export const upgradeOfPower = onExpress.protectUpgrade(
  server,
  (_: IncomingMessage, socket: Duplex, _head: Buffer, auth) => socket.end(auth?.clientId),
  {
    requirement: onExpress.allOf(
      onExpress.requiredPower(watching),
      onExpress.requiredTenant('a'),
      onExpress.requiredPower({ ...watching, domain: ({ url }: IncomingMessage) => url }),
    ),
  },
)
