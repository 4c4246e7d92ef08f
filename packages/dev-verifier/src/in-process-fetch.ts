import { connectionFailure } from './faults.js'

const MAX_REDIRECTS = 20

/**
 * Turns a request handler into a function with the signature of the global `fetch`, and its
 * behaviour where a client could notice a difference: foreign origins cannot be reached, redirects
 * are followed as asked, and a signal aborts the request and the reading of its body.
 */
export function inProcessFetch(
  handle: (request: Request) => Response | Promise<Response>,
  serves: (url: URL) => boolean,
): typeof fetch {
  const send = async (request: Request, redirects: number): Promise<Response> => {
    const url = new URL(request.url)
    if (!serves(url))
      throw connectionFailure('ECONNREFUSED', `connect ECONNREFUSED: no Verifier at ${url.origin}`)
    const response = await abortable(request.signal, handle(request))
    const location = response.headers.get('location')
    if (
      response.status < 300 ||
      response.status > 399 ||
      location === null ||
      request.redirect === 'manual'
    )
      return response
    if (request.redirect === 'error')
      throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') })
    if (redirects === 0)
      throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') })
    const { headers, signal, redirect } = request
    return send(new Request(new URL(location, url), { headers, signal, redirect }), redirects - 1)
  }
  return async (input, init) => {
    const request = new Request(input, init)
    return readableUntil(request.signal, await send(request, MAX_REDIRECTS))
  }
}

function abortable<T>(signal: AbortSignal, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    void Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

function readableUntil(signal: AbortSignal, response: Response): Response {
  if (response.body === null) return response
  return new Response(response.body.pipeThrough(new TransformStream(), { signal }), response)
}
