/* Hands a refusal to Fastify's error handling, and answers what that leaves. */
import { GuardError } from '@verifier-guard/core'
import { fieldsByName } from '@verifier-guard/core/support'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const unanswered = Symbol.for('@verifier-guard/fastify/unanswered')

type RefusingReply = FastifyReply & {
  /** The refusal, as long as no handler sends an answer in its place. */
  [unanswered]?: GuardError | undefined
}

/**
 * Hands a refusal to Fastify's error handling, with status and headers set: error handlers of the
 * application get the error itself.
 */
export function refuse(
  reply: FastifyReply,
  done: (error: Error) => void,
): (error: unknown) => void {
  return (error) => {
    if (error instanceof GuardError && !reply.sent)
      reply.code(error.status).headers(fieldsByName(error.headers))
    done(error as Error)
  }
}

/**
 * Fastify's own last resort would send code and message, which are the operator's: here a
 * refusal that no handler answers says what may be said instead, wherever it was thrown.
 */
export function answerRefusals(scope: FastifyInstance): void {
  scope.addHook('onError', follow)
  scope.addHook('onSend', answerUnanswered)
}

/**
 * Error handlers pass an error on by sending it: only the last thing sent shows whether one of them
 * has answered.
 */
function follow(_: FastifyRequest, reply: RefusingReply, error: Error, done: () => void): void {
  if (!(error instanceof GuardError)) return done()
  const send = reply.send.bind(reply)
  reply.send = (payload?: unknown) => {
    reply[unanswered] = payload === error ? error : undefined
    return send(payload)
  }
  done()
}

function answerUnanswered<Payload>(
  _: FastifyRequest,
  reply: RefusingReply,
  payload: Payload,
  done: (error: null, payload: Payload | string) => void,
): void {
  const error = reply[unanswered]
  if (error === undefined) return done(null, payload)
  reply.code(error.status).type('application/json; charset=utf-8')
  // Both describe what is replaced.
  reply.removeHeader('content-length').removeHeader('content-encoding')
  done(null, JSON.stringify(error))
}
