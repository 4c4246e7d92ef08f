import * as adapter from '@verifier-guard/fastify'
import type { GuardedRequest, Handler } from '@verifier-guard/fastify'
import fastify5, { type FastifyInstance, type FastifyRequest } from 'fastify'
import fastify4 from 'fastify4'
import { routes, type Driver, type Kit, type Mount, type Running } from '../application.js'
import { versionOf } from './listen.js'

const kit: Kit<Handler, FastifyRequest> = {
  ...adapter,
  header: ({ headers }, name) => headers[name] as string | undefined,
}

/** @param at where a route states what it requires: in its `config`, or as a hook before its handler */
async function start(
  fastify: typeof fastify5,
  at: 'config' | 'onRequest' | 'preHandler',
  mounts: readonly Mount[],
): Promise<Running> {
  const app = fastify()
  for (const { path: prefix, options, authOptions } of mounts) {
    const scope = async (scope: FastifyInstance) => {
      if (options) await scope.register(adapter.auth(options, authOptions))
      for (const { method, path, requirement, handle } of routes) {
        const asked = requirement?.(kit)
        const route = asked && (at === 'config' ? { config: { auth: asked } } : { [at]: asked })
        scope.route({ method, url: path, ...route, handler: (request: GuardedRequest) => handle(request.auth) })
      }
    }
    app.register(scope, { prefix })
  }
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}

export const drivers: readonly Driver[] = [
  {
    name: `fastify ${versionOf('fastify4')}`,
    start: (mounts) => start(fastify4 as unknown as typeof fastify5, 'preHandler', mounts),
  },
  { name: `fastify ${versionOf('fastify')}`, start: (mounts) => start(fastify5, 'onRequest', mounts) },
  { name: `fastify ${versionOf('fastify')} config`, start: (mounts) => start(fastify5, 'config', mounts) },
]
