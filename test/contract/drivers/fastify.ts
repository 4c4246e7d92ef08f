import * as adapter from '@verifier-guard/fastify'
import type { GuardedRequest, Handler } from '@verifier-guard/fastify'
import type fastify5 from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { routes, type Kit, type Mount, type Running } from '../application.js'
import { driversOf, MAX_HEADER_SIZE } from './listen.js'

const kit: Kit<Handler, FastifyRequest> = {
  ...adapter,
  header: ({ headers }, name) => headers[name] as string | undefined,
}

const PLACES = ['onRequest', 'preHandler', 'config'] as const

/** @param at where a route states what it requires: in its `config`, or as a hook */
async function start(
  fastify: typeof fastify5,
  at: (typeof PLACES)[number],
  mounts: readonly Mount[],
): Promise<Running> {
  const app = fastify({ http: { maxHeaderSize: MAX_HEADER_SIZE } })
  for (const { path: prefix, options, authOptions } of mounts) {
    const scope = async (scope: FastifyInstance) => {
      if (options) await scope.register(adapter.auth(options, authOptions))
      for (const { method, path, requirement, handle } of routes) {
        const asked = requirement?.(kit)
        const route = asked && (at === 'config' ? { config: { auth: asked } } : { [at]: asked })
        scope.route({
          method: method.toUpperCase(),
          url: path,
          ...route,
          handler: (request: GuardedRequest) => handle(request.auth),
        })
      }
    }
    app.register(scope, { prefix })
  }
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}

export const drivers = PLACES.flatMap((at) =>
  driversOf<typeof fastify5>(
    'fastify',
    ['fastify4', 'fastify'],
    (fastify, mounts) => start(fastify, at, mounts),
    at,
  ),
)
