import 'reflect-metadata'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { PassThrough, type Duplex } from 'node:stream'
import fastifyCors from '@fastify/cors'
import fastifyWebsocket from '@fastify/websocket'
import { getRequestListener } from '@hono/node-server'
import koaCors from '@koa/cors'
import Router from '@koa/router'
import { Controller, Get, Module, Res, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { AuthContext, ResourceServerOptions, Runtime } from '@verifier-guard/core'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import * as ofFetch from '@verifier-guard/fetch'
import * as ofHono from '@verifier-guard/fetch/hono'
import * as ofKoa from '@verifier-guard/koa'
import * as ofNest from '@verifier-guard/nestjs'
import cors from 'cors'
import express5, { type Response as ExpressResponse } from 'express'
import express4 from 'express4'
import fastify5, { type FastifyInstance, type FastifyPluginCallback } from 'fastify'
import fastify4 from 'fastify4'
import { Hono } from 'hono'
import { cors as honoCors } from 'hono/cors'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Running } from './application.js'
import { listen, started } from './drivers/listen.js'

export type Options = ResourceServerOptions & { readonly runtime: Runtime }

/** Two guards: whom the application lets in, and whom a part of it does. */
export interface Guards {
  readonly outer: Options
  readonly inner: Options
}

/**
 * What an application has beside the guarded `/api/stream`, which everyone has: a response without
 * end that ends when the token does.
 */
export type Part = 'optional' | 'nested' | 'socket'

export interface Application {
  readonly parts: readonly Part[]
  start(guards: Guards): Promise<Running>
}

const EVERYTHING: readonly Part[] = ['optional', 'nested', 'socket']
const who = (auth: AuthContext | undefined) => (auth === undefined ? 'nobody' : 'somebody')

/** Keeps a socket open until its caller's token expires. */
function greet(socket: WebSocket, auth: AuthContext | undefined, runtime: Runtime): void {
  socket.send('first')
  if (auth)
    socket.once(
      'close',
      ofExpress.whenExpired(auth, () => socket.close(4401, 'token expired'), runtime),
    )
}

/** What refuses sockets before their handshake, on any server of Node. */
function upgrade({ outer }: Guards) {
  const sockets = new WebSocketServer({ noServer: true })
  return ofExpress.protectUpgrade(
    outer,
    (request: IncomingMessage, socket: Duplex, head: Buffer, auth) => {
      sockets.handleUpgrade(request, socket, head, (client) => greet(client, auth, outer.runtime))
    },
  )
}

const serve = (handler: RequestListener, guards: Guards) =>
  started(createServer(handler).on('upgrade', upgrade(guards)).listen(0, '127.0.0.1'))

/**
 * The same application in each framework, as it stands behind a proxy and before browsers: CORS
 * first, `/health` open, the rest guarded.
 */
export const applications: Readonly<Record<string, Application>> = {
  'express 4': { parts: EVERYTHING, start: (guards) => express(express4, guards) },
  'express 5': { parts: EVERYTHING, start: (guards) => express(express5, guards) },
  'koa 2': { parts: EVERYTHING, start: (guards) => koa(Koa2, guards) },
  'koa 3': { parts: EVERYTHING, start: (guards) => koa(Koa3, guards) },
  'fastify 4': {
    parts: EVERYTHING,
    start: (guards) => fastify(fastify4 as unknown as typeof fastify5, guards),
  },
  'fastify 5': { parts: EVERYTHING, start: (guards) => fastify(fastify5, guards) },
  'fastify 5 with @fastify/websocket': {
    parts: EVERYTHING,
    start: (guards) => fastify(fastify5, guards, true),
  },
  hono: { parts: ['optional', 'nested'], start: hono },
  fetch: { parts: ['optional'], start: web },
  nestjs: { parts: [], start: nestjs },
}

function express(express: typeof express5, guards: Guards): Promise<Running> {
  const { outer, inner } = guards
  const app = express().set('trust proxy', true)
  app.use(cors())
  app.get('/health', (_, res) => void res.send('up'))
  app.get('/optional', ofExpress.auth(outer, { optional: true }), (req, res) => {
    res.send(who((req as ofExpress.GuardedRequest).auth))
  })
  const api = express.Router().use(ofExpress.auth(outer))
  api.get('/stream', (req, res) => {
    res.write('first')
    res.on(
      'close',
      ofExpress.whenExpired(ofExpress.authOf(req), () => void res.end('last'), outer.runtime),
    )
  })
  api.get(
    '/inner',
    ofExpress.auth(inner),
    (req, res) => void res.send(ofExpress.authOf(req).issuer),
  )
  return serve(app.use('/api', api), guards)
}

