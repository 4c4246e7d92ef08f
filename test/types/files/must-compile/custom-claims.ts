import {
  createResourceServer,
  requiredScopes,
  type AuthContext,
  type ResourceServer,
} from '@verifier-guard/core'
import { auth as expressAuth, authOf as authOfExpress } from '@verifier-guard/express'
import { auth as fastifyAuth, authOf as authOfFastify } from '@verifier-guard/fastify'
import { protect } from '@verifier-guard/fetch'
import { auth as honoAuth, authOf as authOfHono, type AuthEnv } from '@verifier-guard/fetch/hono'
import { auth as koaAuth, authOf as authOfKoa } from '@verifier-guard/koa'
import { VerifierGuardModule } from '@verifier-guard/nestjs'
import type { Request } from 'express'
import type { FastifyRequest } from 'fastify'
import type { Context as HonoContext } from 'hono'
import type { ParameterizedContext } from 'koa'

type MyClaims = { readonly plan: 'free' | 'paid'; readonly seats?: number }

const options = { issuer: 'https://verifier.example.org', profile: 'eudistack' } as const
export const server: ResourceServer<MyClaims> = createResourceServer<MyClaims>(options)

export async function planOf(request: Request): Promise<'free' | 'paid'> {
  const caller: AuthContext<MyClaims> = await server.authenticate(request)
  return caller.claims.plan
}

export const plans = {
  express: (req: Request): 'free' | 'paid' => authOfExpress<MyClaims>(req).claims.plan,
  fastify: (request: FastifyRequest): 'free' | 'paid' =>
    authOfFastify<MyClaims>(request).claims.plan,
  koa: (ctx: ParameterizedContext): 'free' | 'paid' => authOfKoa<MyClaims>(ctx).claims.plan,
  hono: (c: HonoContext<AuthEnv>): 'free' | 'paid' => authOfHono<MyClaims>(c).claims.plan,
  fetch: protect(
    (_request, { claims }) => Response.json({ plan: claims.plan satisfies 'free' | 'paid' }),
    server,
  ),
}

interface Declared {
  readonly plan: 'free' | 'paid'
}

/** An interface does as well, in every place. */
export const declared: ResourceServer<Declared> = createResourceServer<Declared>(options)
export const declaredPlans = {
  express: (req: Request): 'free' | 'paid' => authOfExpress<Declared>(req).claims.plan,
  fastify: (request: FastifyRequest): 'free' | 'paid' =>
    authOfFastify<Declared>(request).claims.plan,
  koa: (ctx: ParameterizedContext): 'free' | 'paid' => authOfKoa<Declared>(ctx).claims.plan,
  hono: (c: HonoContext<AuthEnv>): 'free' | 'paid' => authOfHono<Declared>(c).claims.plan,
  fetch: protect(
    (_request, { claims }) => Response.json({ plan: claims.plan satisfies 'free' | 'paid' }),
    declared,
  ),
  guards: [expressAuth(declared), fastifyAuth(declared), koaAuth(declared), honoAuth(declared)],
  nestjs: VerifierGuardModule.forRoot({ resourceServer: declared }),
}

export async function declaredPlan(request: Request): Promise<'free' | 'paid'> {
  const caller: AuthContext<Declared> = await declared.authenticate(request, requiredScopes('a'))
  await declared.authorize(caller, requiredScopes('b'))
  return caller.claims.plan
}

/** Without a type of one's own, claims are unknown until looked at. */
export async function anyClaim(request: Request): Promise<unknown> {
  const { claims } = await createResourceServer(options).authenticate(request)
  return claims['plan']
}
