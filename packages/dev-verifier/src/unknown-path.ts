import { Refusal } from './refusals.js'
import { refuse } from './refuse.js'
import type { Server } from './server.js'

/**
 * Answers a request for a path that no endpoint has.
 *
 * The Java Verifiers ask for a login at every path below their context path that they don't know,
 * and so answer 403 with a session cookie. Outside of it, nothing answers.
 */
export function unknownPath(server: Server, request: Request): Response {
  const { basePath, issuer, profile, runtime } = server.settings
  const { pathname, searchParams } = new URL(request.url)
  const cause = `no endpoint answers ${request.method} ${pathname.slice(0, 80)}; the token endpoint of this Verifier is POST ${issuer}${profile.paths.token.at(-1)}`
  if (profile.family !== 'java' || !isBelow(pathname, basePath))
    return refuse(server, new Refusal('outside-path', cause))
  const refused = refuse(server, new Refusal('unknown-path', cause))
  if (pathname.endsWith('/oidc/token') && searchParams.has('client_assertion')) return badRequest()
  const session = runtime.uuid().replaceAll('-', '').toUpperCase()
  refused.headers.set('set-cookie', `JSESSIONID=${session}; Path=${basePath || '/'}; HttpOnly`)
  return refused
}

function isBelow(pathname: string, basePath: string): boolean {
  return pathname === basePath || pathname.startsWith(`${basePath}/`)
}

/** Tomcat's own answer, where a token request in the query is longer than it takes a line. */
function badRequest(): Response {
  const page = '<!doctype html><html lang="en"><title>HTTP Status 400 – Bad Request</title></html>'
  return new Response(page, {
    status: 400,
    headers: { 'content-type': 'text/html;charset=utf-8', 'content-language': 'en' },
  })
}
