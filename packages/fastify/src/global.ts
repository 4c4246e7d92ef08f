/**
 * Types `request.auth` and the routes' `config.auth` for the whole program:
 * `import '@verifier-guard/fastify/global'`. Without that import nothing global changes.
 *
 * @packageDocumentation
 */
import type { AuthContext, Requirement } from '@verifier-guard/core'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; set by `auth()`. */
    auth?: AuthContext | undefined
  }
  interface FastifyContextConfig {
    /** What the route asks of the caller; `false` opens it to everyone. */
    auth?: Requirement<never> | false
  }
}
