import { ASSERTION_TYPE, authenticateClient } from './assertion.js'
import { checkCredential, type CredentialContext } from './credential-rules.js'
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
  const { settings, used } = server
  const { mimicLaxity, clients, profile } = settings
  const issuer = issuerFor(server, request)
  const now = seconds(settings.runtime)
  const { clientId, assertion } = readGrant(form)
  const client = authenticateClient(clientId, assertion, {
    issuer,
    tokenEndpoint: `${issuer}/oidc/token`,
    registeredClientsOnly: profile.registeredClientsOnly,
    clients,
    used,
    now,
    mimicLaxity,
  })
  const presentation = readPresentation(client.vpToken)
  checkPresentation(presentation, client, now, mimicLaxity)
  const gate =
    profile.registeredClientsOnly || client.registration ? undefined : tenantFor(server, request)
  checkCredential(presentation, credentialContext(server, gate))
  const credential = profile.rewriteCredential(presentation.credential)
  const tenant = client.registration ? client.registration.tenant : tenantFor(server, request)
  const response = tokenResponse(
    server,
    signAccessToken(server, { issuer, audience: issuer, credential, tenant }),
  )
  server.emit('tokenIssued', {
    clientId,
    ...(tenant !== undefined && { tenant }),
    expiresIn: response.expires_in,
  })
  return response
}

function readGrant(form: URLSearchParams): { clientId: string; assertion: string } {
  const [clientId, assertion, grant] = ['client_id', 'client_assertion', 'grant_type'].map((name) =>
    form.get(name),
  )
  if (!clientId || !assertion || form.get('client_assertion_type') !== ASSERTION_TYPE) {
    const cause = `the form must hold client_id, client_assertion and client_assertion_type=${ASSERTION_TYPE}`
    throw new Refusal('no-client-authentication', cause)
  }
  if (!grant)
    throw new Refusal('missing-grant-type', 'the form must hold grant_type=client_credentials')
  if (grant !== 'client_credentials') {
    throw new Refusal(
      'unsupported-grant-type',
      `grant_type must be client_credentials; found ${show(grant)}`,
    )
  }
  return { clientId, assertion }
}

/** What the credential of a request is judged by; the tenant only where a rule asks for it. */
export function credentialContext(
  { settings, faults, credentialIssuer, trustedIssuers }: Server,
  tenant?: string,
): CredentialContext {
  return {
    eligibleTypes: settings.profile.eligibleTypes,
    issuer: credentialIssuer,
    trustedIssuers,
    statusBase: settings.issuer,
    statusListsDown: faults.has('status'),
    tenant,
    now: settings.runtime.now(),
    mimicLaxity: settings.mimicLaxity,
  }
}

/**
 * `expires_in` counts from the moment of the answer, and so is usually one second less than the
 * token's life.
 */
function tokenResponse(
  { settings }: Server,
  { token, expiresAt }: { token: string; expiresAt: number },
) {
  const expiresIn = Math.floor(expiresAt - settings.runtime.now() / 1000)
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn }
}
