import { copyOf } from './body-copy.js'
import { printable } from './display.js'
import { failure, type TokenSourceError } from './errors.js'
import { canSendAgain, refusesToken } from './refused-token.js'
import { buildRequest, sendRequest, type ClientRuntime } from './runtime.js'
import { readUrl } from './url.js'

/** The signature of the global `fetch`. */
export type TokenFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

interface FetchParts {
  readonly getToken: (options?: { signal?: AbortSignal }) => Promise<string>
  readonly dropToken: (token: string) => boolean
  readonly isAllowed: (url: string | URL) => boolean
  readonly runtime: ClientRuntime
}

/** One call of a caller, which may be sent twice. */
interface Call {
  readonly url: string
  readonly signal: AbortSignal | null | undefined
  readonly send: (token: string) => Promise<Response>
  /** The same for the second time; `undefined` where the body is spent. */
  readonly sendAgain: () => Call['send'] | undefined
}

/**
 * `fetch` with a token. A token goes to an allowed origin only. A redirect to another origin goes
 * on without it, which is the rule of fetch itself (Fetch §4.4, HTTP-redirect fetch).
 *
 * After a 401 that may mean the token, the call is repeated once with another one, if there is one
 * and the body can be sent again.
 */
export function createFetch({ getToken, dropToken, isAllowed, runtime }: FetchParts): TokenFetch {
  return async function tokenFetch(input, init = {}) {
    const call = isRequest(input)
      ? callOfRequest(runtime, input, init)
      : callOfAddress(runtime, String(input), init)
    if (!isAllowed(call.url)) throw notAllowed(call.url)
    const token = await getToken(call.signal ? { signal: call.signal } : undefined)
    const response = await call.send(token)
    if (!isRefusal(call, response) || !dropToken(token)) return response
    const sendAgain = call.sendAgain()
    const another = sendAgain && (await getAnother(getToken, token))
    if (another === undefined) return response
    void response.body?.cancel().catch(() => {})
    return sendAgain!(another)
  }
}

/** An origin that the call was redirected to never had the token, and so can't refuse it. */
function isRefusal({ url }: Call, { status, headers, url: from }: Response): boolean {
  if (!refusesToken(status, headers.get('www-authenticate'))) return false
  return from === '' || new URL(from).origin === new URL(url).origin
}

/** Without another token, the answer of the API stands. */
async function getAnother(
  getToken: FetchParts['getToken'],
  token: string,
): Promise<string | undefined> {
  const another = await getToken().catch(() => undefined)
  return another === token ? undefined : another
}

/**
 * By what it has, and not by its class: a Request may be another implementation's, and a URL
 * another realm's.
 */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input
}

function callOfAddress(runtime: ClientRuntime, url: string, init: RequestInit): Call {
  const { signal, body } = init
  const send = (token: string) => runtime.fetch(url, withToken(init, token))
  return { url, signal, send, sendAgain: () => (canSendAgain(body) ? send : undefined) }
}

/**
 * A Request says more than can be read from it, such as the length of its body: only the runtime
 * can hand it on whole.
 */
function callOfRequest(runtime: ClientRuntime, input: Request, init: RequestInit): Call {
  const { signal = input.signal } = init
  // Whatever it was made of, the body of a Request is a stream by now.
  const isStream = !init.body && input.body && !input.bodyUsed
  const copy = isStream ? copyOf(input.clone().body!) : undefined
  const sendWith = (init: RequestInit) => (token: string) => {
    const request = buildRequest(input, init)
    request.headers.set('authorization', `Bearer ${token}`)
    return sendRequest(runtime, request)
  }
  const sendAgain = () => {
    if (!copy) return canSendAgain(init.body) ? sendWith(init) : undefined
    const body = copy.bytes()
    return body && sendWith({ ...init, body })
  }
  return { url: input.url, signal, send: async (token) => sendWith(init)(token), sendAgain }
}

function withToken(init: RequestInit, token: string): RequestInit {
  const authorization = `Bearer ${token}`
  if (init.headers === undefined) return { ...init, headers: { authorization } }
  const headers = new Headers(init.headers)
  headers.set('authorization', authorization)
  return { ...init, headers }
}

function notAllowed(url: string): TokenSourceError {
  const origin = readUrl(url)?.origin
  return failure('origin_not_allowed', {
    expected: 'an address on one of "allowedOrigins"',
    found: origin === undefined ? 'an address that is not absolute' : printable(origin),
    hint: 'tokens are sent nowhere else',
  })
}
