import { timingSafeEqual, createHash, X509Certificate } from 'node:crypto'
import { ASSERTION_TYPE, decodeAssertion, type RegisteredClient } from './assertion.js'
import { plainRules } from './assertion-rules.js'
import { certificateOf, certificateThumbprint } from './client-certificate.js'
import { requireOnce } from './form.js'
import { keyOfJwk } from './keys.js'
import { applyRules, Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import { issuerFor, type Server } from './server.js'
import { show } from './show.js'

const REPEATABLE = ['resource', 'audience']

/** A token request. */
interface Asked {
  readonly server: Server
  readonly request: Request
  readonly form: URLSearchParams
}

/**
 * Authenticates the client of a token request to a plain authorization server.
 *
 * By a signed assertion (RFC 7523 §2.2), a secret (RFC 6749 §2.3.1), or the certificate of its
 * connection (RFC 8705 §2).
 *
 * @returns its client id.
 * @throws Refusal with the reason.
 */
export function authenticatePlainClient(
  server: Server,
  request: Request,
  form: URLSearchParams,
): string {
  // An API may be named more than once (RFC 8707 §2), and nothing else (RFC 6749 §3.2).
  requireOnce(
    form,
    [...form.keys()].filter((name) => !REPEATABLE.includes(name)),
  )
  const asked = { server, request, form }
  const assertion = form.get('client_assertion')
  if (assertion !== null) return byAssertion(asked, assertion)
  const [id, secret] = secretOf(request) ?? [form.get('client_id'), form.get('client_secret')]
  if (!id) throw new Refusal('missing-client-id', 'the request must name its client')
  const client = requireClient(asked, id)
  if (secret !== null) return bySecret(client, secret)
  return byCertificate(client, request)
}

function byAssertion({ server, request, form }: Asked, assertion: string): string {
  if (form.get('client_assertion_type') !== ASSERTION_TYPE)
    throw new Refusal(
      'no-client-authentication',
      `the form must hold client_assertion_type=${ASSERTION_TYPE} with client_assertion`,
    )
  const jwt = decodeAssertion(assertion)
  // The assertion itself names the client; the field is optional (RFC 7521 §4.2).
  const clientId = form.get('client_id') ?? String(jwt.claims['sub'])
  const { jwk, did = clientId } = requireClient({ server, request, form }, clientId)
  const { runtime, mimicLaxity, clients } = server.settings
  const context = {
    issuer: issuerFor(server, request),
    registeredClientsOnly: true,
    clients,
    used: server.used,
    now: seconds(runtime),
    mimicLaxity,
  }
  const facts = { jwt, claims: jwt.claims, clientId, did, context, registered: true }
  applyRules(plainRules, jwk ? { ...facts, key: keyOfJwk(jwk) } : facts, mimicLaxity)
  return clientId
}

/** Without a list, every did:key is a client. */
function requireClient({ server }: Asked, clientId: string): RegisteredClient {
  const { clients } = server.settings
  const client = clients ? clients.find((one) => one.clientId === clientId) : { clientId }
  if (client) return client
  const cause = `client_id ${show(clientId)} is not among the registered clients`
  throw new Refusal('unknown-client', cause)
}

/** Both parts are form encoded before they are joined. */
function secretOf({ headers }: Request): readonly [string, string] | undefined {
  const encoded = /^Basic (.+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64')
    .toString()
    .split(':')
    .map((part) => new URLSearchParams(`_=${part}`).get('_') ?? '')
  return [id, secret]
}

function bySecret({ clientId, secret }: RegisteredClient, given: string): string {
  if (secret !== undefined && isSame(secret, given)) return clientId
  throw new Refusal('client-secret', 'the secret is not the one that the client is registered with')
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(left!, right!)
}

function byCertificate({ clientId, certificate }: RegisteredClient, request: Request): string {
  const shown = certificateOf(request)
  if (!certificate || !shown)
    throw new Refusal(
      'no-client-authentication',
      'expected an assertion, a secret, or the certificate that the client is registered with',
    )
  if (certificateThumbprint(shown) === certificateThumbprint(new X509Certificate(certificate)))
    return clientId
  throw new Refusal('client-certificate', 'the certificate is not the registered one')
}
