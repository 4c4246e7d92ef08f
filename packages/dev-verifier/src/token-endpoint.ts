import { ASSERTION_TYPE, authenticateClient, type AuthenticatedClient } from './assertion.js'
import { checkCredential, type CredentialContext } from './credential-rules.js'
import { takeFault } from './faults.js'
import { requireOnce } from './form.js'
import { checkPresentation, readPresentation } from './presentation.js'
import { Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import { issuerFor, tenantFor, type Server } from './server.js'
import { show } from './show.js'
import { signAccessToken } from './mint.js'
import type { Json } from './jwt.js'

/**
 * Grants what `POST /oidc/token` asks for: client_credentials, with a presentation inside the
 * client assertion.
 *
 * @throws Refusal with the reason.
 */
export function grantToken(server: Server, request: Request, form: URLSearchParams): Json {
  const { profile, runtime, mimicLaxity, lifetime } = server.settings
  const { holder, vcClaim } = profile.credentials
  const issuer = issuerFor(server, request)
  const client = authenticate(server, issuer, form)
  requireGrant(form)
  const presentation = readPresentation(client.vpToken, vcClaim)
  checkPresentation(presentation, client, { now: seconds(runtime), holder, mimicLaxity })
  const { tenant, gate } = tenantOf(server, request, client)
  checkCredential(presentation, credentialContext(server, gate))
  const credential = profile.rewriteCredential(presentation.credential)
  const token = signAccessToken(server, { issuer, audience: issuer, credential, tenant })
  // Counted from the moment of the answer, which is a little later than that of the signature.
  const expiresIn = lifetime - 1
  server.emit('tokenIssued', {
    clientId: client.clientId,
    ...(tenant !== undefined && { tenant }),
    expiresIn,
  })
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn }
}

/**
 * Authenticates the client of a request by its assertion.
 *
 * @throws Refusal with the reason.
 */
export function authenticate(
  { settings, used }: Server,
  issuer: string,
  form: URLSearchParams,
): AuthenticatedClient {
  const { clients, mimicLaxity, profile, runtime } = settings
  const { clientId, assertion } = readClient(form)
  return authenticateClient(clientId, assertion, {
    issuer,
    registeredClientsOnly: profile.registeredClientsOnly,
    clients,
    used,
    now: seconds(runtime),
    mimicLaxity,
  })
}

function readClient(form: URLSearchParams): { clientId: string; assertion: string } {
  requireOnce(form, ['client_id', 'client_assertion', 'client_assertion_type'])
  const [clientId, assertion] = [form.get('client_id'), form.get('client_assertion')]
  if (!assertion || form.get('client_assertion_type') !== ASSERTION_TYPE)
    throw new Refusal(
      'no-client-authentication',
      `the form must hold client_assertion and client_assertion_type=${ASSERTION_TYPE}`,
    )
  if (!clientId) throw new Refusal('missing-client-id', 'the form must hold client_id')
  return { clientId, assertion }
}

/** @throws Refusal for any grant but client_credentials. */
export function requireGrant(form: URLSearchParams): void {
  const grant = form.get('grant_type')
  if (grant === 'client_credentials') return
  if (!grant)
    throw new Refusal('missing-grant-type', 'the form must hold grant_type=client_credentials')
  if (grant === 'authorization_code' || grant === 'refresh_token')
    throw new Refusal(
      'unknown-grant',
      `the development Verifier has issued no code and no refresh token; found grant_type=${grant}`,
    )
  throw new Refusal(
    'unsupported-grant-type',
    `grant_type must be client_credentials; found ${show(grant)}`,
  )
}

/**
 * The tenant of the token, and the one for which the credential must have a power. A registered
 * client has that of its registration, whatever the request says, and no such rule.
 */
function tenantOf(
  server: Server,
  request: Request,
  { registration }: AuthenticatedClient,
): { tenant: string | undefined; gate: string | undefined } {
  const { profile, tenant } = server.settings
  if (registration) return { tenant: registration.tenant, gate: undefined }
  if (profile.registeredClientsOnly) return { tenant: tenant?.toLowerCase(), gate: undefined }
  const asked = tenantFor(server, request)
  return { tenant: asked, gate: asked }
}

/** What a credential is checked against; the tenant only where a rule asks for it. */
export function credentialContext(
  { settings, faults, credentialIssuer, trustedIssuers }: Server,
  tenant?: string,
): CredentialContext {
  return {
    rules: settings.profile.credentials,
    issuer: credentialIssuer,
    trustedIssuers,
    consumeOutage: (list) => takeFault(faults, list) !== undefined,
    statusBase: settings.issuer,
    tenant,
    now: settings.runtime.now(),
    mimicLaxity: settings.mimicLaxity,
  }
}
