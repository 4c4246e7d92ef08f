import { protect, requiredTenant, type AuthContext } from '@verifier-guard/fetch'

const options = { issuer: 'https://verifier.example.org', audience: 'api' }

export const handler: (request: Request) => Response | Promise<Response> = protect(
  (_request, auth) => Response.json({ hello: auth.clientId }),
  options,
  { requirement: requiredTenant((request: Request) => new URL(request.url).hostname) },
)
export const forAnybody = protect(
  (_request, auth) => Response.json({ hello: auth?.clientId }),
  options,
  {
    optional: true,
  },
)
export const withEnvironment: (
  request: Request,
  env: { readonly region: string },
) => Response | Promise<Response> = protect(
  (_request, _auth: AuthContext, env: { readonly region: string }) => new Response(env.region),
  options,
)
