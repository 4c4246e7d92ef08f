import {
  createResourceServer,
  requiredPower,
  requiredRule,
  type ResourceServer,
} from '@verifier-guard/fetch'

let made: ResourceServer | undefined

/**
 * The resource server of all routes, made with the first request: `next build` loads every route,
 * where the issuer is not known.
 */
export function resourceServer(): ResourceServer {
  return (made ??= createResourceServer({
    issuer: process.env['VERIFIER']!,
    profile: 'eudistack',
    ...(process.env['AUDIENCE'] && { audience: process.env['AUDIENCE'] }),
    events: {
      denied: ({ code, expected, actual, hint }) => console.warn({ code, expected, actual, hint }),
    },
  }))
}

/**
 * Refuses callers whose mandate names no organisation: they would share the data of all others
 * without one.
 */
export const ofAnOrganization = requiredRule(
  'a mandate that names its organisation',
  ({ mandate }) => mandate?.mandator.organizationIdentifier !== undefined,
)

/** Asks for a power over offers. */
export function offers(action: string) {
  return requiredPower({ domain: 'DOME', function: 'ProductOffering', action })
}
