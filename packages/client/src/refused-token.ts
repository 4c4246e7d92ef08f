/** Errors of a Bearer challenge that another token does not cure (RFC 6750 §3.1, RFC 9470 §3). */
const OTHER_TROUBLE = new Set([
  'invalid_request',
  'insufficient_scope',
  'insufficient_user_authentication',
])

/**
 * Whether an answer may mean that the access token itself is no good, so that another one may do
 * better.
 *
 * A 401 does, with `invalid_token` or with no reason at all: many APIs give none. One that asks for
 * another scheme alone does not, nor one whose reason is another.
 *
 * @param challenge the `WWW-Authenticate` field, or the list of several.
 */
export function refusesToken(status: number, challenge: unknown): boolean {
  if (status !== 401) return false
  const fields = [challenge].flat().filter((value) => typeof value === 'string')
  if (fields.length === 0) return true
  // What stands in quotation marks is text, unless it is a word, as an error is.
  const bare = fields.join(', ').replace(/"((?:[^"\\]|\\.)*)"/g, (_, text: string) => {
    return /^\w*$/.test(text) ? text : '_'
  })
  if (!/(?:^|,)\s*Bearer(?:\s|,|$)/i.test(bare)) return false
  const [, error = ''] = /[\s,]error\s*=\s*(\w+)/i.exec(bare) ?? []
  return !OTHER_TROUBLE.has(error.toLowerCase())
}

/** Whether a body can be sent a second time: a stream is spent once it was read. */
export function canSendAgain(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true
  return !(Symbol.asyncIterator in body || 'getReader' in body || 'pipe' in body)
}
