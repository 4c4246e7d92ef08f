/**
 * Tokens for undici dispatchers, and so for everything that sends through one.
 *
 * @packageDocumentation
 */
import type { Dispatcher } from 'undici'
import type { TokenSource } from './token-source.js'
import { canSendAgain, isInvalidToken } from './unauthorized.js'

type Handler = Dispatcher.DispatchHandler
type Header = readonly [name: string, value: string | string[]]

/**
 * An interceptor that adds the token to requests to `allowedOrigins`; requests elsewhere, and those
 * with an `authorization` of their own, pass untouched. Compose it first, next to the wire: then
 * each redirect and each retry is judged by itself.
 *
 * After a 401 `invalid_token` the request is repeated once with another token, if its body can be
 * sent again.
 *
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns the interceptor, for `compose` of a dispatcher.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { tokenInterceptor } from '@verifier-guard/client/undici'
 * import { Agent, request } from 'undici'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.MACHINE_CREDENTIAL ?? '',
 *   privateKey: process.env.MACHINE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const dispatcher = new Agent().compose(tokenInterceptor(tokens))
 * const { statusCode } = await request('https://orders.example.org/orders', { dispatcher })
 * console.log(statusCode)
 * ```
 */
export function tokenInterceptor(tokens: TokenSource): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) =>
    function dispatchWithToken(options, handler) {
      const headers = listHeaders(options.headers)
      const ownAuthorization = headers.some(([name]) => name.toLowerCase() === 'authorization')
      if (ownAuthorization || !tokens.isAllowed(String(options.origin ?? '')))
        return dispatch(options, handler)
      const send = (handlerOf: (token: string) => Handler) =>
        void tokens
          .getToken()
          .then((token) =>
            dispatch({ ...options, headers: authorize(headers, token) }, handlerOf(token)),
          )
          // There is no request yet, and so nothing to control.
          .catch((error: Error) => handler.onResponseError?.(NO_REQUEST, error))
      const repeat = canSendAgain(options.body) ? () => send(() => handler) : undefined
      send((token) => watchFirstAnswer(tokens, token, handler, repeat))
      return true
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
 * Drops a token that is refused, and has the request repeated in place of that answer where it can
 * be.
 */
function watchFirstAnswer(
  tokens: TokenSource,
  token: string,
  handler: Handler,
  repeat: (() => void) | undefined,
): Handler {
  let swallowed = false
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
    onResponseStart: (controller, status, headers, message) => {
      const refused = isInvalidToken(status, headers['www-authenticate']) && tokens.dropToken(token)
      swallowed = refused && repeat !== undefined
      if (!swallowed) handler.onResponseStart?.(controller, status, headers, message)
    },
    onResponseData: (controller, chunk) => {
      if (!swallowed) handler.onResponseData?.(controller, chunk)
    },
    onResponseEnd: (controller, trailers) => {
      if (swallowed) repeat?.()
      else handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  }
}

function authorize(headers: readonly Header[], token: string): string[] {
  // A flat list, in which a value may be a list of its own; its type does not say so.
  return [...headers, ['authorization', `Bearer ${token}`]].flatMap((header) => header as string[])
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
