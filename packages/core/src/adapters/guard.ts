/*
 * What every adapter does, whatever its framework: its own part is to find the request and to send
 * the answer.
 */
import type { AuthContext } from '../context.js'
import type { Admission } from '../decision.js'
import type { Exchange } from '../exchange.js'
import { quote, quoteAddress } from '../kit/display.js'
import { configurationError, GuardError } from '../kit/errors.js'
import { andThen, type Later } from '../kit/later.js'
import { anything, flag, readOptions, type OptionRows } from '../kit/option-rows.js'
import type { ResourceServerOptions } from '../options/options.js'
import type { Requirement } from '../requirements/index.js'
import { createResourceServer } from '../resource-server.js'
import { decisionsFor, type DecidingServer, type ResourceServer } from '../server.js'
import { warnOfManyGuards } from './many-guards.js'

/** How an adapter treats requests, besides what the resource server decides. */
export interface AuthOptions {
  /**
   * Allows requests without any credentials, as anonymous. A bad token is refused all the same: a
   * client that sends one expects to be authenticated. Default: false.
   */
  readonly optional?: boolean
}

const AUTH_ROWS = {
  optional: { check: flag, default: false, says: 'allows requests without credentials' },
} as const satisfies OptionRows<AuthOptions>

/** How one handler is protected: what {@link AuthOptions} says, and what the handler asks for. */
export interface RouteOptions<Request> extends AuthOptions {
  readonly requirement?: Requirement<Request>
}

const ROUTE_ROWS = {
  ...AUTH_ROWS,
  requirement: { check: anything, needsValue: true, says: 'what the handler asks for' },
} as const satisfies OptionRows<RouteOptions<never>>

/**
 * Checks how one handler is protected.
 *
 * @param call the function whose options they are, for messages: `protect()`
 * @throws {GuardError} `invalid_configuration`
 */
export function readRouteOptions<Request>(
  call: string,
  options: RouteOptions<Request>,
): { readonly requirement: Requirement<Request> | undefined; readonly optional: boolean } {
  const { requirement, optional } = readOptions(`options of ${call}`, options, ROUTE_ROWS)
  return { requirement, optional }
}

/** The guard of an adapter. */
export interface Guard {
  readonly server: ResourceServer
  /**
   * Decides on a request: at once where nothing has to be awaited.
   *
   * @returns the caller, and the fields that a success adds to the answer
   * @throws {GuardError} every code of kind `token` and `verifier`
   */
  authenticate(exchange: Exchange): Later<Admission>
  /**
   * Asks something of a caller whose request is allowed so far. An anonymous caller is refused: the
   * token is missing.
   *
   * @throws {GuardError} the codes with status 403, `token_missing`, `token_not_bound`,
   *   `credential_revoked`, `status_unavailable`, `rule_failed`; `invalid_configuration` for what
   *   is no requirement
   */
  authorize(
    auth: AuthContext | undefined,
    requirement: Requirement<never>,
    exchange: Exchange,
  ): Later<void>
  /** Ends the timers and fetches of a resource server that the guard made for itself. */
  close(): void
}

/** Ends what stands behind a middleware. */
export interface Closable {
  /**
   * Ends the timers and fetches of the resource server that this guard made for itself; one that
   * was passed to it stays open. Timers never keep a process alive.
   */
  readonly close: () => void
}

/** Makes the guard of an adapter from options, or from a resource server made before. */
export function createGuard(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions: AuthOptions = {},
): Guard {
  refuseUncalled('auth', options)
  const { optional } = readOptions('options of auth()', authOptions, AUTH_ROWS)
  const server = serverOf(options)
  const decisions = server[decisionsFor]
  return Object.freeze<Guard>({
    server,
    close: () => (server === options ? undefined : server.close()),
    authenticate: (exchange) => decisions.authenticate(exchange, optional),
    authorize(auth, requirement: Requirement<unknown>, exchange) {
      if (auth !== undefined) return decisions.authorize(auth, requirement, exchange)
      return andThen(decisions.authenticate(exchange, false), (caller) =>
        decisions.authorize(caller.auth!, requirement, exchange),
      )
    },
  })
}

function serverOf(options: ResourceServerOptions | ResourceServer<object>): DecidingServer {
  if (isServer(options)) return options as DecidingServer
  if (typeof options !== 'object' || options === null) throw noOptions(options)
  const server = createResourceServer(options) as DecidingServer
  warnOfManyGuards(server, options)
  return server
}

/** `auth('https://…')` is what other libraries take, or what a reader of an example tries first. */
function noOptions(found: unknown): GuardError {
  return configurationError(
    'options as an object: auth({ issuer, profile })',
    quote(found),
    typeof found === 'string'
      ? `write auth({ issuer: ${quoteAddress(found)}, profile: 'eudistack' }), or with "audience" in place of "profile" for another authorization server`
      : 'pass the options of createResourceServer, or a resource server made before',
  )
}

function isServer(
  options: ResourceServerOptions | ResourceServer<object>,
): options is ResourceServer<object> {
  return options instanceof Object && decisionsFor in options
}

/** For frameworks with callbacks: goes on at once where nothing has to be awaited. */
export function settle<T>(
  decide: () => Later<T>,
  next: (value: T) => void,
  refused: (error: unknown) => void,
): void {
  let decision: Later<T>
  try {
    decision = decide()
  } catch (error) {
    return refused(error)
  }
  // What goes wrong in between is handed on too: a rejection that is lost ends the process.
  if (decision instanceof Promise) decision.then(next, refused).catch(refused)
  else next(decision)
}

/**
 * Whether an error is the answer to a request, and not a fault of the application: only that may be
 * sent to the caller as it is.
 */
export function isRefusal(error: unknown): error is GuardError {
  return error instanceof GuardError && error.kind !== 'configuration'
}

/** The refusal of a route whose requirement has no guard before it: closed, and says why. */
export function missingGuard({ name }: Requirement<never>): GuardError {
  return configurationError(
    `auth() before the requirement "${name}"`,
    'none',
    'put auth({ … }) ahead of the route',
  )
}

/** Members of the requests, contexts and instances that frameworks call a handler with. */
const OF_FRAMEWORKS = ['headers', 'req', 'addHook']

/**
 * Refuses a function that makes a handler and was put in the place of one, without being called.
 *
 * @throws {GuardError} `invalid_configuration`
 */
export function refuseUncalled(name: string, first: unknown): void {
  // Of options with an issuer, a member like these is a wrong option among right ones.
  if (typeof first !== 'object' || first === null || 'issuer' in first) return
  if (!OF_FRAMEWORKS.some((member) => member in first)) return
  const what = name === 'auth' ? 'auth({ … })' : `${name}(…)`
  throw configurationError(
    `${what} as a handler`,
    `"${name}" itself, handed a request`,
    `call it: ${what}`,
  )
}
