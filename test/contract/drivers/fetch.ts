import { getRequestListener } from '@hono/node-server'
import * as adapter from '@verifier-guard/fetch'
import type { Requirement } from '@verifier-guard/fetch'
import { routes, type Driver, type Kit, type Mount } from '../application.js'
import { listen } from './listen.js'

const kit: Kit<Requirement<never>, Request> = {
  ...adapter,
  header: ({ headers }, name) => headers.get(name) ?? undefined,
}

function build(mounts: readonly Mount[]) {
  const handlers = new Map<string, (request: Request) => Response | Promise<Response>>()
  for (const { path: prefix, options, authOptions } of mounts) {
    if (!options) continue
    const server = adapter.createResourceServer(options)
    for (const { method, path, requirement, handle } of routes) {
      const asked = requirement?.(kit)
      const protectOptions = { ...authOptions, ...(asked && { requirement: asked }) }
      const handler = adapter.protect(
        (_, auth) => Response.json(handle(auth)),
        server,
        protectOptions,
      )
      handlers.set(`${method.toUpperCase()} ${prefix}${path}`, handler)
    }
  }
  return getRequestListener((request) => {
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const handler = handlers.get(`${method} ${new URL(request.url).pathname}`)
    return handler ? handler(request) : new Response(null, { status: 404 })
  })
}

export const drivers: readonly Driver[] = [
  {
    name: `fetch (Node ${process.versions.node})`,
    alwaysGuarded: true,
    start: (mounts) => listen(build(mounts)),
  },
]
