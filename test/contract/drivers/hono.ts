import { getRequestListener } from '@hono/node-server'
import * as adapter from '@verifier-guard/fetch/hono'
import type { AuthEnv } from '@verifier-guard/fetch/hono'
import { Hono as Hono4, type Context, type MiddlewareHandler } from 'hono'
import { Hono as Hono45 } from 'hono4'
import { routes, type Driver, type Kit, type Mount } from '../application.js'
import { listen, versionOf } from './listen.js'

const kit: Kit<MiddlewareHandler, Context> = { ...adapter, header: ({ req }, name) => req.header(name) }

function build(Hono: typeof Hono4, mounts: readonly Mount[]) {
  const app = new Hono()
  for (const { path, options, authOptions } of mounts) {
    const part = new Hono<AuthEnv>()
    if (options) part.use(adapter.auth(options, authOptions))
    for (const { method, path, requirement, handle } of routes) {
      const before = requirement ? requirement(kit) : (_: Context, next: () => Promise<void>) => next()
      part[method](path, before, (c) => c.json(handle(c.var.auth) as object))
    }
    app.route(path, part)
  }
  return getRequestListener(app.fetch)
}

export const drivers: readonly Driver[] = [
  {
    name: `hono ${versionOf('hono4')}`,
    start: (mounts) => listen(build(Hono45 as unknown as typeof Hono4, mounts)),
  },
  { name: `hono ${versionOf('hono')}`, start: (mounts) => listen(build(Hono4, mounts)) },
]
