import {
  VerifierGuardModule,
  AccessTokenGuard,
  Auth,
  Powers,
  Public,
  Tenant,
  type AuthContext,
} from '@verifier-guard/nestjs'
import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import Router from '@koa/router'
import { Controller, Get, Module, Post } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import express, { type Request } from 'express'
import Fastify, { type FastifyRequest } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'

const options: onExpress.ResourceServerOptions = {
  issuer: 'https://verifier.example.org',
  profile: 'eudistack',
}
const offers = { function: 'ProductOffering', action: 'Create' }

export const expressApp = express()
expressApp.use(onExpress.auth(options))
expressApp.post(
  '/tenants/:tenant/offers',
  onExpress.requiredTenant((req: Request) => String(req.params['tenant'])),
  onExpress.requiredPower({ domain: (req) => req.headers.host, ...offers }),
  onExpress.anyOf(onExpress.requiredScopes('offers:write'), onExpress.requiredKind('machine')),
  (req, res) => void res.json({ by: onExpress.authOf(req).clientId }),
)

export const koaApp = new Koa<onKoa.AuthState>()
const router = new Router<onKoa.AuthState>()
router.use(onKoa.auth(options))
router.post(
  '/offers',
  onKoa.requiredPower({ domain: (ctx) => ctx.req.headers.host, ...offers }),
  (ctx) => {
    ctx.body = { by: onKoa.authOf(ctx).clientId, tenant: ctx.state.auth?.tenant }
  },
)
koaApp.use(router.routes())

export const fastifyApp = Fastify()
fastifyApp.register(onFastify.auth(options))
fastifyApp.post(
  '/offers',
  {
    config: { auth: onFastify.requiredScopes('offers:write') },
    preHandler: [
      onFastify.requiredPower({ domain: (request) => request.hostname, ...offers }),
      onFastify.requiredTenant((request: FastifyRequest) => request.hostname),
    ],
  },
  (request) => ({ by: onFastify.authOf(request).clientId }),
)

export const honoApp = new Hono<onHono.AuthEnv>()
honoApp.use(onHono.auth(options))
honoApp.post(
  '/offers',
  onHono.requiredPower({ domain: (c) => c.req.header('host'), ...offers }),
  (c) => c.json({ by: onHono.authOf(c).clientId, tenant: c.var.auth?.tenant }),
)

@Controller('offers')
class Offers {
  @Get()
  @Public()
  list(): readonly string[] {
    return []
  }

  @Post()
  @Powers({ domain: (request: Request) => request.hostname, ...offers })
  @Tenant((request: Request) => request.hostname)
  create(@Auth() auth: AuthContext): string | undefined {
    return auth.clientId
  }
}

@Module({
  imports: [VerifierGuardModule.forRoot(options)],
  controllers: [Offers],
  providers: [{ provide: APP_GUARD, useExisting: AccessTokenGuard }],
})
export class AppModule {}
