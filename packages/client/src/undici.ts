/**
 * Tokens for undici dispatchers, and so for everything that sends through one.
 *
 * @packageDocumentation
 */
import type { Dispatcher } from 'undici'
import { abortSignal } from './abort.js'
import { attempt } from './attempt.js'
import { copying, recordBody } from './body-copy.js'
import { createCarrier, type Carrier } from './carrier.js'
import { invalidOptionError, type TokenSourceError } from './errors.js'
import { canSendAgain } from './refused-token.js'
import type { Replaceable, RequestFields } from './sending.js'
import type { TokenSource } from './token-source.js'

type Handler = Dispatcher.DispatchHandler
type Body = NonNullable<Dispatcher.DispatchOptions['body']> | null
type Header = readonly [name: string, value: string | string[]]

/**
 * An interceptor that adds the token to requests to `allowedOrigins`. Requests elsewhere, and those
 * with an `authorization` of the caller, pass untouched. Compose it first, next to the wire: then
 * it sees each redirect and each retry by itself.
 *
 * Compose it onto an Agent. A Pool or a Client leaves the origin out of its requests: there, name
 * `origin` with each request, or the request fails with `invalid_option`.
 *
 * After a 401 that may mean the token, the request is repeated once with another one, if its body
 * can be sent again. The body of a `fetch` can, up to 1 MiB. A stream and an iterator can't.
 *
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns the interceptor, for `compose` of a dispatcher. Its requests fail with the errors of
 *   `getToken`, and with the reason of their signal once it aborts.
 * @throws {TokenSourceError} `invalid_option` if the source has no `allowedOrigins`.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { tokenInterceptor } from '@verifier-guard/client/undici'
 * import { Agent, request } from 'undici'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.CREDENTIAL ?? '',
 *   privateKey: process.env.PRIVATE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const dispatcher = new Agent().compose(tokenInterceptor(tokens))
 * const { statusCode } = await request('https://orders.example.org/orders', { dispatcher })
 * console.log(statusCode)
 * ```
 */
export function tokenInterceptor(tokens: TokenSource): Dispatcher.DispatcherComposeInterceptor {
  const carrier = createCarrier(tokens, 'tokenInterceptor')
  return (dispatch) =>
    function dispatchWithToken(options, handler) {
      const { authorization, headers } = takeAuthorization(options.headers)
      if (authorization !== undefined && !carrier.isOurs(authorization))
        return dispatch(options, handler)
      if (!options.origin) failWith(handler)(noOriginError())
      else if (tokens.isAllowed(options.origin))
        sendWithToken({ carrier, dispatch, options, headers, handler })
      else return dispatch({ ...options, headers: flat(headers) }, handler)
      return true
    }
}

/** What is sent, and by what. */
interface Parts {
  readonly carrier: Carrier
  readonly dispatch: Dispatcher['dispatch']
  readonly options: Dispatcher.DispatchOptions
  /** Without the `authorization`. */
  readonly headers: readonly Header[]
  readonly handler: Handler
}

/** A request that may be sent twice. */
interface Call {
  readonly target: { readonly url: URL; readonly method: string }
  readonly signal: AbortSignal | undefined
  readonly canSendAgain: () => boolean
  readonly sendAgain: (fields: RequestFields) => void
}

function sendWithToken(parts: Parts): void {
  const { carrier, options, handler } = parts
  const { signal: given } = options as { readonly signal?: unknown }
  const signal = abortSignal(given)
  const target = { url: addressOf(options), method: options.method }
  const body = repeatable(options.body ?? null)
  const fail = failWith(handler)
  const call: Call = {
    target,
    signal,
    canSendAgain: body.canSendAgain,
    sendAgain: (fields) =>
      void send(parts, fields, body.again(), watch(carrier, call, fields, handler)).catch(fail),
  }
  carrier
    .authorize(target, signal)
    .then((fields) =>
      send(parts, fields, body.first, watchFirstAnswer(carrier, call, fields, handler)),
    )
    .catch(fail)
}

/** The address as it is sent. An origin may be a URL, or end in a slash. */
function addressOf({ origin = '', path }: Dispatcher.DispatchOptions): URL {
  return new URL(new URL(origin).origin + path)
}

/** Sends a request with the fields of the source, on its connections if it has some. */
async function send(
  { carrier: { connections, refusesRedirects }, dispatch, options, headers }: Parts,
  fields: RequestFields,
  body: Body,
  handler: Handler,
): Promise<void> {
  const sent = { ...options, body, headers: flat([...headers, ...Object.entries(fields)]) }
  const agent = (await connections?.agent()) as Dispatcher | undefined
  // A redirect interceptor next to the wire would send the proof on.
  const bounds = refusesRedirects(fields) ? { maxRedirections: 0 } : {}
  if (agent) agent.dispatch(sent, handler)
  else dispatch({ ...sent, ...bounds }, handler)
}

/** Without an origin a token might go to any. */
function noOriginError(): TokenSourceError {
  const hint = 'compose it onto an Agent, or give "origin" with each request of a Pool or a Client'
  return invalidOptionError('an "origin" in the request to tokenInterceptor', 'none', hint)
}

