import { TokenSourceError } from './errors.js'
import { canSendAgain, isInvalidToken } from './unauthorized.js'

/** The signature of the global `fetch`. */
export type TokenFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

interface FetchParts {
  readonly getToken: (options?: { signal?: AbortSignal }) => Promise<string>
  readonly dropToken: (token: string) => boolean
  readonly isAllowed: (url: string | URL) => boolean
  readonly send: (url: string, init: RequestInit) => Promise<Response>
}

/**
 * `fetch` with a token. A token goes to an allowed origin only; a redirect to another origin goes on without it, which
 * is the rule of fetch itself (Fetch §4.4, HTTP-redirect fetch).
 *
 * After a 401 `invalid_token` the call is repeated once with another token, if there is one and the body can be sent again.
 */
export function createFetch({ getToken, dropToken, isAllowed, send }: FetchParts): TokenFetch {
  return async function tokenFetch(input, init = {}) {
    const { url, request } = unpack(input, init)
    if (!isAllowed(url)) throw notAllowed(url)
    const token = await getToken(request.signal ? { signal: request.signal } : undefined)
    const response = await send(url, withToken(request, token))
    if (response.status !== 401) return response
    if (!isInvalidToken(response.status, response.headers.get('www-authenticate'))) return response
    if (!dropToken(token) || !canSendAgain(request.body)) return response
    const another = await getAnother(getToken, token)
    if (another === undefined) return response
    void response.body?.cancel().catch(() => {})
    return send(url, withToken(request, another))
  }
}

/** The answer of the API stands if no other token can be had. */
async function getAnother(getToken: FetchParts['getToken'], token: string): Promise<string | undefined> {
  const another = await getToken().catch(() => undefined)
  return another === token ? undefined : another
}

function unpack(input: string | URL | Request, init: RequestInit): { url: string; request: RequestInit } {
  if (typeof input === 'string' || input instanceof URL) return { url: String(input), request: init }
  const { url, method, headers, body, redirect, signal } = input
  // A stream is sent while it is read, which Fetch wants to be said (`duplex`).
  const stream = body === null ? {} : { body, duplex: 'half' as const }
  return { url, request: { method, headers, redirect, signal, ...stream, ...init } }
}

function withToken(request: RequestInit, token: string): RequestInit {
  const authorization = `Bearer ${token}`
  if (request.headers === undefined) return { ...request, headers: { authorization } }
  const headers = new Headers(request.headers)
  headers.set('authorization', authorization)
  return { ...request, headers }
}

function notAllowed(url: string): TokenSourceError {
  const origin = URL.canParse(url) ? new URL(url).origin : 'an address that is not absolute'
  return new TokenSourceError(
    'origin_not_allowed',
    `expected an address on one of \`allowedOrigins\`, got ${origin}; tokens are sent nowhere else`,
  )
}
