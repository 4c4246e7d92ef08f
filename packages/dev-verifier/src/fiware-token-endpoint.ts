import { checkCredential } from './credential-rules.js'
import type { Json } from './jwt.js'
import { signAccessToken } from './mint.js'
import { checkPresentation, decodePresentation } from './presentation.js'
import { Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'
import { credentialContext } from './token-endpoint.js'
import { holderOf } from './tokens.js'

/** The service that a request names: by the path, or by the request header `client_id`. */
export function serviceOf(request: Request): string | null {
  return (
    /\/services\/([^/]+)\/token$/.exec(new URL(request.url).pathname)?.[1] ??
    request.headers.get('client_id')
  )
}

/**
 * Grants what the FIWARE Verifier's token endpoint is asked for: grant `vp_token`, with the
 * presentation itself in the form. The client is the service.
 *
 * @throws Refusal with the reason.
 */
export function grantServiceToken(server: Server, request: Request, form: URLSearchParams): Json {
  const service = serviceOf(request)
  const { settings } = server
  const now = seconds(settings.runtime)
  const presentation = decodePresentation(readVpToken(form, service))
  const client = {
    clientId: service ?? '',
    did: holderOf(presentation.credential) ?? '',
    registration: undefined,
    vpToken: '',
  }
  checkPresentation(presentation, client, now, settings.mimicLaxity)
  checkCredential(presentation, credentialContext(server))
  const { token } = signAccessToken(server, {
    issuer: settings.issuer,
    audience: service ?? settings.service,
    credential: presentation.credential,
    tenant: undefined,
  })
  const scope = form.get('scope') ?? ''
  const clientId = service ?? settings.service
  server.emit('tokenIssued', { clientId, expiresIn: settings.lifetime })
  return {
    token_type: 'Bearer',
    expires_in: settings.lifetime,
    access_token: token,
    id_token: token,
    scope,
  }
}

function readVpToken(form: URLSearchParams, service: string | null): string {
  const [grant, vpToken] = [form.get('grant_type'), form.get('vp_token')]
  if (!grant) throw new Refusal('missing-grant-type', 'the form must hold grant_type=vp_token')
  if (grant !== 'vp_token')
    throw new Refusal('unsupported-grant-type', 'grant_type must be vp_token')
  if (!service)
    throw new Refusal(
      'no-client-authentication',
      'name the service in the path or in the request header client_id',
    )
  if (!vpToken) throw new Refusal('vp-encoding', 'the form must hold vp_token')
  return vpToken.includes('.') ? vpToken : Buffer.from(vpToken, 'base64url').toString('latin1')
}
