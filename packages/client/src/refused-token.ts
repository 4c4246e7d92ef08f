import { readChallenges } from './challenges.js'
import type { TokenScheme } from './response.js'

/** What of a request an API refused: its token, or the proof beside it. */
export type Refused = 'token' | 'nonce' | 'proof'

/** Errors that neither another token nor another proof mends (RFC 6750 §3.1, RFC 9470 §3). */
const OTHERS = new Set([
  'invalid_request',
  'insufficient_scope',
  'insufficient_user_authentication',
])

/** Errors of a DPoP challenge that mean the proof (RFC 9449 §7.1, §9). */
const OF_PROOFS: Readonly<Record<string, Refused>> = {
  use_dpop_nonce: 'nonce',
  invalid_dpop_proof: 'proof',
}

/**
 * What an answer refuses: the token, or the proof beside it. `undefined` if neither.
 *
 * A 401 may mean the token with `invalid_token`, and without a reason, because many APIs give none.
 * It does not mean the token where it asks for another scheme alone, or gives another reason.
 *
 * @param challenge the `WWW-Authenticate` field, or the list of several.
 * @param scheme that of the token. Only errors of its challenge count (RFC 9449 §7.1).
 */
export function refusedBy(
  status: number,
  challenge: unknown,
  scheme: TokenScheme,
): Refused | undefined {
  if (status !== 401) return undefined
  const challenges = readChallenges(challenge)
  if (challenges.size === 0) return 'token'
  const ours = challenges.get(scheme.toLowerCase())
  if (ours === undefined) return undefined
  const error = (ours.error ?? '').toLowerCase()
  if (scheme === 'DPoP' && Object.hasOwn(OF_PROOFS, error)) return OF_PROOFS[error]
  return OTHERS.has(error) ? undefined : 'token'
}

/** Members of what is spent once it was read: streams and iterators. */
const ONCE_ONLY = [Symbol.asyncIterator, 'getReader', 'pipe', 'next']

/** Whether a body can be sent a second time. */
export function canSendAgain(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  if (ONCE_ONLY.some((member) => member in body)) return false
  // Of all that is iterable only these are known to begin anew: lists, bytes, and forms.
  const beginsAnew = Array.isArray(body) || ArrayBuffer.isView(body) || 'getAll' in body
  return beginsAnew || !(Symbol.iterator in body)
}
