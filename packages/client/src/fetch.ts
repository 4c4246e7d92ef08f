import { copyOf } from './body-copy.js'
import { notAllowedError } from './not-allowed.js'
import type { RequestTarget } from './proof.js'
import { canSendAgain } from './refused-token.js'
import { buildRequest, sendRequest, type ClientRuntime } from './runtime.js'
import { getAnother, type Replaceable, type RequestFields, type Sending } from './sending.js'

/** The signature of the global `fetch`. */
export type TokenFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

interface FetchParts extends Sending {
  readonly isAllowed: (url: string | URL) => boolean
  /** Whether a redirect is handed to the caller: a proof is for one address alone. */
  readonly refusesRedirects: boolean
  readonly runtime: ClientRuntime
}

type Send = (fields: RequestFields) => Promise<Response>

/** One call of a caller, which may be sent twice. */
interface Call {
  readonly target: RequestTarget & { readonly url: string }
  readonly signal: AbortSignal | null | undefined
  readonly send: Send
  /** The same for the second time; `undefined` where the body is spent. */
  readonly sendAgain: () => Send | undefined
}

/**
 * `fetch` with a token. A token goes to an allowed origin only. A redirect to another origin goes
 * on without it, which is the rule of fetch itself (Fetch §4.4, HTTP-redirect fetch).
 *
 * After a 401 that may mean the token or its proof, the call is repeated once with another one, if
 * there is one and the body can be sent again.
 */
export function createFetch(parts: FetchParts): TokenFetch {
  const { authorize, isAllowed } = parts
  return async function tokenFetch(input, init = {}) {
    const call = isRequest(input)
      ? callOfRequest(parts, input, init)
      : callOfAddress(parts, String(input), init)
    const { target, signal } = call
    if (!isAllowed(target.url)) throw notAllowedError(target.url)
    const fieldsNow = () => authorize(target, signal ? { signal } : undefined)
    const fields = await fieldsNow()
    const response = await call.send(fields)
    const refused = note(parts, target, fields, response)
    const sendAgain = refused && call.sendAgain()
    const another =
      sendAgain && (await getAnother(fieldsNow, fields.authorization, refused, signal))
    if (another === undefined) return response
    void response.body?.cancel().catch(() => {})
    const second = await sendAgain!(another)
    note(parts, target, another, second)
    return second
  }
}

/** Learns from an answer, unless it is that of another origin, which never had the token. */
function note(
  { noteAnswer }: FetchParts,
  { url }: Call['target'],
  { authorization }: RequestFields,
  response: Response,
): Replaceable | undefined {
  const isSameOrigin = !response.url || new URL(response.url).origin === new URL(url).origin
  return isSameOrigin ? noteAnswer({ url, authorization }, response) : undefined
}

/**
 * By what it has, and not by its class: a Request may be another implementation's, and a URL
 * another realm's.
 */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input
}

/** `fetch` sends these in capitals, and all others as they are (Fetch §2.2.1). */
const NORMALISED = /^(?:delete|get|head|options|post|put)$/i

function sentMethod(method = 'GET'): string {
  return NORMALISED.test(method) ? method.toUpperCase() : method
}

function callOfAddress(parts: FetchParts, url: string, init: RequestInit): Call {
  const { signal, body, method } = init
  const send: Send = (fields) => parts.runtime.fetch(url, withFields(parts, init, fields))
  const target = { url, method: sentMethod(method) }
  return { target, signal, send, sendAgain: () => (canSendAgain(body) ? send : undefined) }
}

/**
 * A Request says more than can be read from it, such as the length of its body: only the runtime
 * can hand it on whole.
 */
function callOfRequest(parts: FetchParts, input: Request, init: RequestInit): Call {
  const { runtime } = parts
  const { signal = input.signal, method = input.method } = init
  // Whatever it was made of, the body of a Request is a stream by now.
  const isStream = !init.body && input.body && !input.bodyUsed
  const copy = isStream ? copyOf(input.clone().body!) : undefined
  const sendWith =
    (init: RequestInit): Send =>
    (fields) => {
      const request = buildRequest(input, { ...init, ...redirects(parts, input, init) })
      for (const [name, value] of Object.entries(fields)) request.headers.set(name, value as string)
      return sendRequest(runtime, request)
    }
  const sendAgain = () => {
    if (!copy) return canSendAgain(init.body) ? sendWith(init) : undefined
    const body = copy.bytes()
    return body && sendWith({ ...init, body })
  }
  const target = { url: input.url, method: sentMethod(method) }
  return { target, signal, send: async (fields) => sendWith(init)(fields), sendAgain }
}

function withFields(parts: FetchParts, init: RequestInit, fields: RequestFields): RequestInit {
  const rest = { ...init, ...redirects(parts, undefined, init) }
  if (init.headers === undefined) return { ...rest, headers: { ...fields } }
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(fields)) headers.set(name, value as string)
  return { ...rest, headers }
}

/** A caller who wants no redirects gets none. */
function redirects(
  { refusesRedirects }: FetchParts,
  input: Request | undefined,
  { redirect = input?.redirect }: RequestInit,
): Pick<RequestInit, 'redirect'> {
  return refusesRedirects && redirect !== 'error' ? { redirect: 'manual' } : {}
}
