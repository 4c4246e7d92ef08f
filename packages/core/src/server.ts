/*
 * What a resource server offers: decisions on requests and tokens, its health, and its end.
 */
import type { AuthContext, Claims } from './context.js'
import {
  admit,
  answer,
  authorize,
  type Admission,
  type Deciding,
  type Question,
} from './decision.js'
import type { RequestInfo, Exchange } from './exchange.js'
import type { Issuers } from './issuers/issuers.js'
import type { KeySetHealth } from './issuers/key-set.js'
import type { Emitter } from './kit/events.js'
import { promised, type Later } from './kit/later.js'
import { anything, flag, readOptions, requireObject, type OptionRows } from './kit/option-rows.js'
import { createRollCall } from './kit/roll-call.js'
import type { Settings } from './options/options.js'
import { present, presentAlone, type Absent, type Presented } from './presented/authorization.js'
import type { RequestLike } from './presented/request.js'
import type { DpopProofs } from './proof/dpop.js'
import { createReport } from './report.js'
import type { Requirement } from './requirements/requirement.js'
import type { StatusListHealth } from './status/kept-list.js'
import type { StatusLists } from './status/status.js'
import type { TokenCache, TokenCacheSize } from './token-cache.js'

/** The state of a resource server: fit for a readiness probe. */
export interface ResourceServerHealth {
  /**
   * `ready`: every issuer's keys are at hand; `down`: no issuer's are; `degraded`: anything
   * between. An issuer by lookup, or by template with keys of its own, counts from its first good
   * token on.
   */
  readonly status: 'ready' | 'degraded' | 'down'
  readonly issuers: readonly KeySetHealth[]
  /** The status lists in use. One that is `down` makes the whole `degraded`. */
  readonly statusLists: readonly StatusListHealth[]
}

/**
 * Decides on requests. Made by {@link createResourceServer}; one serves any number of routes and
 * frameworks.
 */
export interface ResourceServer<C extends object = Claims> {
  /**
   * Decides on a request: its access token first, then what the route requires of the caller.
   *
   * @param request a web `Request`, Node's `IncomingMessage`, or anything with their `headers`
   * @param requirement what the route asks for, made by `requiredScopes`, `requiredPower` or
   *   another requirement; default: a valid token
   * @returns the caller
   * @throws {GuardError} every code of kind `token` and `verifier`; `invalid_configuration` for
   *   what is no request, and for what is no requirement
   * @example
   * ```ts
   * import { createResourceServer, requiredScopes } from '@verifier-guard/core'
   *
   * const resourceServer = createResourceServer({
   *   issuer: 'https://verifier.example.org/verifier',
   *   profile: 'eudistack',
   * })
   * const mayRead = requiredScopes('orders:read')
   *
   * export async function handle(request: Request): Promise<Response> {
   *   const auth = await resourceServer.authenticate(request, mayRead)
   *   return Response.json({ hello: auth.clientId })
   * }
   * ```
   */
  authenticate<R extends RequestLike>(
    request: R,
    requirement?: Requirement<R>,
  ): Promise<AuthContext<C>>
  /**
   * Decides as {@link ResourceServer.authenticate} does, for hosts outside the frameworks: an
   * upgrade, a gateway, a function. Returns the fields that the answer must carry as well.
   *
   * A DPoP proof is made for one method and one URL: the request must state both, as the client
   * sent them.
   *
   * @param request a web `Request`, Node's `IncomingMessage`, or `{ method, url, headers }`
   * @param options `requirement` is what the route asks for; `optional` lets requests without
   *   credentials pass as anonymous, default: false
   * @returns the caller, and the fields for the answer
   * @throws {GuardError} every code of kind `token` and `verifier`; `invalid_configuration` for
   *   an unknown option, what is no request, and what is no requirement
   * @example
   * ```ts
   * import { createResourceServer } from '@verifier-guard/core'
   *
   * const resourceServer = createResourceServer({
   *   issuer: 'https://verifier.example.org/verifier',
   *   profile: 'eudistack',
   * })
   *
   * export async function handle(request: Request): Promise<Response> {
   *   const { auth, headers } = await resourceServer.admit(request, { optional: true })
   *   return Response.json({ hello: auth?.clientId ?? 'stranger' }, { headers })
   * }
   * ```
   */
  admit<R extends RequestLike>(request: R, options?: AdmitOptions<R>): Promise<Admission<C>>
  /**
   * Decides on a token alone, for queues, sockets and other transports. A requirement can't depend
   * on a request here, and a token that is bound to a key is refused: nothing
   * shows that the sender holds it.
   *
   * @param token the access token, without a scheme before it
   * @param requirement what is asked of the caller; default: a valid token
   * @returns the caller
   * @throws {GuardError} every code of kind `token` and `verifier`; `invalid_configuration` for
   *   what is no requirement
   * @example
   * ```ts
   * import { createResourceServer } from '@verifier-guard/core'
   *
   * const resourceServer = createResourceServer({
   *   issuer: 'https://verifier.example.org/verifier',
   *   profile: 'eudistack',
   * })
   *
   * export async function onMessage(message: { token: string }): Promise<void> {
   *   const auth = await resourceServer.verifyAccessToken(message.token)
   *   console.log(auth.clientId)
   * }
   * ```
   */
  verifyAccessToken(token: string, requirement?: Requirement<undefined>): Promise<AuthContext<C>>
  /**
   * Asks something more of a caller already known, as the adapters do route by route.
   *
   * What takes no time throws at once. `requiredStatus`, and functions of the application that
   * return promises, may take theirs: await those.
   *
   * @param auth the caller
   * @param requirement what is asked
   * @param request what the requirement reads; to be left out where that is nothing
   * @returns nothing when it holds at once, a promise when that takes time
   * @throws {GuardError} the codes with status 403, `token_not_bound`, `credential_revoked`,
   *   `status_unavailable`, `rule_failed`; `invalid_configuration` without a caller, for what is no
   *   requirement, and for `requiredStatus` without the option `status`
   * @example
   * ```ts
   * import { createResourceServer, requiredScopes } from '@verifier-guard/core'
   *
   * const resourceServer = createResourceServer({
   *   issuer: 'https://verifier.example.org/verifier',
   *   profile: 'eudistack',
   * })
   * const mayDelete = requiredScopes('orders:delete')
   *
   * export async function remove(request: Request): Promise<Response> {
   *   const auth = await resourceServer.authenticate(request)
   *   await resourceServer.authorize(auth, mayDelete)
   *   return new Response(null, { status: 204 })
   * }
   * ```
   */
  authorize<R = undefined>(
    auth: AuthContext<object>,
    requirement: Requirement<R>,
    ...request: undefined extends R ? [request?: R] : [request: R]
  ): void | Promise<void>
  /**
   * Fetches the keys ahead of the first request, and tests the store of used proofs.
   *
   * @throws {GuardError} `keys_unavailable`, `replay_store_unavailable`, with the reason in its
   *   message
   */
  ready(): Promise<void>
  /** Its state, at once. Starts nothing. */
  health(): ResourceServerHealth
  /** Ends fetches and timers; requests that wait for keys get 503. */
  close(): void
}

