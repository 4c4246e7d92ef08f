import 'reflect-metadata'
import { PassThrough } from 'node:stream'
import cors from 'cors'
import express from 'express'
import Fastify from 'fastify'
import fastifyCors from '@fastify/cors'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { cors as honoCors } from 'hono/cors'
import Koa from 'koa'
import koaCors from '@koa/cors'
import Router from '@koa/router'
import { Controller, Get, Module, Res, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { ResourceServerOptions, Runtime } from '@verifier-guard/core'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import * as ofHono from '@verifier-guard/fetch/hono'
import * as ofKoa from '@verifier-guard/koa'
import * as ofNest from '@verifier-guard/nestjs'
import type { Running } from './application.js'
import { listen } from './drivers/listen.js'

export type Options = ResourceServerOptions & { readonly runtime: Runtime }

/**
 * One application in each framework, as it stands behind a proxy and before browsers: CORS first, `/health` open, the rest guarded, and
 * `/stream` a response without end that ends when the token does.
 */
export const applications: Readonly<Record<string, (options: Options) => Promise<Running>>> = {
  express(options) {
    const app = express().set('trust proxy', true)
    app.use(cors())
    app.get('/health', (_, res) => void res.send('up'))
    app.use(ofExpress.auth(options))
    app.get('/stream', (req, res) => {
      res.write('first')
      res.on(
        'close',
        ofExpress.whenExpired(ofExpress.authOf(req), () => res.end('last'), options.runtime),
      )
    })
    return listen(app)
  },

  koa(options) {
    const app = new Koa({ proxy: true })
    const open = new Router().get('/health', (ctx) => void (ctx.body = 'up'))
    const guarded = new Router().get('/stream', (ctx) => {
      const stream = new PassThrough()
      stream.write('first')
      ctx.body = stream.once(
        'close',
        ofKoa.whenExpired(ofKoa.authOf(ctx), () => stream.end('last'), options.runtime),
      )
    })
    app.use(koaCors()).use(open.routes()).use(ofKoa.auth(options)).use(guarded.routes())
    return listen(app.callback())
  },

  async fastify(options) {
    const app = Fastify({ trustProxy: true })
    await app.register(fastifyCors)
    app.get('/health', () => 'up')
    app.register(async (api) => {
      await api.register(ofFastify.auth(options))
      api.get('/stream', (request, reply) => {
        const stream = new PassThrough()
        stream.write('first')
        stream.once(
          'close',
          ofFastify.whenExpired(ofFastify.authOf(request), () => stream.end('last'), options.runtime),
        )
        return reply.send(stream)
      })
    })
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
  },

  hono(options) {
    const app = new Hono()
    app.use(honoCors())
    app.get('/health', (c) => c.text('up'))
    app.use(ofHono.auth(options))
    app.get('/stream', (c) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
        highWaterMark: 2,
      })
      const writer = writable.getWriter()
      const write = (text: string) => writer.write(new TextEncoder().encode(text))
      void write('first')
      ofHono.whenExpired(ofHono.authOf(c), () => void write('last').then(() => writer.close()), options.runtime)
      return c.body(readable)
    })
    return listen(getRequestListener(app.fetch))
  },

  async nestjs(options) {
    @Controller()
    @UseGuards(ofNest.AccessTokenGuard)
    class Part {
      @Get('health')
      @ofNest.Public()
      health(): string {
        return 'up'
      }

      @Get('stream')
      stream(@ofNest.Auth() auth: ofNest.AuthContext, @Res() res: express.Response): void {
        res.write('first')
        res.on(
          'close',
          ofNest.whenExpired(auth, () => res.end('last'), options.runtime),
        )
      }
    }
    @Module({ imports: [ofNest.VerifierGuardModule.forRoot(options)], controllers: [Part] })
    class Application {}
    const app = await NestFactory.create<NestExpressApplication>(Application, { logger: false, cors: true })
    app.set('trust proxy', true)
    await app.listen(0, '127.0.0.1')
    return { url: await app.getUrl(), close: () => app.close() }
  },
}
