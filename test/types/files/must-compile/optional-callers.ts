import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'

type MyClaims = { readonly plan: 'free' | 'paid' }

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const
const optional = { optional: true } as const

export const expressApp = express().use(onExpress.auth(options, optional))
expressApp.get(
  '/',
  (req, res) => void res.json({ plan: onExpress.optionalAuthOf<MyClaims>(req)?.claims.plan }),
)

export const fastifyApp = Fastify().register(onFastify.auth(options, optional))
fastifyApp.get('/', (request) => ({ client: onFastify.optionalAuthOf(request)?.clientId }))

export const koaApp = new Koa<onKoa.AuthState>().use(onKoa.auth(options, optional))
koaApp.use((ctx) => {
  ctx.body = { client: onKoa.optionalAuthOf(ctx)?.clientId }
})

export const honoApp = new Hono().use(onHono.auth(options, optional))
honoApp.get('/', (c) => c.json({ client: onHono.optionalAuthOf(c)?.clientId }))
