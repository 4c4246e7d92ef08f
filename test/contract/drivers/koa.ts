import Router from '@koa/router'
import * as adapter from '@verifier-guard/koa'
import type { AuthState, GuardedContext, Middleware } from '@verifier-guard/koa'
import type Koa3 from 'koa'
import { routes, type Kit, type Mount } from '../application.js'
import { driversOf, listen } from './listen.js'

const kit: Kit<Middleware, GuardedContext> = {
  ...adapter,
  header: ({ headers }, name) => headers[name] as string | undefined,
}

function build(Koa: typeof Koa3, mounts: readonly Mount[]) {
  const app = new Koa<AuthState>()
  app.silent = true
  for (const { path: prefix, options, authOptions } of mounts) {
    const router = new Router<AuthState>({ prefix })
    if (options) router.use(adapter.auth(options, authOptions))
    for (const { method, path, requirement, handle } of routes) {
      const before = requirement ? [requirement(kit)] : []
      router[method](path, ...before, (ctx) => void (ctx.body = handle(ctx.state.auth)))
    }
    app.use(router.routes())
  }
  return app.callback()
}

export const drivers = driversOf<typeof Koa3>('koa', ['koa2', 'koa'], (Koa, mounts) =>
  listen(build(Koa, mounts)),
)
