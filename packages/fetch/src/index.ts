/**
 * Protects functions that answer web requests.
 *
 * @packageDocumentation
 */
import {
  GuardError,
  type AuthContext,
  type Claims,
  type HeaderFields,
  type Requirement,
  type ResourceServer,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import {
  authenticateEntry,
  authorizeEntry,
  configurationError,
  createGuard,
  isRefusal,
  ownEnd,
  quote,
  readRouteOptions,
  type Admission,
  type AuthOptions,
  type Closable,
  type Entry,
  type Guard,
} from '@verifier-guard/core/support'

export * from '@verifier-guard/core'
export { whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

/** How a handler is protected, besides what the resource server decides. */
export interface ProtectOptions<Optional extends boolean = false> extends AuthOptions {
  /**
   * Allows requests without any credentials, as anonymous. A bad token is refused all the same.
   * Default: false.
   */
  readonly optional?: Optional
  /**
   * What the handler asks of the caller, made by `requiredScopes`, `requiredPower` or another of
   * these. Default: a valid token.
   */
  readonly requirement?: Requirement<Request>
}

/**
 * A function that answers web requests; what the host passes after the request (`env`, `params` …)
 * is handed on.
 */
export type WebHandler<Rest extends readonly unknown[] = [], Incoming extends Request = Request> = (
  request: Incoming,
  ...rest: Rest
) => Response | Promise<Response>

/** A {@link WebHandler} that gets the caller. `Incoming` may be the host's own: `NextRequest`. */
export type GuardedHandler<
  Caller,
  Rest extends readonly unknown[] = [],
  Incoming extends Request = Request,
> = (request: Incoming, auth: Caller, ...rest: Rest) => Response | Promise<Response>

/**
 * How {@link protect} decides: by options, by a resource server made before, or by either, late.
 */
export type ProtectedBy<C extends object = Claims> =
  ResourceServerOptions | ResourceServer<C> | (() => ResourceServerOptions | ResourceServer<C>)

/**
 * Puts the check of access tokens before a function that answers web requests: for Deno, Bun,
 * workers, Next and any host like them.
 *
 * @param handler gets the caller as second argument, then what the host passes after the request
 * @param options of `createResourceServer`; or a resource server made before, to share one between
 *   handlers; or a function that returns either, called with the first request: `next build` loads
 *   every route where the issuer is not known
 * @param protectOptions `requirement` asks for a right; `optional` lets requests without
 *   credentials through, default: false
 * @returns a function that answers refused requests itself, and hands on whatever else the handler
 *   throws. Its `close()` ends the timers of a resource server that it made
 * @throws {GuardError} `invalid_configuration`, at once; of a function, with the first request
 * @example
 * ```ts
 * import { protect, requiredScopes } from '@verifier-guard/fetch'
 *
 * export default {
 *   fetch: protect(
 *     (request, auth) => Response.json({ hello: auth.clientId }),
 *     { issuer: 'https://auth.example.org', audience: 'https://orders.example.org' },
 *     { requirement: requiredScopes('orders:read') },
 *   ),
 * }
 * ```
 */
export function protect<
  C extends object = Claims,
  Rest extends readonly unknown[] = [],
  Optional extends boolean = false,
  Incoming extends Request = Request,
>(
  handler: GuardedHandler<
    Optional extends true ? AuthContext<C> | undefined : AuthContext<C>,
    Rest,
    Incoming
  >,
  options: ProtectedBy<C>,
  protectOptions: ProtectOptions<Optional> = {},
): WebHandler<Rest, Incoming> & Closable {
  refuseSwapped(handler)
  const { requirement, optional } = readRouteOptions<Request>('protect()', protectOptions)
  const { guardOf, close } = guardLater(options, { optional })
  const guarded: WebHandler<Rest, Incoming> = async (request, ...rest) => {
    const { ended, end } = ownEnd()
    const entry: Entry = { guard: guardOf(), exchange: { request, key: request, ended } }
    let admission: Admission
    try {
      admission = await authenticateEntry(entry)
      if (requirement !== undefined) await authorizeEntry(entry, requirement)
    } catch (error) {
      if (isRefusal(error)) return refusalResponse(error)
      throw error
    }
    const { auth, headers } = admission
    try {
      return withFields(await handler(request, auth as AuthContext<C>, ...rest), headers)
    } finally {
      end(() => !request.signal.aborted)
    }
  }
  return Object.assign(guarded, { close })
}

/**
 * The one guard of a handler: at once, so that mistakes show at start, or with the first request.
 */
function guardLater(
  options: ProtectedBy<object>,
  authOptions: AuthOptions,
): Closable & { readonly guardOf: () => Guard } {
  if (typeof options !== 'function') {
    const guard = createGuard(options, authOptions)
    return { guardOf: () => guard, close: guard.close }
  }
  let made: Guard | undefined
  let isClosed = false
  return {
    guardOf() {
      if (made !== undefined) return made
      made = createGuard(options(), authOptions)
      if (isClosed) made.close()
      return made
    },
    close() {
      isClosed = true
      made?.close()
    },
  }
}

function refuseSwapped(handler: unknown): void {
  if (typeof handler === 'function') return
  throw configurationError(
    'a function first: protect(handler, options)',
    quote(handler),
    'put the handler before the options',
  )
}

/** The same answer with more fields: those of a response that was fetched can't be changed. */
function withFields(response: Response, fields: HeaderFields): Response {
  // An upgrade (101) and Response.error() can't be made again.
  if (fields.length === 0 || response.status < 200) return response
  const answer = new Response(response.body, response)
  for (const [name, value] of fields)
    // Two nonces in one field would be none. One that stands there is of a nested guard, which is
    // the same, or of a server that the handler asked, which is none of this client's.
    if (name === 'DPoP-Nonce') answer.headers.set(name, value)
    else answer.headers.append(name, value)
  return answer
}

/**
 * The answer to a refused request as a web `Response`, for hosts that call a resource server
 * themselves.
 *
 * @param error what the resource server threw
 * @returns the answer with status, fields and body
 * @throws {GuardError} `invalid_configuration` for another error, which is no refusal
 * @example
 * ```ts
 * import { createResourceServer, GuardError, refusalResponse } from '@verifier-guard/fetch'
 *
 * const resourceServer = createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 * })
 *
 * export async function handle(request: Request): Promise<Response> {
 *   try {
 *     const auth = await resourceServer.authenticate(request)
 *     return Response.json({ hello: auth.clientId })
 *   } catch (error) {
 *     if (error instanceof GuardError) return refusalResponse(error)
 *     throw error
 *   }
 * }
 * ```
 */
export function refusalResponse(error: GuardError): Response {
  if (!(error instanceof GuardError))
    throw configurationError('a GuardError', quote(error), 'throw every other error again')
  const { body, status, headers } = error
  return Response.json(body, { status, headers })
}
