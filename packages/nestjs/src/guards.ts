/* The guards of a module, by what each allows. */
import type { ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import {
  configurationError,
  createGuard,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'
import { graphql, http } from './http.js'
import type { CredentialTransport } from './transport.js'

/** The options of the module itself, besides those of the resource server. */
export interface VerifierGuardExtras extends AuthOptions {
  /**
   * The kinds of context beyond HTTP and GraphQL that carry tokens: `websockets()`,
   * `microservices()`. A guarded handler of another kind stops the start of the application, or is
   * denied. Default: none.
   */
  readonly transports?: readonly CredentialTransport[]
}

/** A resource server made before, which has its options already. */
export type SharedResourceServer = {
  readonly [Option in keyof ResourceServerOptions]?: never
} & {
  /** Shared with others; the module does not close it. */
  readonly resourceServer: ResourceServer<object>
}

/**
 * The options of `createResourceServer`, or a resource server made before, and those of the module.
 */
export type VerifierGuardOptions = VerifierGuardExtras &
  ((ResourceServerOptions & { readonly resourceServer?: never }) | SharedResourceServer)

/** What the guard decides with. */
export interface Guards {
  readonly required: Guard
  readonly optional: Guard
  readonly transports: ReadonlyMap<string, CredentialTransport>
  close(): void
}

/** The injection token of {@link Guards}. */
export const GUARDS = Symbol.for('@verifier-guard/nestjs/guards')

/**
 * The injection tokens of the guard that a module provides, one for each reach. Up to Nest 11.0, a
 * global provider may take the place of one of the same token that a module imports itself.
 */
export const OWN_GUARD = Symbol.for('@verifier-guard/nestjs/own-guard')
export const GLOBAL_GUARD = Symbol.for('@verifier-guard/nestjs/global-guard')

/** @throws {GuardError} `invalid_configuration` */
export function createGuards({
  transports = [],
  optional,
  ...options
}: VerifierGuardOptions): Guards {
  const shared = sharedServer(options)
  const lenient = createGuard(shared ?? (options as ResourceServerOptions), { optional: true })
  const { server } = lenient
  return {
    required: createGuard(server, optional === undefined ? {} : { optional }),
    optional: lenient,
    transports: new Map(
      [http, graphql, ...transports].map((transport) => [transport.type, transport]),
    ),
    close: () => (shared === undefined ? server.close() : undefined),
  }
}

function sharedServer({
  resourceServer,
  ...others
}: {
  readonly resourceServer?: ResourceServer<object>
}): ResourceServer<object> | undefined {
  const [option] = Object.keys(others)
  if (resourceServer === undefined || option === undefined) return resourceServer
  throw configurationError(
    '"resourceServer" without options beside it',
    `"${option}"`,
    'its options are those of createResourceServer: state them there, or pass them in its place',
  )
}
