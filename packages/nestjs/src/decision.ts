/*
 * Decides on a call: context in, its caller handed on to the handler, or the refusal in the terms
 * of its transport.
 */
import { Logger, type CanActivate, type ExecutionContext } from '@nestjs/common'
import { GuardError } from '@verifier-guard/core'
import {
  authenticateEntry,
  authorizeEntry,
  configurationError,
  requireObject,
  type Admission,
  type Entry,
} from '@verifier-guard/core/support'
import { accessOf, type Access } from './access.js'
import { exchangeOf } from './exchange.js'
import type { Guards } from './guards.js'
import { httpException } from './http.js'
import { setCaller, type CredentialTransport } from './transport.js'

const logger = new Logger('AccessTokenGuard')

// A call has one context for all its guards: those of the application, the class and the method.
// The first of them decides for the others of its module.
const decided = new WeakMap<ExecutionContext, Guards | 'without a token'>()

/** Makes the guard that decides with the resource server and the transports of a module. */
export function decidingGuard(guards: Guards): CanActivate {
  return { canActivate: (context) => decide(guards, context) }
}

/**
 * Lets a call pass every `AccessTokenGuard` after this line: for a guard of your own that
 * authenticated the caller in another way, by an API key or the signature of a webhook.
 *
 * **Checks nothing, and no requirement is asked**: `@Scopes('admin')` passes as well. The guard
 * that calls this decides alone. It has to run before `AccessTokenGuard`, or the call is denied:
 * list it first under `APP_GUARD`, or put its `@UseGuards` below our decorators. `@Auth()` hands
 * `undefined` to the handler, and neither `allowed` nor `denied` is published.
 *
 * @param context of the call, as the guard gets it
 * @throws {GuardError} `invalid_configuration` without a context
 * @example
 * ```ts
 * import type { CanActivate, ExecutionContext } from '@nestjs/common'
 * import { allowWithoutToken } from '@verifier-guard/nestjs'
 *
 * export class ApiKeys implements CanActivate {
 *   canActivate(context: ExecutionContext) {
 *     const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>()
 *     if (request.headers['x-api-key'] === process.env['API_KEY']) allowWithoutToken(context)
 *     return true
 *   }
 * }
 * ```
 */
export function allowWithoutToken(context: ExecutionContext): void {
  requireObject('the context of a call', context, 'pass what canActivate(context) gets')
  if (decided.has(context)) return
  setCaller(context, undefined)
  decided.set(context, 'without a token')
}

async function decide(guards: Guards, context: ExecutionContext): Promise<boolean> {
  const before = decided.get(context)
  if (before === guards || before === 'without a token') return true
  const access = accessOf(context.getClass(), context.getHandler())
  if (access.open === 'public') setCaller(context, undefined)
  else await admit(guards, access, context)
  decided.set(context, guards)
  return true
}

async function admit(
  { required, optional, transports }: Guards,
  { open, requirements }: Access,
  context: ExecutionContext,
): Promise<void> {
  const guard = open === 'optional' ? optional : required
  const transport = transports.get(context.getType<string>()) ?? unknown
  try {
    const request = transport.request(context) ?? { headers: {} }
    const { exchange, end } = exchangeOf(context, request)
    const entry: Entry = { guard, exchange }
    await authenticateEntry(entry, ({ auth, headers }: Admission) => {
      transport.answer?.(headers, context)
      // The exception filter of a denial by a requirement sees whose call it was.
      setCaller(context, auth)
    })
    for (const requirement of requirements) await authorizeEntry(entry, requirement)
    end()
  } catch (error) {
    if (!(error instanceof GuardError)) throw error
    if (error.kind === 'configuration') logger.error(error.message)
    throw await transport.refusal(error, context)
  }
}

/** Every kind of context without a transport is closed, and the log says why. */
const unknown: CredentialTransport = {
  type: 'unknown',
  request(host) {
    throw configurationError(
      'a kind of context with a transport',
      `"${host.getType<string>()}" without one`,
      'pass transports: [websockets()] or [microservices()], or one of your own, to VerifierGuardModule',
    )
  },
  refusal: httpException,
}
