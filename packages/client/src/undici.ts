/**
 * Tokens for undici dispatchers, and so for everything that sends through one.
 *
 * @packageDocumentation
 */
import type { Dispatcher } from 'undici'
import { copying, recordBody } from './body-copy.js'
import { createCarrier, type Carrier } from './carrier.js'
import { canSendAgain } from './refused-token.js'
import type { RequestFields } from './sending.js'
import type { TokenSource } from './token-source.js'

type Handler = Dispatcher.DispatchHandler
type Body = NonNullable<Dispatcher.DispatchOptions['body']> | null
type Header = readonly [name: string, value: string | string[]]

/**
 * An interceptor that adds the token to requests to `allowedOrigins`; requests elsewhere, and those
 * with an `authorization` of their own, pass untouched. Compose it first, next to the wire: then
 * each redirect and each retry is looked at by itself.
 *
 * After a 401 that may mean the token, the request is repeated once with another one, if its body
 * can be sent again. That of a `fetch` can up to 1 MiB.
 *
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns the interceptor, for `compose` of a dispatcher.
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
      const { own, headers } = takeAuthorization(options.headers)
      if (own !== undefined && !carrier.isOurs(own)) return dispatch(options, handler)
      const origin = String(options.origin ?? '')
      if (!tokens.isAllowed(origin))
        return dispatch({ ...options, headers: flat(headers) }, handler)
      const body = repeatable(options.body ?? null)
      const target = { url: new URL(origin + options.path), method: options.method }
      const send = sender(carrier, dispatch, options, headers)
      // There is no request yet, and so nothing to control.
      const fail = (error: Error) => handler.onResponseError?.(NO_REQUEST, error)
      const call: Call = {
        target,
        canSendAgain: body.canSendAgain,
        sendAgain: (fields) =>
          void send(fields, body.again(), watch(carrier, call, fields, handler)).catch(fail),
      }
      void carrier
        .fieldsFor(target, undefined)
        .then((fields = NO_FIELDS) =>
          send(fields, body.first, watchFirstAnswer(carrier, call, fields, handler)),
        )
        .catch(fail)
      return true
    }
}

/** Sends a request with the fields of the source, on its connections if it has some. */
function sender(
  { connections, staysAtHome }: Carrier,
  dispatch: Dispatcher['dispatch'],
  options: Dispatcher.DispatchOptions,
  headers: readonly Header[],
) {
  return async (fields: RequestFields, body: Body, handler: Handler): Promise<void> => {
    const own = { ...options, body, headers: flat([...headers, ...Object.entries(fields)]) }
    const agent = (await connections?.agent()) as Dispatcher | undefined
    // A redirect interceptor next to the wire would send the proof on.
    const bounds = staysAtHome(fields) ? { maxRedirections: 0 } : {}
    if (agent) agent.dispatch(own, handler)
    else dispatch({ ...own, ...bounds }, handler)
  }
}

/** For an origin that gets no token. */
const NO_FIELDS: RequestFields = { authorization: '' }

/** A request that was sent once. */
interface Call {
  readonly target: { readonly url: URL; readonly method: string }
  readonly canSendAgain: () => boolean
  readonly sendAgain: (fields: RequestFields) => void
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
  const { target } = call
  let hops: readonly URL[] = []
  let swallowed = false
  let isOver = false
  let pass = () => {}
  return {
    onRequestStart: (controller, context?: { history?: readonly URL[] }) => {
      hops = context?.history ?? hops
      handler.onRequestStart?.(controller, context)
    },
    onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
    onResponseStart: (controller, status, headers, message) => {
      const hand = () => handler.onResponseStart?.(controller, status, headers, message)
      // An origin that the call was redirected to never had the token, and so can't refuse it.
      const isHome = hops.every(({ origin }) => origin === target.url.origin)
      const answer = { status, headers }
      const refused = isHome ? carrier.note(target.url, fields.authorization, answer) : undefined
      if (!refused || !call.canSendAgain()) return void hand()
      controller.pause()
      void carrier.another(target, fields.authorization, refused).then((another) => {
        if (isOver) return
        swallowed = another !== undefined
        if (another === undefined) hand()
        else pass = () => call.sendAgain(another)
        controller.resume()
      })
    },
    onResponseData: (controller, chunk) => {
      if (!swallowed) handler.onResponseData?.(controller, chunk)
    },
    onResponseEnd: (controller, trailers) => {
      if (swallowed) pass()
      else handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError: (controller, error) => {
      isOver = true
      handler.onResponseError?.(controller, error)
    },
  }
}

/** Learns from the second answer as well. */
function watch(carrier: Carrier, { target }: Call, fields: RequestFields, handler: Handler) {
  const watched: Handler = {
    onRequestStart: (...start) => handler.onRequestStart?.(...start),
    onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
    onResponseStart: (controller, status, headers, message) => {
      carrier.note(target.url, fields.authorization, { status, headers })
      handler.onResponseStart?.(controller, status, headers, message)
    },
    onResponseData: (...data) => handler.onResponseData?.(...data),
    onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
    onResponseError: (...error) => handler.onResponseError?.(...error),
  }
  return watched
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
  return { own: all.find(isIt)?.[1], headers: all.filter((header) => !isIt(header)) }
}

/** A flat list, in which a value may be a list of its own; its type does not say so. */
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
