import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthContext, Claims, Requirement, ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import {
  createGuard,
  isRefusal,
  liftRequirements,
  missingGuard,
  presentCaller,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'

export * from '@verifier-guard/core'
export { protectUpgrade, whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

const guard = Symbol.for('@verifier-guard/koa/guard')

/** What {@link auth} puts into `ctx.state`: `new Koa<AuthState>()` types it. */
export interface AuthState {
  /** Who calls; `undefined` for nobody where authentication is optional. */
  auth?: AuthContext | undefined
}

/** Koa's context, as far as this package touches it. */
export interface GuardedContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: IncomingMessage['headers']
  readonly headerSent: boolean
  readonly app: { readonly context: object; emit(event: string, ...values: readonly unknown[]): boolean }
  state: AuthState & { [guard]?: Guard }
  onerror(error: unknown): void
}

/** A middleware that fits Koa 2 and 3 alike. */
export type Middleware = (ctx: GuardedContext, next: () => Promise<unknown>) => Promise<unknown>

/**
 * Lets requests with a valid access token in and sets `ctx.state.auth`; throws for the others what Koa answers from.
 *
 * Asks for no right: add {@link requiredScopes}, {@link requiredPower} or another requirement to the route.
 *
 * @param options of `createResourceServer`, or a resource server made before, to share one between routers
 * @param authOptions `optional` lets requests without credentials through; default: false
 * @returns a middleware that throws a `GuardError` with `status`, `headers` and `expose`; uncaught, it is answered in JSON
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import Koa from 'koa'
 * import { auth, authOf, requiredPower } from '@verifier-guard/koa'
 *
 * const app = new Koa()
 * app.use(auth({ issuer: 'https://verifier.example.org', profile: 'eudistack' }))
 * app.use(requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' }))
 * app.use((ctx) => {
 *   ctx.body = { hello: authOf(ctx).clientId }
 * })
 * ```
 */
export function auth(options: ResourceServerOptions | ResourceServer<object>, authOptions?: AuthOptions): Middleware {
  const shared = createGuard(options, authOptions)
  return async function authenticate(ctx, next) {
    answerInJson(ctx)
    ctx.state[guard] = shared
    ctx.state.auth = await shared.authenticate(ctx.req)
    return next()
  }
}

/**
 * Asks something of the caller that {@link auth} let in; {@link requiredScopes} and its kin are this with a requirement at hand.
 *
 * @param requirement of `@verifier-guard/core`; its functions get Koa's context
 * @returns a middleware; a route where {@link auth} did not run before is refused with `invalid_configuration`
 */
export function required(requirement: Requirement<never>): Middleware {
  return async function authorize(ctx, next) {
    const { [guard]: shared, auth } = ctx.state
    if (shared === undefined) throw missingGuard(requirement)
    await shared.authorize(auth, requirement, ctx.req, ctx)
    return next()
  }
}

/**
 * The requirements of `@verifier-guard/core` as middleware: on a route as they are, or composed with `allOf` and `anyOf`.
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
} = liftRequirements<Middleware, GuardedContext>(required)

/**
 * Who calls, typed: for handlers behind {@link auth}.
 *
 * @throws {GuardError} `invalid_configuration` where no caller is known
 */
export function authOf<C extends object = Claims>(ctx: { readonly state: AuthState }): AuthContext<C> {
  return presentCaller<C>(ctx.state.auth)
}

/** Koa's own last resort answers in plain text; callers of an API expect JSON. An application's own last resort stays in charge. */
function answerInJson(ctx: GuardedContext): void {
  if (Object.hasOwn(ctx.app.context, 'onerror')) return
  const otherwise = ctx.onerror.bind(ctx)
  ctx.onerror = (error) => {
    if (!isRefusal(error) || ctx.headerSent) return otherwise(error)
    ctx.app.emit('error', error, ctx)
    for (const name of ctx.res.getHeaderNames()) ctx.res.removeHeader(name)
    const headers = { ...error.headers, 'Content-Type': 'application/json; charset=utf-8' }
    ctx.res.writeHead(error.status, headers).end(JSON.stringify(error))
  }
}