/** What is asked of a request by {@link ResourceServer.admit}. */
export interface AdmitOptions<R = unknown> {
  /** What the route asks for. Default: a valid token. */
  readonly requirement?: Requirement<R>
  /** Whether a request without credentials passes as anonymous. Default: false. */
  readonly optional?: boolean
}

/** The rows of {@link AdmitOptions}. */
export const ADMIT_ROWS = {
  requirement: { check: anything, needsValue: true, says: 'what the route asks for' },
  optional: { check: flag, default: false, says: 'allows requests without credentials' },
} as const satisfies OptionRows<AdmitOptions>

/**
 * The decisions for adapters. Found by a symbol, so that adapters know resource servers of another
 * copy of this package.
 */
export const decisionsFor = Symbol.for('@verifier-guard/core/decisions')

/**
 * What adapters ask of a resource server: decisions at once where nothing has to be awaited, one
 * event a request.
 */
export interface Decisions {
  /** @param isOptional whether a request without credentials is allowed */
  authenticate(exchange: Exchange, isOptional: boolean): Later<Admission>
  authorize(auth: AuthContext, requirement: Requirement<unknown>, exchange: Exchange): Later<void>
  /** Whether it was closed. */
  isClosed(): boolean
}

/** A resource server as adapters see it. */
export interface DecidingServer extends ResourceServer {
  readonly [decisionsFor]: Decisions
}

/** What a resource server is made of. */
export interface Parts extends Pick<Deciding, 'decide'> {
  readonly settings: Settings
  readonly emitter: Emitter
  readonly issuers: Issuers
  readonly statusLists: StatusLists
  readonly dpop: DpopProofs | undefined
  readonly tokens: Pick<TokenCache, 'size'>
}

