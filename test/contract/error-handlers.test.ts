import 'reflect-metadata'
import { getRequestListener } from '@hono/node-server'
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Module,
  UseGuards,
  type ArgumentsHost,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import * as ofHono from '@verifier-guard/fetch/hono'
import * as ofKoa from '@verifier-guard/koa'
import * as ofNest from '@verifier-guard/nestjs'
import express5, { type ErrorRequestHandler, type Response } from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { Running } from './application.js'
import { listen } from './drivers/listen.js'
import { send } from './send.js'

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const

/**
 * What the application's own error handling makes of a refusal: proof that it got the error itself.
 */
const own = (error: unknown) => {
  const { code, status } = error as ofExpress.GuardError
  return { handledBy: 'application', guard: error instanceof ofExpress.GuardError, code, status }
}

const handler: ErrorRequestHandler = (error: ofExpress.GuardError, _req, res, _next) =>
  void res.status(error.status).set(error.headers).json(own(error))

/** Applications with error handling of their own, in the ways that each framework knows. */
const applications: Readonly<Record<string, () => Promise<Running>>> = {
  'express 4': () => listen(express4().use(ofExpress.auth(options)).use(handler)),
  'express 5': () => listen(express5().use(ofExpress.auth(options)).use(handler)),
  'express 5, mounted': () => {
    const part = express5().use(ofExpress.auth(options))
    return listen(express5().use(part).use(handler))
  },
  'express 5, in its router': () => {
    const router = express5.Router().use(ofExpress.auth(options)).use(handler)
    return listen(express5().use(router))
  },
  'koa, by a middleware': () => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        const { status, headers } = error as ofKoa.GuardError
        ctx.status = status
        ctx.set(headers)
        ctx.body = own(error)
      }
    })
    return listen(app.use(ofKoa.auth(options)).callback())
  },
  'koa, by its context': () => {
    const app = new Koa()
    app.context.onerror = function (this: Koa.Context, error: unknown) {
      // Koa tells of every response's end here, with or without an error.
      if (error === null) return
      const { status, headers } = error as ofKoa.GuardError
      this.res.writeHead(status, headers).end(JSON.stringify(own(error)))
    }
    return listen(app.use(ofKoa.auth(options)).callback())
  },
  fastify: async () => {
    const app = Fastify()
    app.setErrorHandler((error, _, reply) => reply.send(own(error)))
    await app.register(ofFastify.auth(options))
    app.get('/', () => 'in')
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
  },
  hono: () => {
    const app = new Hono().use(ofHono.auth(options))
    app.onError((error, c) =>
      c.json(own(error), 401, { ...(error as unknown as ofHono.GuardError).headers }),
    )
    return listen(getRequestListener(app.fetch))
  },
  nestjs: async () => {
    @Catch(HttpException)
    class Filter {
      catch(exception: HttpException, host: ArgumentsHost): void {
        host
          .switchToHttp()
          .getResponse<Response>()
          .status(exception.getStatus())
          .json(own(exception.cause))
      }
    }
    @Controller()
    @UseGuards(ofNest.AccessTokenGuard)
    class Part {
      @Get()
      get(): string {
        return 'in'
      }
    }
    @Module({ imports: [ofNest.VerifierGuardModule.forRoot(options)], controllers: [Part] })
    class Application {}
    const app = await NestFactory.create(Application, { logger: false })
    await app.useGlobalFilters(new Filter()).listen(0, '127.0.0.1')
    return { url: await app.getUrl(), close: () => app.close() }
  },
}

/** Passes on what it gets, as handlers do that only log. */
const pass: ErrorRequestHandler = (error, _req, _res, next) => next(error)

/** Express applications whose error handlers leave a refusal to others. */
const silent: Readonly<Record<string, () => Promise<Running>>> = {
  'express 4': () => listen(express4().use(ofExpress.auth(options)).use(pass)),
  'express 5': () => listen(express5().use(ofExpress.auth(options)).use(pass)),
  'express 5, elsewhere': () => {
    const other = express5.Router().use(handler)
    return listen(express5().use('/other', other).use(ofExpress.auth(options)))
  },
  'express 5, before the guard': () => listen(express5().use(handler).use(ofExpress.auth(options))),
  'express 5, mounted': () => {
    const part = express5().use(ofExpress.auth(options)).use(pass)
    return listen(express5().use(part).use(pass))
  },
  'express 4 in express 5': () => {
    const part = express4().use(ofExpress.auth(options)).use(pass)
    return listen(express5().use(part).use(pass))
  },
}

test.each(Object.entries(silent))(
  '%s: what no handler answers is answered in JSON, each time',
  async (_, start) => {
    const app = await start()
    for (let time = 0; time < 2; time += 1) {
      const { status, headers, body } = await send(`${app.url}/`, 'GET')
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 401,
        type: 'application/json; charset=utf-8',
      })
      expect(JSON.parse(body)).toEqual({ error_description: 'An access token is required' })
    }
    await app.close()
  },
)

test.each(Object.entries(applications))(
  '%s: the application answers as it likes',
  async (_, start) => {
    const app = await start()
    const { status, headers, body } = await send(`${app.url}/`, 'GET')
    await app.close()
    expect(JSON.parse(body)).toEqual({
      handledBy: 'application',
      guard: true,
      code: 'token_missing',
      status: 401,
    })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="api"')
  },
)