function koa(Koa: typeof Koa3, guards: Guards): Promise<Running> {
  const { outer, inner } = guards
  const app = new Koa<ofKoa.AuthState>({ proxy: true })
  app.silent = true
  const open = new Router<ofKoa.AuthState>().get('/health', (ctx) => void (ctx.body = 'up'))
  open.get(
    '/optional',
    ofKoa.auth(outer, { optional: true }),
    (ctx) => void (ctx.body = who(ctx.state.auth)),
  )
  // Not by a prefix of the router, which its `use` takes more literally than its routes.
  const api = new Router<ofKoa.AuthState>().use('/api', ofKoa.auth(outer))
  api.get('/api/stream', (ctx) => {
    const stream = new PassThrough()
    stream.write('first')
    ctx.res.once(
      'close',
      ofKoa.whenExpired(ofKoa.authOf(ctx), () => void stream.end('last'), outer.runtime),
    )
    ctx.body = stream
  })
  api.get('/api/inner', ofKoa.auth(inner), (ctx) => void (ctx.body = ofKoa.authOf(ctx).issuer))
  const answer = app.use(koaCors()).use(open.routes()).use(api.routes()).callback()
  return serve((request, response) => void answer(request, response), guards)
}

async function fastify(fastify: typeof fastify5, guards: Guards, plugin = false): Promise<Running> {
  const { outer, inner } = guards
  const app = fastify({ trustProxy: true, forceCloseConnections: true })
  // Without the version of Fastify that the plugin states: it does its work in both.
  const cors: FastifyPluginCallback = (scope, _, done) => fastifyCors(scope, {}, done)
  app.register(Object.assign(cors, { [Symbol.for('skip-override')]: true }))
  if (plugin) await app.register(fastifyWebsocket)
  else app.server.on('upgrade', upgrade(guards))
  app.get('/health', () => 'up')
  app.register(async (scope) => {
    await scope.register(ofFastify.auth(outer, { optional: true }))
    scope.get('/optional', (request: ofFastify.GuardedRequest) => who(request.auth))
  })
  const socket = (scope: FastifyInstance) =>
    scope.get('/socket', { websocket: true }, (socket, request) =>
      greet(socket, ofFastify.authOf(request), outer.runtime),
    )
  const api = async (scope: FastifyInstance) => {
    await scope.register(ofFastify.auth(outer))
    if (plugin) socket(scope)
    scope.get('/stream', (request, reply) => {
      const stream = new PassThrough()
      stream.write('first')
      const expired = () => void stream.end('last')
      reply.raw.once(
        'close',
        ofFastify.whenExpired(ofFastify.authOf(request), expired, outer.runtime),
      )
      return reply.send(stream)
    })
    scope.register(async (part) => {
      await part.register(ofFastify.auth(inner))
      part.get('/inner', (request) => ofFastify.authOf(request).issuer)
    })
  }
  app.register(api, { prefix: '/api' })
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}

/**
 * A body without end that ends when the token does, and forgets of that when nobody reads it any
 * more.
 */
function body(auth: AuthContext, runtime: Runtime): ReadableStream<Uint8Array> {
  const text = new TextEncoder()
  let cancel = (): void => undefined
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(text.encode('first'))
      const end = () => {
        controller.enqueue(text.encode('last'))
        controller.close()
      }
      cancel = ofFetch.whenExpired(auth, end, runtime)
    },
    cancel: () => cancel(),
  })
}

function hono({ outer, inner }: Guards): Promise<Running> {
  const app = new Hono<ofHono.AuthEnv>()
  app.use(honoCors())
  app.get('/health', (c) => c.text('up'))
  app.get('/optional', ofHono.auth(outer, { optional: true }), (c) => c.text(who(c.var.auth)))
  const api = new Hono<ofHono.AuthEnv>().use(ofHono.auth(outer))
  api.get('/stream', (c) => c.body(body(ofHono.authOf(c), outer.runtime)))
  api.get('/inner', ofHono.auth(inner), (c) => c.text(ofHono.authOf(c).issuer))
  return listen(getRequestListener(app.route('/api', api).fetch))
}

function web({ outer }: Guards): Promise<Running> {
  const routes: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
    '/health': () => new Response('up'),
    '/optional': ofFetch.protect((_, auth) => new Response(who(auth)), outer, { optional: true }),
    '/api/stream': ofFetch.protect((_, auth) => new Response(body(auth, outer.runtime)), outer),
  }
  const open = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'authorization',
  }
  return listen(
    getRequestListener(async (request) => {
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: open })
      const route = routes[new URL(request.url).pathname]
      const answer = (await route?.(request)) ?? new Response(null, { status: 404 })
      for (const [name, value] of Object.entries(open)) answer.headers.set(name, value)
      return answer
    }),
  )
}

async function nestjs({ outer }: Guards): Promise<Running> {
  @Controller()
  @UseGuards(ofNest.AccessTokenGuard)
  class Part {
    @Get('health')
    @ofNest.Public()
    health(): string {
      return 'up'
    }

    @Get('api/stream')
    stream(@ofNest.Auth() auth: ofNest.AuthContext, @Res() res: ExpressResponse): void {
      res.write('first')
      res.on(
        'close',
        ofNest.whenExpired(auth, () => void res.end('last'), outer.runtime),
      )
    }
  }
  @Module({ imports: [ofNest.VerifierGuardModule.forRoot(outer)], controllers: [Part] })
  class Application {}
  const app = await NestFactory.create<NestExpressApplication>(Application, {
    logger: false,
    cors: true,
  })
  app.set('trust proxy', true)
  await app.listen(0, '127.0.0.1')
  return { url: await app.getUrl(), close: () => app.close() }
}
