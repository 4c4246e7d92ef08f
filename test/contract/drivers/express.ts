import * as adapter from '@verifier-guard/express'
import type { GuardedRequest, Handler } from '@verifier-guard/express'
import cors from 'cors'
import express5, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  type Router,
} from 'express'
import {
  callOf,
  guardsOf,
  type Application,
  type ErrorHandling,
  type Kit,
  type Mount,
  type AnsweringRoute,
} from '../application.js'
import { giveUp, listen } from './listen.js'
import { driversOf } from './versions.js'

const kit: Kit<Handler, GuardedRequest> = {
  ...adapter,
  header: (request, name) => request.headers[name] as string | undefined,
}

/** Where an error handler stands, seen from the guard that throws. */
type Place = 'before' | 'elsewhere' | 'router' | 'last' | 'outside'

/** The last resort of an application is its own, or that of the one it is mounted in. */
const WAYS: Readonly<Record<string, readonly Place[]>> = {
  'at the end': ['last'],
  'in its router': ['router'],
  'in the application around it': ['outside'],
  'at the end and in the application around it': ['last', 'outside'],
  'before the guard': ['before'],
  'on another path': ['elsewhere'],
}

const errorWays = {
  answering: ['at the end', 'in its router', 'in the application around it'],
  passing: ['at the end', 'at the end and in the application around it'],
  missing: ['before the guard', 'on another path'],
}

function build(express: typeof express5, application: Application) {
  const { mounts, errors } = application
  const app = express().set('env', 'production')
  const handle = (part: Express | Router, place: Place) =>
    void (errors && WAYS[errors.way]!.includes(place) && part.use(handlerOf(errors)))
  surround(app, application)
  handle(app, 'before')
  if (errors && WAYS[errors.way]!.includes('elsewhere'))
    app.use('/elsewhere', express.Router().use(handlerOf(errors)))
  for (const mount of mounts) {
    const router = routerOf(express, mount)
    handle(router, 'router')
    app.use(mount.path || '/', router)
  }
  handle(app, 'last')
  if (!errors || !WAYS[errors.way]!.includes('outside')) return app
  return express5().use(app).use(handlerOf(errors))
}

function surround(app: Express, { cors: shared, proxied, timeout }: Application): void {
  if (proxied) app.set('trust proxy', true)
  if (timeout) app.use((_req, res, next) => (giveUp(res, timeout), next()))
  if (shared) app.use(cors())
}

function routerOf(express: typeof express5, mount: Mount): Router {
  const router = express.Router()
  for (const guard of guardsOf(adapter.auth, mount)) router.use(guard)
  for (const route of mount.routes) {
    if ('socket' in route) continue
    const { method, path, requirement, replaced } = route
    const before: RequestHandler[] = [...guardsOf(adapter.auth, route)]
    if (replaced) before.push((req, _, next) => (Object.assign(req, { auth: replaced }), next()))
    if (requirement) before.push(requirement(kit))
    router[method](path, ...before, respond(route))
  }
  return router
}

function respond(route: AnsweringRoute): RequestHandler {
  if ('silent' in route) return () => {}
  if ('handle' in route)
    return (req, res) =>
      void res.send(route.handle(callOf(adapter, req, (req as GuardedRequest).auth)))
  return (req, res) => {
    const end = () => void res.end('last')
    res.write('first')
    res.on('close', adapter.whenExpired(adapter.authOf(req), end, route.stream))
  }
}

function handlerOf({ answer }: ErrorHandling): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const reply = answer(error)
    if (reply === undefined) return next(error)
    res.status(reply.status).set(reply.headers).json(reply.body)
  }
}

export const drivers = driversOf<typeof express5>(
  'express',
  ['express4', 'express'],
  (express, application) => listen(build(express, application)),
  { errorWays },
)
