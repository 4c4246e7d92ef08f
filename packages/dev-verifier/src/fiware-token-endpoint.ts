import { checkCredential } from './credential-rules.js'
import type { Json } from './jwt.js'
import { signAccessToken } from './mint.js'
import { checkPresentation, decodePresentation } from './presentation.js'
import { Refusal } from './refusals.js'
import { seconds } from './runtime.js'
import type { Server } from './server.js'
import { credentialContext } from './token-endpoint.js'
import { holderOf } from './tokens.js'

/**
 * Answers the FIWARE Verifier's token endpoint: grant `vp_token`, with the presentation itself in
 * the form. The client is the service, named by the path or by the request header `client_id`.
 */
export function fiwareTokenEndpoint(
  server: Server,
  request: Request,
  form: URLSearchParams,
): Response {
  const service =
    /\/services\/([^/]+)\/token$/.exec(new URL(request.url).pathname)?.[1] ??
    request.headers.get('client_id')
  try {
    return Response.json(grantToken(server, form, service))
  } catch (error) {
    if (error instanceof Refusal) return refuse(server, error)
    throw error
  }
}

function grantToken(server: Server, form: URLSearchParams, service: string | null): Json {
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

const SUMMARIES: Partial<Record<Refusal['code'], string>> = {
  'missing-grant-type': 'no_grant_type_provided',
  'unsupported-grant-type': 'unsupported_grant_type',
  'no-client-authentication': 'no_client_id_provided',
  'vp-encoding': 'no_token_provided',
}

function refuse({ settings }: Server, { code, message }: Refusal): Response {
  const summary = SUMMARIES[code] ?? 'invalid_token'
  settings.log(`token request refused (${code}, answered 400 ${summary}): ${message}`)
  return Response.json({ summary, details: 'The request was refused.' }, { status: 400 })
}
