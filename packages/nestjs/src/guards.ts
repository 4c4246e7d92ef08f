import type { ResourceServer, ResourceServerOptions } from '@verifier-guard/core'
import { createGuard, type AuthOptions, type Guard } from '@verifier-guard/core/support'
import { graphql, http } from './http.js'
import type { Transport } from './transport.js'

/** What the module can be told, besides what the resource server decides by. */
export interface VerifierGuardExtras extends AuthOptions {
  /** Kinds of context that are let in beyond HTTP and GraphQL: `websockets()`, `microservices()`. Others are refused. Default: none. */
  readonly transports?: readonly Transport[]
}

/** The options of `createResourceServer`, or a resource server made before, and those of the module. */
export type VerifierGuardOptions = VerifierGuardExtras &
  (
    | ResourceServerOptions
    | { /** Shared with others; the module does not close it. */ readonly resourceServer: ResourceServer }
  )

/** What the guard decides with. */
export interface Guards {
  readonly required: Guard
  readonly optional: Guard
  readonly transports: ReadonlyMap<string, Transport>
  close(): void
}

/** The injection token of {@link Guards}. */
export const GUARDS = Symbol.for('@verifier-guard/nestjs/guards')

/** @throws {GuardError} `invalid_configuration` */
export function createGuards({ transports = [], optional, ...options }: VerifierGuardOptions): Guards {
  const own = !('resourceServer' in options)
  const lenient = createGuard(own ? options : options.resourceServer, { optional: true })
  const { server } = lenient
  return {
    required: optional === true ? lenient : createGuard(server),
    optional: lenient,
    transports: new Map([http, graphql, ...transports].map((transport) => [transport.type, transport])),
    close: () => (own ? server.close() : undefined),
  }
}
