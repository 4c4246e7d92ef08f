// expected: TS2339 TS2339 TS2339 TS2339 TS2322
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import { protect, requiredTenant } from '@verifier-guard/fetch'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import type { Request as ExpressRequest } from 'express'

onExpress.requiredTenant((req) => req.tenantOfNobody)
onFastify.requiredTenant((request) => request.tenantOfNobody)
onKoa.requiredTenant((ctx) => ctx.tenantOfNobody)
onHono.requiredTenant((c) => c.tenantOfNobody)

const ofExpress = requiredTenant((req: ExpressRequest) => req.hostname)
protect(
  () => new Response(),
  { issuer: 'https://verifier.example.org', profile: 'eudistack' },
  { requirement: ofExpress },
)
