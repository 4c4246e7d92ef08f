import { Hono } from 'hono'
import { signWithSeal } from './credential-issuer.js'
import { publicKeyOfDid, withoutFragment } from './did-key.js'
import { grantServiceToken, serviceOf } from './fiware-token-endpoint.js'
import { readForm } from './form.js'
import { answerOrFail, type Endpoint } from './faults.js'
import { jwkSet } from './key-ring.js'
import type { Json } from './jwt.js'
import { publicJwk } from './keys.js'
import { discoveryDocument, fiwareDiscoveryDocument, plainMetadata } from './metadata.js'
import { grantPlainToken } from './oauth-token-endpoint.js'
import type { Family } from './profiles.js'
import { Refusal } from './refusals.js'
import { refuse } from './refuse.js'
import { seconds } from './runtime.js'
import { issuerFor, type Server } from './server.js'
import { STATUS_PATHS, statusLists, type StatusForm } from './status-list.js'
import { authenticate, grantToken } from './token-endpoint.js'
import { unknownPath } from './unknown-path.js'

type Handler = (request: Request) => Response | Promise<Response>

/** What Spring Security puts on every answer, JWK Set and discovery included. */
const NO_STORE = {
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
}

const UTF_8 = { 'content-type': 'application/json;charset=UTF-8' }
/** The Java Verifiers write their JWK Set as text, which is in this character set by default. */
const ISO_8859_1 = { 'content-type': 'application/json;charset=ISO-8859-1' }

interface Route {
  readonly endpoint: Endpoint
  readonly methods: readonly ('GET' | 'POST')[]
  /** Below the Verifier's base path. */
  readonly paths: readonly string[]
  readonly handler: Handler
}

/** All endpoints of the Verifier, as one function. */
export function createRoutes(server: Server): Handler {
  const { basePath, profile } = server.settings
  const app = new Hono()
  const routes = [...commonRoutes(server), ...(profile.family === 'java' ? javaRoutes(server) : [])]
  for (const { endpoint, methods, paths, handler } of routes) {
    const below = paths.map((path) => basePath + path)
    app.on([...methods], below, ({ req }) => serve(server, endpoint, req.raw, handler))
  }
  app.notFound(({ req }) => withHeaders(server, 'unknown', unknownPath(server, req.raw)))
  app.onError((error) => {
    throw error
  })
  return (request) => app.fetch(request)
}

function commonRoutes(server: Server): readonly Route[] {
  const { profile } = server.settings
  const { token, jwks, discovery } = profile.paths
  const keySet: Handler = () =>
    Response.json(jwkSet(server.keys), profile.family === 'java' ? { headers: ISO_8859_1 } : {})
  const statusRoute = (form: StatusForm): Route => ({
    endpoint: 'status',
    methods: ['GET'],
    paths: [STATUS_PATHS[form]],
    handler: () => statusList(server, form),
  })
  return [
    {
      endpoint: 'token',
      methods: ['POST'],
      paths: token,
      handler: (request) => answerTokenRequest(server, request),
    },
    { endpoint: 'jwks', methods: ['GET'], paths: [jwks], handler: keySet },
    {
      endpoint: 'discovery',
      methods: ['GET'],
      paths: discovery,
      handler: (request) => discover(server, request),
    },
    {
      endpoint: 'health',
      methods: ['GET'],
      paths: ['/health'],
      handler: () => Response.json(profile.health),
    },
    statusRoute('bitstring'),
    statusRoute('token'),
  ]
}

function javaRoutes(server: Server): readonly Route[] {
  return [
    { endpoint: 'did', methods: ['GET'], paths: ['/oidc/did/:did'], handler: describeDid },
    {
      endpoint: 'introspection',
      methods: ['POST'],
      paths: ['/oidc/introspect'],
      handler: (request) => introspect(server, request),
    },
    {
      endpoint: 'userinfo',
      methods: ['GET', 'POST'],
      paths: ['/oidc/userinfo'],
      // The tokens of these Verifiers are no tokens of the framework that serves this endpoint.
      handler: () => new Response(null, { status: 401 }),
    },
  ]
}

