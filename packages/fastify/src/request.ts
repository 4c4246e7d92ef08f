import type { AuthContext } from '@verifier-guard/core'
import type { Guard } from '@verifier-guard/core/support'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Where a guard leaves its verdict: under a name that nobody else can take. */
export const verdict = Symbol.for('@verifier-guard/fastify/verdict')

/** Fastify's request with what `auth()` adds to it. */
export type GuardedRequest = FastifyRequest & {
  /**
   * Who calls; `undefined` for nobody where authentication is optional. Left alone where another
   * plugin has decorated `auth`.
   */
  auth?: AuthContext | undefined
  [verdict]?: { readonly guard: Guard; readonly caller: AuthContext | undefined }
}

/**
 * A hook, in the form with a callback: for a route's `onRequest`, `preValidation` and `preHandler`.
 */
export type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void
