/**
 * Types `req.auth` for the whole program: `import '@verifier-guard/express/global'`. Without that
 * import nothing global changes.
 *
 * @packageDocumentation
 */
import type { AuthContext } from '@verifier-guard/core'
import type {} from 'express-serve-static-core'

declare module 'express-serve-static-core' {
  interface Request {
    /** The caller; set by `auth()`. */
    auth?: AuthContext | undefined
  }
}
