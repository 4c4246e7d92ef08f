import { getRequestListener } from '@hono/node-server'
import * as adapter from '@verifier-guard/fetch/hono'
import type { AuthEnv } from '@verifier-guard/fetch/hono'
import type * as hono from 'hono'
import type { Context, MiddlewareHandler } from 'hono'
import { routes, type Kit, type Mount } from '../application.js'
import { driversOf, listen } from './listen.js'

const kit: Kit<MiddlewareHandler, Context> = {
  ...adapter,
  header: ({ req }, name) => req.header(name),
}

function build({ Hono }: typeof hono, mounts: readonly Mount[]) {
  const app = new Hono()
  for (const { path, options, authOptions } of mounts) {
    const part = new Hono<AuthEnv>()
    if (options) part.use(adapter.auth(options, authOptions))
    for (const { method, path, requirement, handle } of routes) {
      const before = requirement
        ? requirement(kit)
        : (_: Context, next: () => Promise<void>) => next()
      part[method](path, before, (c) => c.json(handle(c.var.auth) as object))
    }
    app.route(path, part)
  }
  return getRequestListener(app.fetch)
}

export const drivers = driversOf<typeof hono>('hono', ['hono4', 'hono'], (hono, mounts) =>
  listen(build(hono, mounts)),
)
