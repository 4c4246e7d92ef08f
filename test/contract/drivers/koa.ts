import { PassThrough } from 'node:stream'
import cors from '@koa/cors'
import Router from '@koa/router'
import * as adapter from '@verifier-guard/koa'
import type { AuthState, GuardedContext, Middleware } from '@verifier-guard/koa'
import type Koa3 from 'koa'
import {
  callOf,
  guardsOf,
  type Application,
  type ErrorHandling,
  type Kit,
  type Mount,
  type AnsweringRoute,
} from '../application.js'
import { giveUp, listen } from './listen.js'
import { driversOf } from './versions.js'

const kit: Kit<Middleware, GuardedContext> = {
  ...adapter,
  header: ({ headers }, name) => headers[name] as string | undefined,
}

type App = Koa3<AuthState>
type Answer = ErrorHandling['answer']

const WAYS = {
  'by a middleware': byMiddleware,
  'by its context': byContext,
  'by its event': (app: App, answer: Answer) => void app.on('error', answer),
}

const errorWays = {
  answering: ['by a middleware', 'by its context'],
  passing: ['by its event', 'by a middleware'],
  missing: [],
}

function byMiddleware(app: App, answer: Answer): void {
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const reply = answer(error)
      if (reply === undefined) throw error
      ctx.status = reply.status
      ctx.set(reply.headers)
      ctx.body = reply.body
    }
  })
}

function byContext(app: App, answer: Answer): void {
  app.context.onerror = function (this: Koa3.Context, error: unknown) {
    // Koa tells of every response's end here, with or without an error.
    if (error === null || this.headerSent) return
    const { status, headers, body } = answer(error)!
    this.res.writeHead(status, { ...headers }).end(JSON.stringify(body))
  }
}

function build(Koa: typeof Koa3, { mounts, errors, ...application }: Application) {
  const app = new Koa<AuthState>({ proxy: application.proxied ?? false })
  app.silent = true
  const { timeout } = application
  if (timeout) app.use((ctx, next) => (giveUp(ctx.res, timeout), next()))
  if (application.cors) app.use(cors())
  if (errors) WAYS[errors.way as keyof typeof WAYS](app, errors.answer)
  for (const mount of mounts) app.use(routerOf(mount).routes())
  return app.callback()
}

function routerOf(mount: Mount): Router<AuthState> {
  // Not by a prefix of the router, which its `use` takes more literally than its routes.
  const router = new Router<AuthState>()
  for (const guard of guardsOf(adapter.auth, mount)) router.use(mount.path || '/', guard)
  for (const route of mount.routes) {
    if ('socket' in route) continue
    const { method, path, requirement, replaced } = route
    const before: Middleware[] = [...guardsOf(adapter.auth, route)]
    if (replaced) before.push((ctx, next) => (Object.assign(ctx.state, { auth: replaced }), next()))
    if (requirement) before.push(requirement(kit))
    router[method](mount.path + path, ...before, respond(route))
  }
  return router
}

function respond(route: AnsweringRoute) {
  if ('silent' in route) return () => new Promise<void>(() => {})
  if ('handle' in route)
    return (ctx: Koa3.ParameterizedContext<AuthState>) =>
      void (ctx.body = route.handle(callOf(adapter, ctx, ctx.state.auth)))
  return (ctx: Koa3.ParameterizedContext<AuthState>) => {
    const stream = new PassThrough()
    const end = () => void stream.end('last')
    stream.write('first')
    ctx.res.once('close', adapter.whenExpired(adapter.authOf(ctx), end, route.stream))
    ctx.body = stream
  }
}

export const drivers = driversOf<typeof Koa3>(
  'koa',
  ['koa2', 'koa'],
  (Koa, application) => listen(build(Koa, application)),
  { errorWays },
)
