import { getRequestListener } from '@hono/node-server'
import * as adapter from '@verifier-guard/fetch/hono'
import type { AuthEnv } from '@verifier-guard/fetch/hono'
import type * as hono from 'hono'
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { timeout } from 'hono/timeout'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import {
  callOf,
  guardsOf,
  type Application,
  type ErrorHandling,
  type Kit,
  type Mount,
  type AnsweringRoute,
} from '../application.js'
import { bodyOf } from './body.js'
import { listen } from './listen.js'
import { driversOf } from './versions.js'

const kit: Kit<MiddlewareHandler, Context> = {
  ...adapter,
  header: ({ req }, name) => req.header(name),
}

type Answer = ErrorHandling['answer']

const WAYS = {
  'by its error handler': byErrorHandler,
  'by a middleware': (app: hono.Hono, answer: Answer) =>
    void app.use(async (c, next) => {
      await next()
      if (c.error !== undefined) answer(c.error)
    }),
}

const errorWays = {
  answering: ['by its error handler'],
  passing: ['by a middleware'],
  missing: [],
}

function byErrorHandler(app: hono.Hono, answer: Answer): void {
  app.onError((error, c) => {
    const reply = answer(error)
    if (reply === undefined) return (error as HTTPException).getResponse()
    return c.json(reply.body, reply.status as ContentfulStatusCode, { ...reply.headers })
  })
}

/** In milliseconds; whatever waits for its time-out waits for longer. */
const PATIENCE = 5

function build({ Hono }: typeof hono, { mounts, errors, ...application }: Application) {
  const app = new Hono()
  // Hono's own goes by the clock alone.
  if (application.timeout) app.use(timeout(PATIENCE, new HTTPException(504, { message: 'late' })))
  if (application.cors) app.use(cors())
  if (errors) WAYS[errors.way as keyof typeof WAYS](app, errors.answer)
  for (const mount of mounts) app.route(mount.path || '/', partOf(new Hono<AuthEnv>(), mount))
  return getRequestListener(app.fetch)
}

function partOf(part: hono.Hono<AuthEnv>, mount: Mount) {
  for (const guard of guardsOf(adapter.auth, mount)) part.use(guard)
  for (const route of mount.routes) {
    if ('socket' in route) continue
    const { method, path, requirement, replaced } = route
    const before: MiddlewareHandler[] = [...guardsOf(adapter.auth, route)]
    if (replaced) before.push((c, next) => (c.set('auth', replaced), next()))
    if (requirement) before.push(requirement(kit))
    part.on(method.toUpperCase(), [path], ...before, respond(route))
  }
  return part
}

function respond(route: AnsweringRoute) {
  if ('silent' in route) return () => new Promise<Response>(() => {})
  if ('stream' in route)
    return (c: Context<AuthEnv>) => c.body(bodyOf(adapter.authOf(c), route.stream))
  return (c: Context<AuthEnv>) => {
    const answer = route.handle(callOf(adapter, c, c.var.auth))
    return typeof answer === 'string' ? c.text(answer) : c.json(answer as object)
  }
}

export const drivers = driversOf<typeof hono>(
  'hono',
  ['hono4', 'hono'],
  (hono, application) => listen(build(hono, application)),
  { errorWays },
)