/** What telemetry measures of an open resource server, beyond its health. Times in seconds. */
export interface ResourceServerState {
  readonly health: ResourceServerHealth
  /** The issuer or template in the options that this issuer is one of; absent without one. */
  readonly configuredAs: (issuer: string) => string | undefined
  /** Age at which keys are stale, and age at which they are not used any more. */
  readonly keyLimits: { readonly maxAge: number; readonly maxStale: number }
  readonly tokenCache: TokenCacheSize
}

const openServers = createRollCall<ResourceServerState>('verifier-guard:state')

/** Makes a resource server from its decision. */
export function assembleServer(parts: Parts): DecidingServer {
  const { decide, settings, emitter, issuers, statusLists, dpop } = parts
  const report = createReport(settings, emitter)
  const deciding: Deciding = { decide, report, lookups: { statusLists } }
  const health = () => overall(issuers.health(), statusLists.health(), isClosed)
  let isClosed = false

  const server: DecidingServer = {
    authenticate: (request, requirement) =>
      promised(() => answer(deciding, questionOf(request, requirement)) as Later<AuthContext>),
    admit: async (request, options = {}) => {
      const { requirement, optional } = readOptions('options of admit()', options, ADMIT_ROWS)
      return admit(deciding, questionOf(request, requirement, optional))
    },
    verifyAccessToken: (token, requirement) =>
      promised(() => answer(deciding, questionAbout(token, requirement)) as Later<AuthContext>),
    authorize: <R>(auth: AuthContext<object>, requirement: Requirement<R>, request?: R) =>
      authorize(
        deciding,
        callerIn(auth),
        { requirement, request: request as R, info: infoOf(request) },
        false,
      ),
    [decisionsFor]: {
      authenticate: (exchange, isOptional) => {
        const { request } = exchange
        return admit(deciding, { read: presentedIn, request, isOptional, info: exchange })
      },
      isClosed: () => isClosed,
      authorize: (auth, requirement, exchange) =>
        authorize(
          deciding,
          auth,
          { requirement, request: exchange.own ?? exchange.request, info: exchange },
          true,
        ),
    },
    async ready() {
      await Promise.all([issuers.ready(), dpop?.ready()]).catch((error: unknown) =>
        report.throwExplained(error),
      )
    },
    health,
    close() {
      isClosed = true
      openServers.remove(server)
      issuers.close()
      statusLists.close()
    },
  }
  openServers.add(server, () => stateOf(parts, health()))
  return server
}

function stateOf({ settings, tokens }: Parts, health: ResourceServerHealth): ResourceServerState {
  const { issuers, limits } = settings
  return {
    health,
    configuredAs: (issuer) =>
      issuers.find((own) => own.issuer === issuer || own.template?.(issuer) === true)?.configuredAs,
    keyLimits: { maxAge: limits.maxAge / 1_000, maxStale: limits.maxStale / 1_000 },
    tokenCache: tokens.size(),
  }
}

/** The question of a request that an application hands in. */
function questionOf<R extends RequestLike>(
  request: R,
  requirement: Requirement<R> | undefined,
  isOptional = false,
): Question<R> {
  const hint = "pass a web Request, Node's request, or { method, url, headers }"
  requireObject('a request to decide on', request, hint)
  return { read: presentedIn, request, requirement, isOptional, info: { request } }
}

function presentedIn({ request, own, identity }: RequestInfo): Presented | Absent {
  return present(request!, own, identity)
}

/** The question of a token that an application hands in alone. */
function questionAbout(
  token: string,
  requirement: Requirement<undefined> | undefined,
): Question<undefined> {
  return { read: () => presentAlone(token), request: undefined, requirement, info: ALONE }
}

const ALONE: RequestInfo = {}

/** The caller that an application hands in: without one, nothing can be asked. */
function callerIn(auth: AuthContext<object>): AuthContext {
  const hint =
    'pass what authenticate(request) returned; an anonymous caller has no rights to ask for'
  requireObject('the caller first: authorize(auth, requirement)', auth, hint)
  return auth as AuthContext
}

/** What an application asks about by hand may be a request, or anything else. */
function infoOf(own: unknown): RequestInfo {
  const isRequest = typeof own === 'object' && own !== null && 'headers' in own
  return { own, request: isRequest ? (own as RequestLike) : undefined }
}

function overall(
  issuers: readonly KeySetHealth[],
  statusLists: readonly StatusListHealth[],
  isClosed: boolean,
): ResourceServerHealth {
  const all = [...issuers, ...statusLists].map(({ status }) => status)
  const isDown =
    isClosed || (issuers.length > 0 && issuers.every(({ status }) => status === 'down'))
  const isReady = all.every((status) => status === 'ready')
  return { status: isDown ? 'down' : isReady ? 'ready' : 'degraded', issuers, statusLists }
}
