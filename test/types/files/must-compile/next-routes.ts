import { createResourceServer, protect, requiredScopes } from '@verifier-guard/fetch'

const options = { issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' } as const

/** As Next declares it: a `Request` with more. */
interface NextRequest extends Request {
  readonly nextUrl: URL
  readonly cookies: { get(name: string): { readonly value: string } | undefined }
}

/** What Next holds the exports of a `route.ts` to. */
type RouteHandler<Params> = (
  request: NextRequest,
  context: { params: Promise<Params> },
) => Promise<Response | void> | Response | void

export const withParams = protect(
  async (_request, auth, context: { params: Promise<{ id: string }> }) =>
    Response.json({ id: (await context.params).id, by: auth.clientId }),
  options,
  { requirement: requiredScopes('orders:read') },
) satisfies RouteHandler<{ id: string }>

export const bare = protect(
  (_request, auth) => Response.json({ by: auth.clientId }),
  options,
) satisfies RouteHandler<{ id: string }>

export const withNextRequest = protect(
  (request: NextRequest, auth) =>
    Response.json({ by: auth.clientId, at: request.nextUrl.pathname }),
  options,
) satisfies RouteHandler<{ id: string }>

let shared: ReturnType<typeof createResourceServer> | undefined
export const late = protect(
  (_request, auth) => Response.json({ by: auth.clientId }),
  () => (shared ??= createResourceServer(options)),
) satisfies RouteHandler<{ id: string }>
export const lateOptions = protect(
  (_request, auth) => Response.json({ by: auth.clientId }),
  () => options,
)
