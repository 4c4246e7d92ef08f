import { checkCredential } from './credential-rules.js'
import type { Json } from './jwt.js'
import { signAccessToken } from './mint.js'
import { checkPresentation, decodePresentation } from './presentation.js'
import { Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'
import { show } from './show.js'
import { credentialContext } from './token-endpoint.js'
import { holderOf } from './tokens.js'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** The form field that holds the presentation, for each grant. */
const PRESENTATION_FIELDS: Readonly<Record<string, string>> = {
  vp_token: 'vp_token',
  [TOKEN_EXCHANGE]: 'subject_token',
}

/** The service that a request names: by the path, or by the request header `client_id`. */
export function serviceOf(request: Request): string | null {
  return (
    /\/services\/([^/]+)\/token$/.exec(new URL(request.url).pathname)?.[1] ??
    request.headers.get('client_id')
  )
}

/**
 * Grants what the FIWARE Verifier's token endpoint is asked for: `vp_token`, or a token exchange.
 * The form holds the presentation itself. The client is the service.
 *
 * @throws Refusal with the reason.
 */
export function grantServiceToken(server: Server, request: Request, form: URLSearchParams): Json {
  const { lifetime, mimicLaxity, profile, runtime } = server.settings
  const { holder, vcClaim } = profile.credentials
  const { service, vpToken } = readGrant(request, form)
  const presentation = decodePresentation(vpToken, vcClaim)
  const did = holderOf(presentation.credential) ?? ''
  const client = { clientId: service, did, registration: undefined, vpToken }
  checkPresentation(presentation, client, { now: seconds(runtime), holder, mimicLaxity })
  checkCredential(presentation, credentialContext(server))
  const token = signAccessToken(server, {
    issuer: server.settings.issuer,
    audience: service,
    credential: presentation.credential,
    tenant: undefined,
  })
  server.emit('tokenIssued', { clientId: service, expiresIn: lifetime })
  return {
    token_type: 'Bearer',
    issued_token_type: ACCESS_TOKEN,
    expires_in: lifetime,
    access_token: token,
    id_token: token,
    scope: form.get('scope') ?? '',
  }
}

function readGrant(request: Request, form: URLSearchParams): { service: string; vpToken: string } {
  const grant = form.get('grant_type')
  if (!grant) throw new Refusal('missing-grant-type', 'the form must hold grant_type=vp_token')
  const field = Object.hasOwn(PRESENTATION_FIELDS, grant) ? PRESENTATION_FIELDS[grant] : undefined
  if (!field)
    throw new Refusal(
      'unsupported-grant-type',
      `grant_type must be vp_token or ${TOKEN_EXCHANGE}; found ${show(grant)}`,
    )
  const service =
    serviceOf(request) ?? (grant === TOKEN_EXCHANGE ? form.get('resource') : undefined)
  if (!service)
    throw new Refusal(
      'no-client-authentication',
      'name the service in the path or in the request header client_id',
    )
  const token = form.get(field)
  if (!token) throw new Refusal('vp-encoding', `the form must hold ${field}`)
  const isJwt = token.includes('.')
  return { service, vpToken: isJwt ? token : Buffer.from(token, 'base64url').toString('latin1') }
}