async function serve(
  server: Server,
  endpoint: Endpoint,
  request: Request,
  handler: Handler,
): Promise<Response> {
  const { faults, settings, closed } = server
  server.requests[endpoint] += 1
  if (server.isOverLimit(endpoint, request))
    return refuse(server, new Refusal('rate-limit', 'too many requests this minute'), endpoint)
  const response = await answerOrFail(faults, endpoint, {
    request,
    answer: () => answerAlways(server, endpoint, request, handler),
    closed: closed.signal,
    runtime: settings.runtime,
  })
  return withHeaders(server, endpoint, response)
}

/** The answer with the headers that the profile puts on every one. */
function withHeaders(
  { nonce, settings: { profile } }: Server,
  endpoint: Endpoint | 'unknown',
  response: Response,
): Response {
  const headers = new Headers(response.headers)
  if (endpoint === 'token' && profile.tokenCacheControl)
    headers.set('cache-control', profile.tokenCacheControl)
  else if (profile.family === 'java')
    for (const [header, value] of Object.entries(NO_STORE)) headers.set(header, value)
  if (endpoint === 'token' && nonce.current !== undefined) headers.set('dpop-nonce', nonce.current)
  if (profile.cors && endpoint !== 'token') headers.set('access-control-allow-origin', '*')
  return new Response(response.body, { status: response.status, headers })
}

/** The answer, a refusal, or a plain 500: only a fault may look like a failing connection. */
async function answerAlways(
  server: Server,
  endpoint: Endpoint,
  request: Request,
  handler: Handler,
): Promise<Response> {
  try {
    return await handler(request)
  } catch (error) {
    if (error instanceof Refusal) return refuse(server, error, endpoint)
    server.emit('failed', { endpoint, message: (error as Error).message })
    return Response.json({ error: 'server_error' }, { status: 500 })
  }
}

type Grant = (server: Server, request: Request, form: URLSearchParams) => Json

/** How each family grants a token. */
const GRANTS: Readonly<Record<Family, Grant>> = {
  java: grantToken,
  fiware: grantServiceToken,
  oauth: grantPlainToken,
}

async function answerTokenRequest(server: Server, request: Request): Promise<Response> {
  const form = await readForm(request)
  const { family } = server.settings.profile
  try {
    const granted = GRANTS[family](server, request, form)
    return Response.json(granted, family === 'java' ? { headers: UTF_8 } : {})
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    error.clientId = family === 'fiware' ? serviceOf(request) : form.get('client_id')
    throw error
  }
}

/**
 * No access token is known here: those Verifiers write them by hand and store none.
 *
 * @throws Refusal when the client does not authenticate itself.
 */
async function introspect(server: Server, request: Request): Promise<Response> {
  authenticate(server, issuerFor(server, request), await readForm(request))
  return Response.json({ active: false }, { headers: UTF_8 })
}

function discover(server: Server, request: Request): Response {
  const { https, profile } = server.settings
  const issuer = issuerFor(server, request)
  const { pathname } = new URL(request.url)
  if (profile.family === 'oauth') return Response.json(plainMetadata(issuer, profile.paths, https))
  if (profile.family === 'java')
    return Response.json(discoveryDocument(issuer, pathname, profile.metadata))
  const service = /\/services\/([^/]+)\//.exec(pathname)?.[1] ?? ''
  return Response.json(fiwareDiscoveryDocument(issuer, service, server.keys.current.pair.algorithm))
}

/** A did:key as a JWK Set, for the `jwkSetUrl` of a registered client. */
function describeDid(request: Request): Response {
  try {
    const did = withoutFragment(
      decodeURIComponent(new URL(request.url).pathname.split('/').at(-1) ?? ''),
    )
    const publicKey = publicKeyOfDid(did)
    return Response.json({ keys: [{ ...publicJwk({ publicKey }), kid: did }] })
  } catch (error) {
    const problem = {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: (error as Error).message,
      instance: '',
    }
    return Response.json(problem, { status: 500 })
  }
}

function statusList({ credentialIssuer, settings }: Server, form: StatusForm): Response {
  const { typ, contentType, claims } = statusLists[form]
  const { id, seal, authority, register } = credentialIssuer
  const facts = {
    uri: settings.issuer + STATUS_PATHS[form],
    issuer: id,
    issuedAt: seconds(settings.runtime),
  }
  const token = signWithSeal(typ, claims(register, facts), seal, authority)
  return new Response(token, { headers: { 'content-type': contentType } })
}
