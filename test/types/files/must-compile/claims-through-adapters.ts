import * as onExpress from '@verifier-guard/express'
import * as onFastify from '@verifier-guard/fastify'
import { protect, whenExpired, type AuthContext } from '@verifier-guard/fetch'
import * as onHono from '@verifier-guard/fetch/hono'
import * as onKoa from '@verifier-guard/koa'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'

type MyClaims = { readonly plan: 'free' | 'paid'; readonly seats?: number }

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const

/** One function of the application, whatever calls it. */
function seatsOf({ claims, clientId }: AuthContext<MyClaims>): {
  by: string | undefined
  seats: number
} {
  return { by: clientId, seats: claims.plan === 'paid' ? (claims.seats ?? 1) : 0 }
}

export const expressApp = express().use(onExpress.auth(options))
expressApp.get('/', (req, res) => void res.json(seatsOf(onExpress.authOf<MyClaims>(req))))

export const koaApp = new Koa<onKoa.AuthState>()
koaApp.use(onKoa.auth(options)).use((ctx) => {
  ctx.body = seatsOf(onKoa.authOf<MyClaims>(ctx))
})

export const fastifyApp = Fastify()
fastifyApp.register(onFastify.auth(options))
fastifyApp.get('/', (request) => seatsOf(onFastify.authOf<MyClaims>(request)))

export const honoApp = new Hono<onHono.AuthEnv>().use(onHono.auth(options))
honoApp.get('/', (c) => c.json(seatsOf(onHono.authOf<MyClaims>(c))))

const server = onExpress.createResourceServer<MyClaims>(options)
export const handler = protect((_request, auth) => Response.json(seatsOf(auth)), server)
export const open = protect(
  (_request, auth: AuthContext<MyClaims> | undefined) => Response.json(auth ? seatsOf(auth) : null),
  server,
  { optional: true },
)

/** A context with claims of one's own is one without, too. */
export const cancel = (auth: AuthContext<MyClaims>): (() => void) =>
  whenExpired(auth, () => undefined)
export const plain = (auth: AuthContext<MyClaims>): AuthContext => auth
