/**
 * Whether an answer says that the access token itself is no good (RFC 6750 §3.1), so that another
 * one may do better. A 401 without that code asks for something else, and repeating would not help.
 */
export function isInvalidToken(status: number, challenge: unknown): boolean {
  if (status !== 401) return false
  const text = [challenge].flat().filter((value) => typeof value === 'string')
  return /\berror\s*=\s*"?invalid_token\b/i.test(text.join(', '))
}

/** Whether a body can be sent a second time: a stream is spent once it was read. */
export function canSendAgain(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  return !(Symbol.asyncIterator in body || 'getReader' in body || 'pipe' in body)
}
