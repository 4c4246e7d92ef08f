import { systemRuntime, type Runtime } from '@verifier-guard/core/support'

/**
 * Everything the client takes from the world around it: clocks, network, randomness, timers and
 * identifiers.
 */
export interface ClientRuntime extends Runtime {
  /** A fresh identifier for each `jti`. */
  readonly uuid: () => string
  /**
   * Waits `delay` milliseconds, or until the signal aborts. Unlike `schedule` it keeps the process
   * alive, because a caller is waiting too.
   */
  readonly sleep: (delay: number, signal?: AbortSignal) => Promise<void>
}

/** The runtime of the process: its clocks, its global `fetch`, its timers. */
export const clientRuntime: ClientRuntime = Object.freeze({
  ...systemRuntime,
  uuid: () => crypto.randomUUID(),
  sleep,
})

function sleep(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delay)
    signal?.addEventListener('abort', end)
  })
}

/**
 * A Request of this runtime, whatever implementation made `input`. Members of `init` override those
 * of `input`, as in `fetch`.
 */
export function buildRequest(input: Request, init: RequestInit): Request {
  // Without its type it would narrow the input to `never`.
  const isOurs: boolean = input instanceof Request
  return isOurs
    ? new Request(input, init)
    : new Request(input.url, { ...readRequest(input), ...init })
}

/**
 * Sends a Request. The global `fetch` gets it whole. A `fetch` that an application put in its place
 * gets the address and plain options: it may add to them, and may not know this class of Request.
 */
export function sendRequest({ fetch }: ClientRuntime, request: Request): Promise<Response> {
  return fetch === clientRuntime.fetch
    ? globalThis.fetch(request)
    : fetch(request.url, readRequest(request))
}

const READABLE = [
  'method',
  'headers',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'referrer',
  'referrerPolicy',
  'integrity',
  'signal',
] as const

function readRequest(request: Request): RequestInit {
  const { body, keepalive } = request
  // Some runtimes leave out members that make sense in browsers only.
  const members = READABLE.filter((name) => request[name] !== undefined).map((name) => [
    name,
    request[name],
  ])
  // Fetch §5.4: a stream needs `duplex`, and can't be sent with `keepalive`.
  const rest = body === null ? { keepalive } : { body, duplex: 'half' as const }
  return { ...(Object.fromEntries(members) as RequestInit), ...rest }
}
