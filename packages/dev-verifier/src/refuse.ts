import { publicKeyOfDid } from './did-key.js'
import { connectionFailure, type Endpoint } from './faults.js'
import { answerTo, type Refusal } from './refusals.js'
import type { Server } from './server.js'

/**
 * Answers as the real Verifier does, and sends the cause to the developer's listener.
 *
 * @throws TypeError where the real Verifier closes the connection without an answer.
 */
export function refuse(
  server: Server,
  { code, message, clientId }: Refusal,
  endpoint?: Endpoint,
): Response {
  const answer = answerTo(code, server.settings.answers)
  const closed = answer === 'connection-closed'
  const error = closed ? undefined : answer.body?.['error']
  server.emit(endpoint === 'token' ? 'tokenRefused' : 'requestRefused', {
    ...(endpoint && { endpoint }),
    check: code,
    ...(!closed && { status: answer.status }),
    ...(error !== undefined && { error }),
    cause: message,
    ...(clientId && isKnown(server, clientId) && { clientId }),
  })
  if (closed) throw connectionFailure('UND_ERR_SOCKET', 'other side closed')
  const { status, headers, body } = answer
  return new Response(body ? JSON.stringify(body) : null, {
    status,
    headers: { ...headers, ...(body && { 'content-type': 'application/json;charset=UTF-8' }) },
  })
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
