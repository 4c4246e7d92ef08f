import type {
  AuthContext,
  Claims,
  GuardError,
  HeaderFields,
  Requirement,
  ResourceServer,
  ResourceServerOptions,
} from '@verifier-guard/core'
import {
  createGuard,
  isRefusal,
  ownEnd,
  type Admission,
  type AuthOptions,
} from '@verifier-guard/core/support'

export * from '@verifier-guard/core'
export { whenExpired } from '@verifier-guard/core/support'
export type { AuthOptions } from '@verifier-guard/core/support'

/** How a handler is protected, besides what the resource server decides. */
export interface ProtectOptions<Optional extends boolean = false> extends AuthOptions {
  /**
   * Lets requests without any credentials through, as nobody's. A bad token is refused all the
   * same. Default: false.
   */
  readonly optional?: Optional
  /**
   * What the handler asks of the caller, from `requiredScopes`, `requiredPower` and their kin.
   * Default: a valid token.
   */
  readonly requirement?: Requirement<Request>
}

/**
 * A function that answers web requests; what the host passes after the request (`env`, `params` …)
 * is handed on.
 */
export type WebHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>

/** A {@link WebHandler} that is told who calls. */
export type GuardedHandler<Caller, Rest extends readonly unknown[]> = (
  request: Request,
  auth: Caller,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Puts the check of access tokens before a function that answers web requests: for Deno, Bun,
 * workers, Next and any host like them.
 *
 * @param handler gets the caller as second argument, then what the host passes after the request
 * @param options of `createResourceServer`, or a resource server made before, to share one between
 *   handlers
 * @param protectOptions `requirement` asks for a right; `optional` lets requests without
 *   credentials through, default: false
 * @returns a function that answers refused requests itself, and hands on whatever else the handler
 *   throws
 * @throws {GuardError} `invalid_configuration`, at once
 * @example
 * ```ts
 * import { protect, requiredScopes } from '@verifier-guard/fetch'
 *
 * export default {
 *   fetch: protect(
 *     (request, auth) => Response.json({ hello: auth.clientId }),
 *     { issuer: 'https://verifier.example.org', audience: 'https://orders.example.org' },
 *     { requirement: requiredScopes('orders:read') },
 *   ),
 * }
 * ```
 */
export function protect<
  C extends object = Claims,
  Rest extends readonly unknown[] = [],
  Optional extends boolean = false,
>(
  handler: GuardedHandler<
    Optional extends true ? AuthContext<C> | undefined : AuthContext<C>,
    Rest
  >,
  options: ResourceServerOptions | ResourceServer<C>,
  { requirement, ...authOptions }: ProtectOptions<Optional> = {},
): WebHandler<Rest> {
  const guard = createGuard(options, authOptions)
  return async function guarded(request, ...rest) {
    const { ended, end } = ownEnd()
    const exchange = { request, key: request, ended }
    let admission: Admission
    try {
      admission = await guard.authenticate(exchange)
      if (requirement !== undefined) await guard.authorize(admission.auth, requirement, exchange)
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
}

/** The same answer with more fields: those of a response that was fetched can't be changed. */
function withFields(response: Response, fields: HeaderFields): Response {
  if (fields.length === 0) return response
  const answer = new Response(response.body, response)
  for (const [name, value] of fields) answer.headers.append(name, value)
  return answer
}

/**
 * The answer to a refused request as a web `Response`, for hosts that call a resource server
 * themselves.
 */
export function refusalResponse({ body, status, headers }: GuardError): Response {
  return Response.json(body, { status, headers })
}
