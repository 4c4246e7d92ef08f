// expected: TS2339 TS2339 TS2339 TS2339 TS2322
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import { protect, requiredTenant } from '@verifier-guard/fetch'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import type { Request as ExpressRequest } from 'express'

onExpress.requiredTenant((req) => req.tenantOfNone)
onFastify.requiredTenant((request) => request.tenantOfNone)
onKoa.requiredTenant((ctx) => ctx.tenantOfNone)
onHono.requiredTenant((c) => c.tenantOfNone)

const ofExpress = requiredTenant((req: ExpressRequest) => req.hostname)
protect(
  () => new Response(),
  { issuer: 'https://verifier.example.org', profile: 'eudistack' },
  { requirement: ofExpress },
)
