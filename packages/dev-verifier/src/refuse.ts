import { publicKeyOfDid } from './did-key.js'
import type { Endpoint } from './faults.js'
import { refusals, type Refusal, type RefusalAnswer, type RefusalCode } from './refusals.js'
import type { Server } from './server.js'

/** Where a request was refused, and whose it was. */
export interface Refused {
  readonly endpoint?: Endpoint
  /** The client that the request names, whatever that is worth. */
  readonly clientId?: string | null
}

/** Answers as the real Verifier does, and tells the developer the cause. */
export function refuse(
  server: Server,
  { code, message }: Refusal,
  { endpoint, clientId }: Refused,
): Response {
  const { status, headers, body } = answerTo(server, code)
  server.emit(endpoint === 'token' ? 'tokenRefused' : 'requestRefused', {
    ...(endpoint && { endpoint }),
    check: code,
    status,
    ...(body?.['error'] && { error: body['error'] }),
    cause: message,
    ...(clientId && isKnown(server, clientId) && { clientId }),
  })
  return new Response(body ? JSON.stringify(body) : null, {
    status,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
  })
}

/** The summaries with which FIWARE's token endpoint answers some mistakes. */
const FIWARE_SUMMARIES: Partial<Record<RefusalCode, string>> = {
  'missing-grant-type': 'no_grant_type_provided',
  'unsupported-grant-type': 'unsupported_grant_type',
  'no-client-authentication': 'no_client_id_provided',
  'vp-encoding': 'no_token_provided',
}

function answerTo({ settings }: Server, code: RefusalCode): RefusalAnswer {
  const { bare, translated } = refusals[code]
  if (settings.name !== 'fiware' || bare === translated)
    return settings.bareErrors ? bare : translated
  const summary = FIWARE_SUMMARIES[code] ?? 'invalid_token'
  return { status: 400, body: { summary, details: 'The request was refused.' } }
}

/** Anything may stand in a form's `client_id`, a secret too. */
function isKnown({ settings }: Server, clientId: string): boolean {
  if (settings.clients?.some((client) => client.clientId === clientId)) return true
  try {
    return publicKeyOfDid(clientId) !== undefined
  } catch {
    return false
  }
}
