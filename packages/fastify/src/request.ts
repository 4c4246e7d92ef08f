import type { AuthContext } from '@verifier-guard/core'
import type { Entry } from '@verifier-guard/core/support'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Where a guard leaves what it decided: under a name that no other plugin takes. */
export const entry = Symbol.for('@verifier-guard/fastify/entry')

/** Fastify's request with what `auth()` adds to it. */
export type GuardedRequest = FastifyRequest & {
  /**
   * The caller; `undefined` for an anonymous one. Left alone where another plugin has decorated
   * `auth`.
   */
  auth?: AuthContext | undefined
  [entry]?: Entry
}

/**
 * A hook, in the form with a callback: for a route's `onRequest`, `preValidation` and `preHandler`.
 */
export type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void
