/**
 * Types `request.auth` and the routes' `config.auth` for the whole program:
 * `import '@verifier-guard/fastify/global'`. Without that import nothing global changes.
 *
 * @packageDocumentation
 */
import type { AuthContext, Requirement } from '@verifier-guard/core'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set by `auth()`. */
    auth?: AuthContext | undefined
  }
  interface FastifyContextConfig {
    /** What the route asks of the caller; `false` opens it to everybody. */
    auth?: Requirement<never> | false
  }
}
