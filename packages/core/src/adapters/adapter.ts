import type { AuthContext, Claims } from '../context.js'
import { configurationError, GuardError } from '../kit/errors.js'
import type { ResourceServerOptions } from '../options/options.js'
import { only, refuseUnknown } from '../options/checks.js'
import type { RequestLike } from '../presented/request.js'
import * as requirements from '../requirements/index.js'
import type {
  Caller,
  PowerOptions,
  Requirement,
  Requirements,
  TenantOptions,
  TenantSource,
  Together,
} from '../requirements/index.js'
import { createResourceServer, type ResourceServer } from '../resource-server.js'

/** How an adapter treats requests, besides what the resource server decides. */
export interface AuthOptions {
  /**
   * Lets requests without any credentials through, as nobody's. A bad token is refused all the
   * same. Default: false.
   */
  readonly optional?: boolean
}

/**
 * What every adapter does, whatever its framework: its own part is to find the request and to send
 * the answer.
 */
export interface Guard {
  readonly server: ResourceServer
  /**
   * Decides on a request; at once for a token that was verified before.
   *
   * @returns who calls; `undefined` for nobody where authentication is optional
   * @throws {GuardError} every code of kind `token` and `verifier`
   */
  authenticate(request: RequestLike): AuthContext | undefined | Promise<AuthContext | undefined>
  /**
   * Asks something of the caller that was let in, and throws at once what takes no time; nobody is
   * refused for want of a token.
   *
   * @param own the framework's own request, for the functions of an application; default: the
   *   request
   * @throws {GuardError} the codes with status 403, `token_missing`, `status_unavailable`
   */
  authorize(
    auth: AuthContext | undefined,
    requirement: Requirement<never>,
    request: RequestLike,
    own?: unknown,
  ): void | Promise<unknown>
}

const KNOWN = new Set(['optional'])

/** Makes the guard of an adapter from options, or from a resource server made before. */
export function createGuard(
  options: ResourceServerOptions | ResourceServer<object>,
  authOptions: AuthOptions = {},
): Guard {
  refuseUncalled('auth', options)
  refuseUnknown(authOptions, KNOWN)
  const optional = only('optional', authOptions.optional, [true, false]) === true
  const server =
    options instanceof Object && 'authenticate' in options
      ? (options as ResourceServer)
      : createResourceServer(options)
  const nobody = (error: unknown): undefined => {
    if (error instanceof GuardError && error.code === 'token_missing') return undefined
    throw error
  }
  return Object.freeze<Guard>({
    server,
    authenticate(request) {
      const known = server.authenticateCached(request)
      if (known !== undefined) return known
      const decision = server.authenticate(request)
      return optional ? decision.catch(nobody) : decision
    },
    authorize(auth, requirement: Requirement<unknown>, request, own = request) {
      if (auth !== undefined) return server.authorize(auth, requirement, own)
      return server
        .authenticate(request)
        .then((caller) => server.authorize(caller, requirement, own))
    },
  })
}

/**
 * Members of the requests, contexts and instances that frameworks call a handler or a plugin with.
 */
const OF_FRAMEWORKS = ['headers', 'req', 'addHook']

/**
 * Refuses what makes a handler and was put in its place, without being called.
 *
 * @throws {GuardError} `invalid_configuration`
 */
