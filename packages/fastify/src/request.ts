/*
 * Fastify's request, and what a guard leaves on it.
 */
import type { AuthContext } from '@verifier-guard/core'
import type { Entry } from '@verifier-guard/core/support'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Where a guard leaves what it decided: under a name that no other plugin takes. */
export const entry = Symbol.for('@verifier-guard/fastify/entry')

/** Fastify's request with what `auth()` adds to it. */
export type GuardedRequest = FastifyRequest & {
  /**
   * The caller; `undefined` for an anonymous one, and for a refused one in error handling. Left
   * alone where another plugin has decorated `auth`.
   */
  auth?: AuthContext | undefined
  [entry]?: Entry
}

/** Fastify's request and reply, as far as the types of its hooks tell: over HTTP/2 others. */
interface HookRequest {
  readonly raw: object
  readonly routeOptions: object
}

interface HookReply {
  readonly raw: object
  readonly sent: boolean
}

/**
 * A hook, in the form with a callback: for a route's `onRequest`, `preValidation` and `preHandler`,
 * of an application over HTTP/1.1 or HTTP/2.
 */
export type Handler = (
  request: HookRequest,
  reply: HookReply,
  done: (error?: Error) => void,
) => void

/** A {@link Handler} as it is written: every request and reply of Fastify's has these members. */
export function hook(
  handler: (request: GuardedRequest, reply: FastifyReply, done: (error?: Error) => void) => void,
): Handler {
  return handler as unknown as Handler
}
