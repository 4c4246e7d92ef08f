import { Hono } from 'hono'
import { didKeyOf, publicKeyOfDid, withoutFragment } from './did-key.js'
import { grantServiceToken, serviceOf } from './fiware-token-endpoint.js'
import { readForm } from './form.js'
import { answerOrFail, type Endpoint } from './faults.js'
import { signJwt } from './jwt.js'
import { jwkSet } from './key-ring.js'
import { publicJwk } from './keys.js'
import { discoveryDocument, fiwareDiscoveryDocument } from './metadata.js'
import { Refusal } from './refusals.js'
import { refuse } from './refuse.js'
import { seconds } from './runtime.js'
import { issuerFor, type Server } from './server.js'
import { STATUS_PATHS, statusLists, type StatusForm } from './status-list.js'
import { grantToken } from './token-endpoint.js'

type Handler = (request: Request) => Response | Promise<Response>

/** What Spring Security puts on every answer, JWK Set and discovery included. */
const NO_STORE = {
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
}

/** All endpoints of the Verifier, as one function. */
export function createRoutes(server: Server): Handler {
  const { basePath, profile } = server.settings
  const app = new Hono()
  const at = (
    paths: readonly string[],
    method: 'GET' | 'POST',
    endpoint: Endpoint,
    handler: Handler,
  ): void => {
    app.on(method, [...paths], ({ req }) => serve(server, endpoint, req.raw, handler))
  }
  const { token, jwks, discovery } = profile.paths
  at(
    token.map((path) => basePath + path),
    'POST',
    'token',
    (request) => answerTokenRequest(server, request),
  )
  at([basePath + jwks], 'GET', 'jwks', () => Response.json(jwkSet(server.keys)))
  at(discoveryPaths(basePath, discovery), 'GET', 'discovery', (request) =>
    discover(server, request),
  )
  at([`${basePath}/oidc/did/:did`], 'GET', 'did', describeDid)
  at([`${basePath}/health`], 'GET', 'health', () => Response.json({ status: 'UP' }))
  for (const form of ['bitstring', 'token'] as const) {
    at([basePath + STATUS_PATHS[form]], 'GET', 'status', () => statusList(server, form))
  }
  app.onError((error) => {
    throw error
  })
  return (request) => app.fetch(request)
}

async function serve(
  server: Server,
  endpoint: Endpoint,
  request: Request,
  handler: Handler,
): Promise<Response> {
  const { faults, settings, closed } = server
  const { runtime, profile } = settings
  server.requests[endpoint] += 1
  if (server.isOverLimit(endpoint, request))
    return refuse(server, new Refusal('rate-limit', 'too many requests this minute'), { endpoint })
  const answer = (): Promise<Response> => answerAlways(server, endpoint, request, handler)
  const response = await answerOrFail(faults, endpoint, {
    request,
    answer,
    closed: closed.signal,
    runtime,
  })
  const headers = new Headers(response.headers)
  if (settings.name !== 'fiware')
    for (const [name, value] of Object.entries(NO_STORE)) headers.set(name, value)
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
    if (error instanceof Refusal) return refuse(server, error, { endpoint })
    server.emit('failed', { endpoint, message: (error as Error).message })
    return Response.json({ error: 'server_error' }, { status: 500 })
  }
}

async function answerTokenRequest(server: Server, request: Request): Promise<Response> {
  const form = await readForm(request)
  const isFiware = server.settings.name === 'fiware'
  try {
    const grant = isFiware ? grantServiceToken : grantToken
    return Response.json(grant(server, request, form))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const clientId = isFiware ? serviceOf(request) : form.get('client_id')
    return refuse(server, error, { endpoint: 'token', clientId })
  }
}

/**
 * Both places where a client may look for the metadata of an issuer with a path: appended, and
 * inserted (RFC 8414 §3.1).
 */
function discoveryPaths(basePath: string, paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => [basePath + path, path + basePath]))]
}

function discover(server: Server, request: Request): Response {
  const { name, service } = server.settings
  const issuer = issuerFor(server, request)
  if (name !== 'fiware') return Response.json(discoveryDocument(issuer))
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
      type: 'invalid_did',
      title: 'Invalid DID',
      status: 400,
      detail: (error as Error).message,
      instance: '',
    }
    return Response.json(problem, { status: 400 })
  }
}

function statusList({ credentialIssuer, settings }: Server, form: StatusForm): Response {
  const { typ, contentType, claims } = statusLists[form]
  const { id, key, register } = credentialIssuer
  const facts = {
    uri: settings.issuer + STATUS_PATHS[form],
    issuer: id,
    issuedAt: seconds(settings.runtime),
  }
  const token = signJwt({ typ, kid: didKeyOf(key.publicKey) }, claims(register, facts), key)
  return new Response(token, { headers: { 'content-type': contentType } })
}
