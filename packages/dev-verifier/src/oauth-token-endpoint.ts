import { confirmationOf, type Confirmation } from './confirmation.js'
import type { Json } from './jwt.js'
import { signToken } from './mint.js'
import { authenticatePlainClient } from './oauth-client.js'
import { seconds } from './runtime.js'
import { issuerFor, type Server } from './server.js'
import { requireGrant } from './token-endpoint.js'
import { plainClaims } from './tokens.js'

/**
 * Grants what a plain authorization server is asked for: client_credentials (RFC 6749 §4.4), for
 * the APIs of `resource` or `audience`. The token is bound to what the request shows of its sender.
 *
 * @throws Refusal with the reason.
 */
export function grantPlainToken(server: Server, request: Request, form: URLSearchParams): Json {
  const { lifetime, profile, runtime, service } = server.settings
  const issuer = issuerFor(server, request)
  const clientId = authenticatePlainClient(server, request, form)
  requireGrant(form)
  const confirmation = confirmationOf(server, request, issuer + profile.paths.token[0])
  const asked = [...form.getAll('resource'), ...form.getAll('audience')]
  const [first = service, ...others] = asked
  const scope = form.get('scope')
  const issuedAt = seconds(runtime)
  const claims = plainClaims({
    issuer,
    audience: others.length === 0 ? first : [first, ...others],
    clientId,
    scope: scope ?? undefined,
    jti: runtime.uuid(),
    issuedAt,
    expiresAt: issuedAt + lifetime,
  })
  server.emit('tokenIssued', { clientId, expiresIn: lifetime })
  return {
    access_token: signToken(server, { ...claims, ...confirmed(confirmation) }),
    token_type: confirmation.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: lifetime,
    ...(scope !== null && { scope }),
  }
}

function confirmed(confirmation: Confirmation): Json {
  return Object.keys(confirmation).length === 0 ? {} : { cnf: confirmation }
}
