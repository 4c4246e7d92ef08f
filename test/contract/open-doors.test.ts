import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as onExpress from '@verifier-guard/express'
import * as onKoa from '@verifier-guard/koa'
import Router from '@koa/router'
import express5, { type RequestHandler } from 'express'
import express4 from 'express4'
import Koa, { type Middleware } from 'koa'
import request from 'supertest'
import { trusting } from './served.js'

const verifier = createDevVerifier()
const options = trusting(verifier)
const bearer = () => `Bearer ${verifier.mint()}`

/*
 * The recipe that finds open doors while an application is tested, as the READMEs of Express and
 * Koa have it.
 */

describe.each([
  ['Express 4', express4 as unknown as typeof express5],
  ['Express 5', express5],
])('the recipe for %s', (_, express) => {
  const open = new Set<string>()
  const isGuarded = (req: object) => {
    try {
      onExpress.optionalAuthOf(req)
      return true
    } catch {
      return false
    }
  }
  const noteOpenRoutes: RequestHandler = (req, res, next) => {
    res.on('finish', () => {
      const { path } = (req.route ?? {}) as { path?: string | RegExp }
      if (path !== undefined && !isGuarded(req))
        open.add(`${req.method} ${req.baseUrl}${String(path)}`)
    })
    next()
  }

  test('finds the routes that answer without a guard, and no others', async () => {
    const app = express().use(noteOpenRoutes)
    const answer: RequestHandler = (_req, res) => void res.send('in')
    app.get('/health', answer)
    app.use('/reports', express.Router().get('/:id', answer))
    app.use('/orders', onExpress.auth(options), express.Router().get('/:id', answer))
    app.get('/prices', onExpress.auth(options, { optional: true }), answer)
    for (const path of ['/health', '/reports/1', '/prices', '/orders/1', '/none'])
      await request(app).get(path)
    await request(app).get('/orders/1').set('authorization', bearer()).expect(200)
    expect([...open]).toEqual(['GET /health', 'GET /reports/:id'])
  })
})

describe('the recipe for Koa', () => {
  const open = new Set<string>()
  const isGuarded = (ctx: { readonly state: onKoa.AuthState }) => {
    try {
      onKoa.optionalAuthOf(ctx)
      return true
    } catch {
      return false
    }
  }
  const noteOpenRoutes: Middleware<onKoa.AuthState> = async (ctx, next) => {
    try {
      await next()
    } finally {
      const { _matchedRoute: path } = ctx as { readonly _matchedRoute?: string | RegExp }
      if (path !== undefined && !isGuarded(ctx)) open.add(`${ctx.method} ${String(path)}`)
    }
  }

  test('finds the routes that answer without a guard, and no others', async () => {
    const app = new Koa<onKoa.AuthState>().use(noteOpenRoutes)
    const answer = (ctx: { body: unknown }) => void (ctx.body = 'in')
    const before = new Router<onKoa.AuthState>().get('/health', answer)
    const behind = new Router<onKoa.AuthState>({ prefix: '/orders' }).get('/:id', answer)
    app.use(before.routes()).use(onKoa.auth(options)).use(behind.routes())
    const server = app.callback()
    for (const path of ['/health', '/orders/1', '/none']) await request(server).get(path)
    await request(server).get('/orders/1').set('authorization', bearer()).expect(200)
    expect([...open]).toEqual(['GET /health'])
  })
})