function refuseUncalled(name: string, first: unknown): void {
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

/**
 * For frameworks with callbacks: goes on at once where nothing has to be waited for, whether a
 * decision lets in or throws.
 */
export function settle<T>(
  decide: () => T | Promise<T>,
  next: (value: T) => void,
  refused: (error: unknown) => void,
): void {
  let decision: T | Promise<T>
  try {
    decision = decide()
  } catch (error) {
    return refused(error)
  }
  if (decision instanceof Promise) decision.then(next, refused)
  else next(decision)
}

/**
 * The refusal of a route whose requirement has no guard before it: closed, and plain to the
 * developer.
 */
export function missingGuard({ name }: Requirement<never>): GuardError {
  return configurationError(
    `auth() before the requirement "${name}"`,
    'none',
    'put auth({ … }) ahead of the route',
  )
}

/**
 * Whether an error is the answer to a request, and not a fault of the application: only that may be
 * sent to the caller as it is.
 */
export function isRefusal(error: unknown): error is GuardError {
  return error instanceof GuardError && error.kind !== 'configuration'
}

/**
 * Who calls, for a handler that counts on somebody.
 *
 * @param guarded whether a guard has decided on the request
 * @throws {GuardError} `invalid_configuration` for nobody
 */
export function presentCaller<C extends object = Claims>(
  auth: AuthContext | undefined,
  guarded: boolean,
): AuthContext<C> {
  const caller = possibleCaller<C>(auth, guarded)
  if (caller !== undefined) return caller
  const hint =
    'callerOf(…) returns undefined for nobody; for somebody always, put auth({ … }) there without "optional"'
  throw configurationError(
    'a caller for authOf(…)',
    'nobody, where authentication is optional',
    hint,
  )
}

/**
 * Who calls, if anybody does, for a handler that serves nobody as well.
 *
 * @param guarded whether a guard has decided on the request
 * @throws {GuardError} `invalid_configuration` where no guard has: that would pass for nobody, and
 *   never end
 */
export function possibleCaller<C extends object = Claims>(
  auth: AuthContext | undefined,
  guarded: boolean,
): AuthContext<C> | undefined {
  if (auth !== undefined || guarded)
    return auth as AuthContext<object> | undefined as AuthContext<C> | undefined
  throw configurationError(
    'auth() before this handler',
    'none',
    'put auth({ … }) ahead of the route',
  )
}

/**
 * The functions that make requirements, with what they make turned into a framework's handler that
 * is a requirement still.
 *
 * @typeParam Own the framework's own request, as the functions of an application get to see it
 */
export interface Lifted<Handler, Own> {
  readonly requiredScopes: (
    ...parameters: Parameters<typeof requirements.requiredScopes>
  ) => Handler & Requirement
  readonly requiredPower: <R = Own>(options: PowerOptions<R>) => Handler & Requirement<R>
  readonly requiredClaim: (
    ...parameters: Parameters<typeof requirements.requiredClaim>
  ) => Handler & Requirement
  readonly requiredTenant: <R = Own>(
    tenant: TenantSource<R>,
    options?: TenantOptions,
  ) => Handler & Requirement<R>
  readonly requiredKind: (
    ...parameters: Parameters<typeof requirements.requiredKind>
  ) => Handler & Requirement
  readonly requiredRule: <R = Own>(
    name: string,
    rule: (caller: Caller, request: R) => boolean | Promise<boolean>,
  ) => Handler & Requirement<R>
  readonly requiredStatus: (
    ...parameters: Parameters<typeof requirements.requiredStatus>
  ) => Handler & Requirement
  readonly allOf: <All extends readonly unknown[]>(
    ...requirements: Requirements<All>
  ) => Handler & Requirement<Together<All>>
  readonly anyOf: <All extends readonly unknown[]>(
    ...requirements: Requirements<All>
  ) => Handler & Requirement<Together<All>>
}

const factories = {
  requiredScopes: requirements.requiredScopes,
  requiredPower: requirements.requiredPower,
  requiredClaim: requirements.requiredClaim,
  requiredTenant: requirements.requiredTenant,
  requiredKind: requirements.requiredKind,
  requiredRule: requirements.requiredRule,
  requiredStatus: requirements.requiredStatus,
  allOf: requirements.allOf,
  anyOf: requirements.anyOf,
}

/**
 * Turns the functions that make requirements into ones that make a framework's handlers, so that
 * one name serves both on a route and within `allOf` and `anyOf`.
 */
export function liftRequirements<Handler extends object, Own>(
  toHandler: (requirement: Requirement<never>) => Handler,
): Lifted<Handler, Own> {
  const lift = (name: string, factory: (...parameters: never[]) => Requirement) => {
    return (...parameters: never[]) => {
      refuseUncalled(name, parameters[0])
      return asRequirement(toHandler, factory(...parameters))
    }
  }
  return Object.fromEntries(
    Object.entries(factories).map(([name, factory]) => [name, lift(name, factory)]),
  ) as unknown as Lifted<Handler, Own>
}

function asRequirement<Handler extends object>(
  toHandler: (requirement: Requirement<never>) => Handler,
  requirement: Requirement,
): Handler & Requirement {
  const handler = toHandler(requirement)
  // A function's own `name` is read-only: defining it makes the requirement's name show in stack
  // traces.
  for (const [member, value] of Object.entries(requirement))
    Object.defineProperty(handler, member, { value, enumerable: true })
  return handler as Handler & Requirement
}
