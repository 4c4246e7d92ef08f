import { getRequestListener } from '@hono/node-server'
import * as adapter from '@verifier-guard/fetch'
import type {
  AuthContext,
  Requirement,
  ResourceServer,
  ResourceServerOptions,
} from '@verifier-guard/fetch'
import type { Application, Driver, Guarded, Kit, AnsweringRoute } from '../application.js'
import { bodyOf } from './body.js'
import { listen } from './listen.js'

const kit: Kit<Requirement<never>, Request> = {
  ...adapter,
  header: ({ headers }, name) => headers.get(name) ?? undefined,
}

type Handler = (request: Request, auth?: AuthContext) => Response | Promise<Response>

const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization',
}

function build({ mounts, cors }: Application) {
  const servers = new Map<ResourceServerOptions, ResourceServer>()
  const handlers = new Map<string, Handler>()
  for (const mount of mounts)
    for (const route of mount.routes) {
      if ('socket' in route) continue
      const name = `${route.method.toUpperCase()} ${mount.path}${route.path}`
      handlers.set(name, protect(servers, route, [mount, route]))
    }
  const answer = async (request: Request) => {
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const handler = handlers.get(`${method} ${new URL(request.url).pathname}`)
    return (await handler?.(request)) ?? new Response(null, { status: 404 })
  }
  return getRequestListener(cors ? shared(answer) : answer)
}

/** What an application without a framework does for pages of other origins. */
function shared(answer: (request: Request) => Promise<Response>) {
  return async (request: Request) => {
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: OPEN })
    const answered = await answer(request)
    for (const [name, value] of Object.entries(OPEN)) answered.headers.set(name, value)
    return answered
  }
}

/** Puts guards around a route's handler; the innermost asks what the route requires. */
function protect(
  servers: Map<ResourceServerOptions, ResourceServer>,
  route: AnsweringRoute,
  around: readonly Guarded[],
): Handler {
  let requirement = route.requirement?.(kit)
  return around.reduceRight<Handler>((handler, { options, authOptions }) => {
    if (options === undefined) return handler
    const server = servers.get(options) ?? adapter.createResourceServer(options)
    servers.set(options, server)
    const protectOptions = { ...authOptions, ...(requirement && { requirement }) }
    requirement = undefined
    return adapter.protect(handler, server, protectOptions)
  }, respond(route))
}

function respond(route: AnsweringRoute): Handler {
  if ('silent' in route) return () => new Promise<Response>(() => {})
  if ('stream' in route) return (_, auth) => new Response(bodyOf(auth!, route.stream))
  return (_, auth) => {
    const answer = route.handle({ auth, authOf: () => auth!, optionalAuthOf: () => auth })
    return typeof answer === 'string' ? new Response(answer) : Response.json(answer)
  }
}

export const drivers: readonly Driver[] = [
  {
    name: `fetch (Node ${process.versions.node})`,
    suites: ['contract', 'events', 'nonces', 'surroundings'],
    lacks: ['unguarded', 'routes'],
    errorWays: { answering: [], passing: [], missing: [] },
    build: (application) => listen(build(application)),
  },
]
