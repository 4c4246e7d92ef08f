import { PassThrough } from 'node:stream'
import fastifyCors from '@fastify/cors'
import fastifyWebsocket from '@fastify/websocket'
import * as adapter from '@verifier-guard/fastify'
import type { GuardedRequest, Handler } from '@verifier-guard/fastify'
import type fastify5 from 'fastify'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import {
  callOf,
  guardsOf,
  type Application,
  type ErrorHandling,
  type Guarded,
  type Kit,
  type Mount,
  type AnsweringRoute,
  type Route,
  type Running,
} from '../application.js'
import { MAX_HEADER_SIZE, running } from './listen.js'
import { driversOf } from './versions.js'

const kit: Kit<Handler, FastifyRequest> = {
  ...adapter,
  header: ({ headers }, name) => headers[name] as string | undefined,
}

/** Where a route states what it requires: as a hook, or in its `config`. */
type Place = 'onRequest' | 'preHandler' | 'config'

const WAYS = {
  'by its error handler': (app: FastifyInstance, answer: ErrorHandling['answer']) =>
    void app.setErrorHandler((error, _, reply) => {
      const { status, headers, body } = answer(error) ?? {}
      return status === undefined
        ? reply.send(error)
        : reply.code(status).headers(headers!).send(body)
    }),
  'by a hook': (app: FastifyInstance, answer: ErrorHandling['answer']) =>
    void app.addHook('onError', (_request, _reply, error, done) => (answer(error), done())),
}

const errorWays = {
  answering: ['by its error handler'],
  passing: ['by a hook', 'by its error handler'],
  missing: [],
}

async function build(
  fastify: typeof fastify5,
  application: Application,
  place: Place = 'onRequest',
  sockets = false,
): Promise<Running> {
  const app = fastify({
    http: { maxHeaderSize: MAX_HEADER_SIZE },
    trustProxy: application.proxied ?? false,
    forceCloseConnections: true,
  })
  if (sockets) await app.register(fastifyWebsocket)
  surround(app, application)
  for (const mount of application.mounts)
    app.register(scopeOf(mount, place), { prefix: mount.path })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return running(app.server, () => app.close())
}

function surround(app: FastifyInstance, { cors, timeout, errors }: Application): void {
  // Without the version of Fastify that the plugin states: it does its work in both.
  const plugin: FastifyPluginCallback = (scope, _, done) => fastifyCors(scope, {}, done)
  if (cors) app.register(Object.assign(plugin, { [Symbol.for('skip-override')]: true }))
  if (timeout)
    app.addHook('onRequest', (_, reply, done) => {
      void timeout.then(() => reply.sent || reply.code(504).send('late'))
      done()
    })
  if (errors) WAYS[errors.way as keyof typeof WAYS](app, errors.answer)
}

function scopeOf({ routes, ...guarded }: Guarded & Pick<Mount, 'routes'>, place: Place) {
  return async (scope: FastifyInstance) => {
    await guard(scope, guarded)
    for (const { options, authOptions, ...route } of routes) {
      if (options === undefined) add(scope, route, place)
      else
        scope.register(
          scopeOf({ options, ...(authOptions && { authOptions }), routes: [route] }, place),
        )
    }
  }
}

async function guard(scope: FastifyInstance, guarded: Guarded): Promise<void> {
  if (guarded.uncalled) scope.addHook('onRequest', adapter.auth as unknown as Handler)
  else
    for (const plugin of guardsOf((...given) => adapter.auth(...given), guarded))
      await scope.register(plugin)
}

function add(scope: FastifyInstance, route: Route, place: Place): void {
  const { method, path: url, requirement, replaced } = route
  if ('socket' in route) {
    if (scope.hasRequestDecorator('ws'))
      scope.get(url, { websocket: true }, (socket, request) =>
        route.socket(socket, adapter.authOf(request)),
      )
    return
  }
  const asked = requirement?.(kit)
  const stated = asked && (place === 'config' ? { config: { auth: asked } } : { [place]: asked })
  const replace = { onRequest: replacing(replaced, stated) }
  scope.route({
    method: method.toUpperCase(),
    url,
    ...stated,
    ...(replaced && replace),
    handler: respond(route),
  })
}

/** What other plugins put in the place of the caller, and the hook of the route after it. */
function replacing(replaced: object | undefined, stated: object | undefined): Handler[] {
  const replace: Handler = (request, _, done) => {
    Object.assign(request, { auth: replaced })
    done()
  }
  const after = (stated as { readonly onRequest?: Handler } | undefined)?.onRequest
  return after === undefined ? [replace] : [replace, after]
}

function respond(route: AnsweringRoute) {
  if ('silent' in route) return () => new Promise<void>(() => {})
  if ('handle' in route)
    return (request: GuardedRequest) => route.handle(callOf(adapter, request, request.auth))
  return (request: FastifyRequest, reply: FastifyReply) => {
    const stream = new PassThrough()
    const end = () => void stream.end('last')
    stream.write('first')
    reply.raw.once('close', adapter.whenExpired(adapter.authOf(request), end, route.stream))
    return reply.send(stream)
  }
}

const versions = ['fastify4', 'fastify']

export const drivers = [
  ...driversOf<typeof fastify5>('fastify', versions, build, { errorWays }),
  ...(['preHandler', 'config'] as const).flatMap((place) =>
    driversOf<typeof fastify5>(
      'fastify',
      versions,
      (fastify, application) => build(fastify, application, place),
      { variant: place, errorWays, suites: ['contract'] },
    ),
  ),
  ...driversOf<typeof fastify5>(
    'fastify',
    ['fastify'],
    (fastify, application) => build(fastify, application, 'onRequest', true),
    { variant: 'with @fastify/websocket', errorWays, sockets: true, suites: ['surroundings'] },
  ),
]
