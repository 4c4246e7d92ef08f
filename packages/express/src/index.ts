import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthContext, Claims, Requirement, ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import {
  createGuard,
  isRefusal,
  liftRequirements,
  missingGuard,
  presentCaller,
  settle,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'
import { prepare, type Application } from './last-resort.js'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const guard = Symbol.for('@verifier-guard/express/guard')

/** Express' request, as far as this package touches it. */
export interface GuardedRequest extends IncomingMessage {
  /** Who calls; set by {@link auth}. */
  auth?: AuthContext | undefined
  app?: Application
  [guard]?: Guard
}

/** A middleware that fits Express 4 and 5 alike, whatever else in the program says of `req.auth`. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Lets requests with a valid access token in and sets `req.auth`; refuses the others through Express' error handling.
 *
 * Asks for no right: add {@link requiredScopes}, {@link requiredPower} or another requirement to the route.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between routers
 * @param authOptions `optional` lets requests without credentials through; default: false
 * @returns a middleware; it calls `next(error)` with a `GuardError`, which is answered in JSON where no error handler of the application answers
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, requiredPower } from '@verifier-guard/express'
 *
 * const app = express()
 * app.use('/offers', auth({ issuer: 'https://verifier.example.org', profile: 'eudistack' }))
 * app.post('/offers', requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }), (req, res) => {
 *   res.status(201).json({})
 * })
 * ```
 */
export function auth(options: ResourceServerOptions | ResourceServer<object>, authOptions?: AuthOptions): Handler {
  const shared = createGuard(options, authOptions)
  return function authenticate(req: GuardedRequest, res, next) {
    req[guard] = shared
    const enter = (auth: AuthContext | undefined) => {
      req.auth = auth
      next()
    }
    settle(() => shared.authenticate(req), enter, refuse(req, res, next))
  }
}

/**
 * Asks something of the caller that {@link auth} let in; {@link requiredScopes} and its kin are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`
 * @returns a middleware; a route where {@link auth} did not run before is refused with `invalid_configuration`
 */
export function required(requirement: Requirement<never>): Handler {
  return function authorize(req: GuardedRequest, res, next) {
    const { [guard]: shared, auth } = req
    if (shared === undefined) return next(missingGuard(requirement))
    const goOn = () => next()
    settle(() => shared.authorize(auth, requirement, req), goOn, refuse(req, res, next))
  }
}

/**
 * The requirements of `@verifier-guard/core` as middleware: on a route as they are, or composed with `allOf` and `anyOf`.
 *
 * @example
 * ```ts
 * import express from 'express'
 * import { anyOf, auth, requiredPower, requiredScopes } from '@verifier-guard/express'
 *
 * const app = express()
 * app.use(auth({ issuer: 'https://verifier.example.org', profile: 'eudistack' }))
 * const mayWrite = anyOf(requiredScopes('orders:write'), requiredPower({ domain: 'DOME', function: 'Orders', action: 'Create' }))
 * app.post('/orders', mayWrite, (req, res) => void res.status(201).json({}))
 * ```
 */
export const {
  requiredScopes,
  requiredPower,
  requiredClaim,
  requiredTenant,
  requiredKind,
  requiredRule,
  requiredStatus,
  allOf,
  anyOf,
} = liftRequirements<Handler, GuardedRequest>(required)

/**
 * Who calls, typed: for handlers behind {@link auth}.
 *
 * @throws {GuardError} `invalid_configuration` where no caller is known
 */
export function authOf<C extends object = Claims>(req: object): AuthContext<C> {
  return presentCaller<C>((req as GuardedRequest).auth)
}

function refuse(req: GuardedRequest, res: ServerResponse, next: (error?: unknown) => void): (error: unknown) => void {
  return (error) => {
    // After a time-out, say: whoever was to be answered has been.
    if (isRefusal(error) && res.headersSent) return
    if (isRefusal(error)) prepare(req.app)
    next(error)
  }
}