/** Reports why a request was not sent. There is none yet, and so nothing to control. */
function failWith(handler: Handler): (error: Error) => void {
  return (error) => {
    // A rejection without a listener would end the process for the mistake of one handler.
    attempt(() => handler.onResponseError?.(NO_REQUEST, error))
  }
}

const NO_REQUEST: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => {},
  pause: () => {},
  resume: () => {},
}

/**
 * Drops a token that is refused, and has the request sent again in place of that answer. The answer
 * waits until it is known whether there is another token: without one, it stands.
 */
function watchFirstAnswer(
  carrier: Carrier,
  call: Call,
  fields: RequestFields,
  handler: Handler,
): Handler {
  const { target, signal } = call
  let isOver = false
  let sendAgain: (() => void) | undefined
  const replace: OnAnswer = (controller, handOn, refused) => {
    if (!refused || !call.canSendAgain()) return handOn()
    const another = carrier.another(target, fields.authorization, refused, signal)
    holdUntil(controller, another, (better) => {
      if (isOver) return
      if (better) sendAgain = () => call.sendAgain(better)
      else handOn()
    })
  }
  return {
    ...watch(carrier, call, fields, handler, replace),
    onResponseData: (...data) => {
      if (!sendAgain) handler.onResponseData?.(...data)
    },
    onResponseEnd: (...end) => {
      if (sendAgain) sendAgain()
      else handler.onResponseEnd?.(...end)
    },
    onResponseError: (...error) => {
      isOver = true
      handler.onResponseError?.(...error)
    },
  }
}

/** Keeps an answer back until there is a result, and aborts its request if that fails. */
function holdUntil<Result>(
  controller: Dispatcher.DispatchController,
  result: Promise<Result>,
  then: (result: Result) => void,
): void {
  controller.pause()
  result
    .then((value) => {
      then(value)
      controller.resume()
    })
    // As undici does where a handler throws.
    .catch((error: Error) => controller.abort(error))
}

/** What becomes of an answer, given what it refuses. */
type OnAnswer = (
  controller: Dispatcher.DispatchController,
  handOn: () => void,
  refused: Replaceable | undefined,
) => void

/** Learns from an answer. */
function watch(
  carrier: Carrier,
  { target }: Call,
  { authorization }: RequestFields,
  handler: Handler,
  onAnswer: OnAnswer = (_, handOn) => handOn(),
): Handler {
  let hops: readonly URL[] = []
  // An origin that the call was redirected to never had the token, and so can't refuse it.
  const isSameOrigin = () => hops.every(({ origin }) => origin === target.url.origin)
  return {
    ...relay(handler),
    onRequestStart: (controller, context?: { history?: readonly URL[] }) => {
      hops = context?.history ?? hops
      handler.onRequestStart?.(controller, context)
    },
    onResponseStart: (controller, status, headers, message) => {
      const handOn = () => handler.onResponseStart?.(controller, status, headers, message)
      const answer = { status, headers }
      const refused = isSameOrigin() ? carrier.note(target.url, authorization, answer) : undefined
      onAnswer(controller, handOn, refused)
    },
  }
}

/** Hands everything on, with the handler as `this`. */
function relay(handler: Handler): Handler {
  return {
    onRequestStart: (...start) => handler.onRequestStart?.(...start),
    onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
    onResponseStart: (...start) => handler.onResponseStart?.(...start),
    onResponseData: (...data) => handler.onResponseData?.(...data),
    onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
    onResponseError: (...error) => handler.onResponseError?.(...error),
  }
}

/** A body for the first time, and for the second one. */
function repeatable(body: Body) {
  const copy = isStreamed(body) ? recordBody() : undefined
  return {
    first: copy ? (copying(body as AsyncIterable<unknown>, copy) as unknown as Body) : body,
    canSendAgain: () => (copy ? copy.bytes() !== undefined : canSendAgain(body)),
    again: () => (copy ? (copy.bytes() ?? null) : body),
  }
}

/** The body of a `fetch` by the time it gets here. A stream of Node.js stays as it is. */
function isStreamed(body: Body): boolean {
  return (
    typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !('pipe' in body)
  )
}

/** The headers without the `authorization`, and that one. */
function takeAuthorization(given: Dispatcher.DispatchOptions['headers']) {
  const all = listHeaders(given)
  const isIt = ([name]: Header) => name.toLowerCase() === 'authorization'
  return { authorization: all.find(isIt)?.[1], headers: all.filter((header) => !isIt(header)) }
}

/** A flat list, in which a value may be a list itself. Its type does not say so. */
function flat(headers: readonly Header[]): string[] {
  return headers.flatMap((header) => header as unknown as string[])
}

/** undici takes headers as a flat list, as pairs or as an object. */
function listHeaders(headers: Dispatcher.DispatchOptions['headers']): Header[] {
  if (!headers) return []
  const pairs: [string, string | string[] | undefined][] = Array.isArray(headers)
    ? headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []))
    : Symbol.iterator in headers
      ? [...(headers as Iterable<[string, string | string[] | undefined]>)]
      : Object.entries(headers)
  return pairs.filter((pair): pair is [string, string | string[]] => pair[1] !== undefined)
}
