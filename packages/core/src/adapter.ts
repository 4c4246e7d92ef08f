import type { AuthContext } from './context.js'
import { configurationError, GuardError } from './errors.js'
import type { ResourceServerOptions } from './options.js'
import type { RequestLike } from './request.js'
import * as requirements from './requirements.js'
import type { Requirement } from './requirements.js'
import { createResourceServer, type ResourceServer } from './resource-server.js'

/** How an adapter treats requests, besides what the resource server decides. */
export interface AuthOptions {
  /** Lets requests without any credentials through, as nobody's. A bad token is refused all the same. Default: false. */
  readonly optional?: boolean
}

/** What every adapter does, whatever its framework: its own part is to find the request and to send the answer. */
export interface Guard {
  readonly server: ResourceServer
  /**
   * Decides on a request; at once for a token that was verified before.
   *
   * @returns who calls; `undefined` for nobody where authentication is optional
   * @throws {GuardError} every code of kind `token` and `verifier`
   */
  authenticate(request: RequestLike): AuthContext | undefined | Promise<AuthContext | undefined>
  /** Asks something of the caller that was let in; nobody is refused for want of a token. @throws {GuardError} */
  authorize(auth: AuthContext | undefined, requirement: Requirement, request: RequestLike): void | Promise<unknown>
}

/** Makes the guard of an adapter from options, or from a resource server made before. */
export function createGuard(
  options: ResourceServerOptions | ResourceServer,
  { optional = false }: AuthOptions = {},
): Guard {
  const server = 'authenticate' in options ? options : createResourceServer(options)
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
    authorize: (auth, requirement, request) =>
      auth === undefined ? server.authenticate(request, requirement) : server.authorize(auth, requirement, request),
  })
}

/** The refusal of a route whose requirement has no guard before it: closed, and plain to the developer. */
export function missingGuard({ name }: Requirement): GuardError {
  return configurationError(`auth() before the requirement "${name}"`, 'none', 'put auth({ … }) ahead of the route')
}

/** The functions that make requirements, with what they make turned into a framework's handler that is a requirement still. */
export type Lifted<Handler> = {
  readonly [Name in keyof Factories]: (...parameters: Parameters<Factories[Name]>) => Handler & Requirement
}

const factories = {
  requiredScopes: requirements.requiredScopes,
  requiredPower: requirements.requiredPower,
  requiredClaim: requirements.requiredClaim,
  requiredTenant: requirements.requiredTenant,
  requiredKind: requirements.requiredKind,
  requiredRule: requirements.requiredRule,
  allOf: requirements.allOf,
  anyOf: requirements.anyOf,
}
type Factories = typeof factories

/**
 * Turns the functions that make requirements into ones that make a framework's handlers, so that one name serves both on a route
 * and within `allOf` and `anyOf`.
 */
export function liftRequirements<Handler extends object>(
  toHandler: (requirement: Requirement) => Handler,
): Lifted<Handler> {
  const lift = (factory: (...parameters: never[]) => Requirement) => {
    return (...parameters: never[]) => asRequirement(toHandler, factory(...parameters))
  }
  return Object.fromEntries(
    Object.entries(factories).map(([name, factory]) => [name, lift(factory)]),
  ) as unknown as Lifted<Handler>
}

function asRequirement<Handler extends object>(
  toHandler: (requirement: Requirement) => Handler,
  requirement: Requirement,
): Handler & Requirement {
  const handler = toHandler(requirement)
  // A function's own `name` is read-only: defining it makes the requirement's name show in stack traces.
  for (const [member, value] of Object.entries(requirement))
    Object.defineProperty(handler, member, { value, enumerable: true })
  return handler as Handler & Requirement
}
