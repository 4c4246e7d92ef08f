import * as onExpress from '@verifier-guard/express'
import * as onKoa from '@verifier-guard/koa'
import express, { type Request } from 'express4'
import Koa from 'koa2'

const options: onExpress.ResourceServerOptions = {
  issuer: 'https://verifier.example.org',
  profile: 'eudistack',
}
const offers = { function: 'ProductOffering', action: 'Create' }

export const expressApp = express()
expressApp.use(onExpress.auth(options))
const routes = express.Router().use('/orders', onExpress.auth(options, { optional: true }))
routes.post(
  '/tenants/:tenant/offers',
  onExpress.requiredTenant((req: Request) => req.params['tenant']),
  onExpress.requiredPower({ domain: (req) => req.headers.host, ...offers }),
  onExpress.anyOf(onExpress.requiredScopes('offers:write'), onExpress.requiredKind('machine')),
  (req, res) => void res.json({ by: onExpress.authOf(req).clientId }),
)
expressApp.use(routes)

export const koaApp = new Koa<onKoa.AuthState>()
koaApp.use(onKoa.auth(options))
koaApp.use(onKoa.requiredPower({ domain: (ctx) => ctx.req.headers.host, ...offers }))
koaApp.use((ctx) => {
  ctx.body = { by: onKoa.authOf(ctx).clientId, tenant: ctx.state.auth?.tenant }
})
