import type { ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import {
  configurationError,
  createGuard,
  type AuthOptions,
  type Guard,
} from '@verifier-guard/core/support'
import { graphql, http } from './http.js'
import type { CredentialTransport } from './transport.js'

/** What the module can be told, besides what the resource server decides by. */
export interface VerifierGuardExtras extends AuthOptions {
  /**
   * Kinds of context that are let in beyond HTTP and GraphQL: `websockets()`, `microservices()`.
   * Others are refused. Default: none.
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
 * The injection token of the one guard that judges for all that Nest makes, so that replacing it in
 * a test replaces them all.
 */
export const JUDGE = Symbol.for('@verifier-guard/nestjs/judge')

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
  const [stranger] = Object.keys(others)
  if (resourceServer === undefined || stranger === undefined) return resourceServer
  const hint =
    'its options are those of createResourceServer: state them there, or pass them in its place'
  throw configurationError('"resourceServer" without options beside it', `"${stranger}"`, hint)
}
