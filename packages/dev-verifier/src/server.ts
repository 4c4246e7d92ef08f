import { setMaxListeners } from 'node:events'
import { createIssuer, type CredentialIssuer } from './credential-issuer.js'
import { createEmitter, type Emit } from './events.js'
import { ENDPOINTS, type Endpoint, type FaultBoard } from './faults.js'
import { createKeyRing, type KeyRing } from './key-ring.js'
import { generateKeyPair, keyOfJwk, keyPairFrom, type KeyPair } from './keys.js'
import type { Settings } from './options.js'
import { createNonce, type Nonce } from './nonce.js'
import { createRateLimiter, type RateLimiter } from './rate-limit.js'
import { Refusal } from './refusals.js'
import { ReplayRegister } from './replay-register.js'
import type { TrustedIssuer } from './trusted-issuers.js'
import { readUrl } from './url.js'

/** Everything a running development Verifier holds. */
export interface Server {
  readonly settings: Settings
  readonly emit: Emit
  readonly keys: KeyRing
  readonly credentialIssuer: CredentialIssuer
  readonly trustedIssuers: readonly TrustedIssuer[]
  readonly faults: FaultBoard
  readonly requests: Record<Endpoint, number>
  readonly isOverLimit: RateLimiter
  /** The `jti` of assertions. */
  readonly used: ReplayRegister
  /** The `jti` of proofs. */
  readonly usedProofs: ReplayRegister
  readonly nonce: Nonce
  /** Signs the proofs that tests ask for. */
  readonly proofKey: KeyPair
  readonly closed: AbortController
}

/** A server in its initial state. */
export function createServer(settings: Settings): Server {
  const pair =
    settings.key === undefined
      ? generateKeyPair(settings.profile.algorithm)
      : keyPairFrom(settings.key)
  const credentialIssuer = createIssuer(
    settings.profile.credentials.algorithms[0],
    settings.runtime.now(),
  )
  return {
    settings,
    emit: createEmitter(settings.events, settings.runtime),
    keys: createKeyRing(
      pair,
      { kid: settings.kid, use: settings.profile.family !== 'fiware' },
      settings.certificate,
    ),
    credentialIssuer,
    trustedIssuers: [
      { id: credentialIssuer.id, publicKey: credentialIssuer.seal.key.publicKey },
      ...settings.trustedIssuers.map(({ id, jwk }) => ({ id, publicKey: jwk && keyOfJwk(jwk) })),
    ],
    faults: new Map(),
    requests: Object.fromEntries(ENDPOINTS.map((name) => [name, 0])) as Record<Endpoint, number>,
    isOverLimit: createRateLimiter(settings.rateLimit, settings.runtime.now),
    used: new ReplayRegister(),
    usedProofs: new ReplayRegister(),
    nonce: createNonce(settings.demandNonces, settings.runtime),
    proofKey: generateKeyPair(),
    closed: closing(),
  }
}

/** Any number of hanging requests may wait for the end. */
function closing(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** A host name or address with an optional port, and nothing else that a URL may have there. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i

/**
 * The issuer this Verifier says it is in answer to a request.
 *
 * @throws Refusal `malformed-request`, when the headers of a proxy name no place an issuer could be
 *   at.
 */
export function issuerFor({ settings }: Server, request: Request): string {
  if (!settings.issuerFromRequest) return settings.issuer
  const url = new URL(request.url)
  const scheme = forwarded(request, 'proto') ?? url.protocol.slice(0, -1)
  const host = forwarded(request, 'host') ?? request.headers.get('host') ?? url.host
  const origin = `${scheme}://${host}`
  const address = /^https?$/i.test(scheme) && HOST.test(host) ? readUrl(origin) : undefined
  if (address !== undefined) return address.origin + settings.basePath
  throw new Refusal(
    'malformed-request',
    'X-Forwarded-Proto, X-Forwarded-Host or Host name no http(s) origin',
  )
}

/** Each proxy on the way appends its own; the first is what the client asked for. */
function forwarded(request: Request, what: 'proto' | 'host'): string | undefined {
  return request.headers.get(`x-forwarded-${what}`)?.split(',', 1)[0]?.trim()
}

const TENANT = /^[a-zA-Z0-9_-]+$/

/**
 * The tenant a request is for: `X-Tenant`, else the first host label where hosts distinguish
 * tenants, else the default.
 */
export function tenantFor(server: Server, request: Request): string | undefined {
  const header = request.headers.get('x-tenant')
  if (header && TENANT.test(header)) return header.toLowerCase()
  const { issuerFromRequest, tenant } = server.settings
  const { hostname } = new URL(issuerFor(server, request))
  const label = /^([a-z][\w-]*)\./i.exec(hostname)?.[1]
  return issuerFromRequest && label ? label.toLowerCase() : tenant?.toLowerCase()
}
