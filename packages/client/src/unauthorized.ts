/**
 * Whether an answer says that the access token itself is no good (RFC 6750 §3.1), so that another one may do better.
 * A 401 without that code asks for something else, and repeating would not help.
 */
export function isInvalidToken(status: number, challenge: string | readonly string[] | null | undefined): boolean {
  if (status !== 401 || !challenge) return false
  return /\berror\s*=\s*"?invalid_token\b/i.test([challenge].flat().join(', '))
}
