import Router from '@koa/router'
import * as adapter from '@verifier-guard/koa'
import type { AuthState, GuardedContext, Middleware } from '@verifier-guard/koa'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import { routes, type Driver, type Kit, type Mount } from '../application.js'
import { listen, versionOf } from './listen.js'

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

export const drivers: readonly Driver[] = [
  { name: `koa ${versionOf('koa2')}`, start: (mounts) => listen(build(Koa2, mounts)) },
  { name: `koa ${versionOf('koa')}`, start: (mounts) => listen(build(Koa3, mounts)) },
]
