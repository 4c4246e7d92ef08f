import type { ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import * as ofHono from '@verifier-guard/fetch/hono'
import * as ofKoa from '@verifier-guard/koa'
import express5 from 'express'
import express4 from 'express4'
import fastify5 from 'fastify'
import fastify4 from 'fastify4'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { timeout } from 'hono/timeout'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import type { Running } from './application.js'
import { listen } from './drivers/listen.js'
import { send } from './send.js'

const verifier = createDevVerifier()
/** Lets the Verifier's answer come, and with it the refusal. */
let answer: () => void = () => undefined
const fetch = () =>
  new Promise<Response>((_, reject) => {
    answer = () => reject(new Error('down'))
  })
const options = {
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { fetch, warn: () => {} },
} as const

/** What would have been thrown into nowhere: an answer to a request that has one. */
let second: unknown[] = []
function watch({ res }: { readonly res: ServerResponse }): void {
  for (const name of ['writeHead', 'setHeader'] as const) {
    const method = res[name].bind(res) as (...parameters: unknown[]) => ServerResponse
    Object.assign(res, {
      [name]: (...parameters: unknown[]) => {
        if (res.headersSent) second.push(new Error(name).stack)
        return method(...parameters)
      },
    })
  }
}

/** What a time-out does: it answers, and the request goes on. */
const giveUp = (response: ServerResponse) => {
  watch({ res: response })
  setTimeout(() => void (response.headersSent || response.writeHead(504).end('late')), 5)
}

const express = (express: typeof express5, own: boolean) => () => {
  const app = express().set('env', 'test')
  app.use((_req, res, next) => {
    giveUp(res)
    next()
  })
  app.use(ofExpress.auth(options))
  const handler: express5.ErrorRequestHandler = (error: ofExpress.GuardError, _req, res, _next) =>
    void res.status(error.status).json(error)
  return listen(own ? app.use(handler) : app)
}

const koa = (Koa: typeof Koa3) => () => {
  const app = new Koa()
  app.silent = true
  app.use((ctx, next) => {
    giveUp(ctx.res)
    return next()
  })
  return listen(app.use(ofKoa.auth(options)).callback())
}

const fastify = (fastify: typeof fastify5) => async () => {
  const app = fastify()
  app.addHook('onRequest', (_, reply, done) => {
    watch({ res: reply.raw })
    setTimeout(() => void (reply.sent || reply.code(504).send('late')), 5)
    done()
  })
  app.register(ofFastify.auth(options)).get('/', () => 'in')
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}

const hono = () => {
  const app = new Hono()
  app.use(timeout(5, new HTTPException(504, { message: 'late' })))
  const answer = getRequestListener(app.use(ofHono.auth(options)).fetch)
  return listen((request, response) => {
    watch({ res: response })
    return answer(request, response)
  })
}

const applications: Readonly<Record<string, () => Promise<Running>>> = {
  'express 4': express(express4, false),
  'express 5': express(express5, false),
  'express 5 with an error handler': express(express5, true),
  'koa 2': koa(Koa2),
  'koa 3': koa(Koa3),
  'fastify 4': fastify(fastify4 as unknown as typeof fastify5),
  'fastify 5': fastify(fastify5),
  hono,
}

beforeEach(() => {
  second = []
})

test.each(Object.entries(applications))(
  "%s: a refusal that comes after the answer is nobody's trouble",
  async (_, start) => {
    const app = await start()
    const { status, body } = await send(`${app.url}/`, 'GET', {
      authorization: `Bearer ${verifier.mint()}`,
    })
    expect({ status, body }).toEqual({ status: 504, body: 'late' })
    answer()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(second).toEqual([])
    // The connection and the process serve on.
    expect((await send(`${app.url}/`, 'GET')).status).toBeGreaterThanOrEqual(401)
    await app.close()
  },
)
