import type { Json } from './jwt.js'
import { checkOptions, finite, natural, requireName } from './checks.js'
import type { Runtime } from './runtime.js'

/** The names of {@link Endpoint}. */
export const ENDPOINTS = [
  'token',
  'jwks',
  'discovery',
  'did',
  'introspection',
  'userinfo',
  'status',
  'health',
] as const

/** The endpoints of a development Verifier, whose requests are counted. */
export type Endpoint = (typeof ENDPOINTS)[number]

const FAULT_PLACES = [...ENDPOINTS, 'issuers'] as const

/** What can be made to fail: an endpoint, or the list of trusted issuers. */
export type FaultPlace = (typeof FAULT_PLACES)[number]

/** What a fault has to work with. */
export interface FaultContext {
  readonly request: Request
  /** Makes the answer the endpoint would have given. */
  readonly answer: () => Promise<Response>
  /** Aborted when the Verifier closes. */
  readonly closed: AbortSignal
  readonly runtime: Runtime
  /** How long slow answers take, in milliseconds. */
  readonly delay: number
}

type Fault = (context: FaultContext) => Response | Promise<Response>

/** The good answer with another body, unless it has none: its status and header fields stay. */
function withBody(good: Response, body: string | ReadableStream<Uint8Array>): Response {
  const headers = new Headers(good.headers)
  headers.delete('content-length')
  return new Response(good.body === null ? null : body, { status: good.status, headers })
}

function json(body: string, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** A failing connection, as undici's `fetch` reports it; over HTTP the socket is destroyed. */
export function connectionFailure(
  code: 'ECONNREFUSED' | 'UND_ERR_SOCKET',
  message: string,
): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })
}

const hang: Fault = ({ request, closed }) =>
  new Promise((_, reject) => {
    const end = (): void => reject(connectionFailure('UND_ERR_SOCKET', 'other side closed'))
    for (const signal of [request.signal, closed])
      signal.addEventListener('abort', end, { once: true })
    if (request.signal.aborted || closed.aborted) end()
  })

/** Resolves after the delay, or when the Verifier closes. */
function later(runtime: Runtime, delay: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      closed.removeEventListener('abort', end)
      resolve()
    }
    const cancel = runtime.schedule(end, delay)
    closed.addEventListener('abort', end)
  })
}

function endless(): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode(' '.repeat(16_384))
  return new ReadableStream(
    { pull: (controller) => controller.enqueue(chunk) },
    { highWaterMark: 0 },
  )
}

/** The answer's body one byte at a time, each after the delay. */
function trickle(
  { runtime, delay, closed }: FaultContext,
  body: Uint8Array,
): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream(
    {
      pull: async (controller) => {
        await later(runtime, delay, closed)
        controller.enqueue(body.subarray(sent, ++sent))
        if (sent >= body.length) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The good answer with some members changed. */
function edited(change: (good: Json) => Json): Fault {
  return async ({ answer }) => {
    const good = await answer()
    // A refusal has none of these members, and often no body.
    if (!good.ok) return good
    const body = (await good.json()) as Json
    return withBody(good, JSON.stringify({ ...body, ...change(body) }))
  }
}

/**
 * Ways in which an endpoint can fail.
 *
 * @example
 * ```ts
 * import { createDevVerifier, faults, type FaultName } from '@verifier-guard/dev-verifier'
 *
 * const verifier = createDevVerifier()
 * for (const name of Object.keys(faults) as FaultName[]) verifier.fail('jwks', name, { times: 1 })
 * ```
 */
export const faults = {
  /** Never answers; ends when the caller aborts or the Verifier closes. */
  hang,
  /** Refuses the connection: `fetch` rejects, the socket is destroyed. */
  refuse: () => {
    throw connectionFailure('ECONNREFUSED', 'connect ECONNREFUSED')
  },
  'status-400': () => json('{"error":"invalid_request"}', 400),
  'status-403': () => new Response(null, { status: 403 }),
  'status-404': () => json('{"error":"not_found"}', 404),
  'status-429': () => new Response(null, { status: 429, headers: { 'retry-after': '60' } }),
  'status-500': () => json('{"error":"server_error"}', 500),
  'status-503': () => new Response(null, { status: 503 }),
  /** The real Verifier's answer when it cannot reach the list of trusted issuers. */
  'server-error-400': () => json('{"error":"server_error"}', 400),
  /** A login or maintenance page with status 200. */
  html: () =>
    new Response('<!doctype html><title>Maintenance</title>', {
      headers: { 'content-type': 'text/html' },
    }),
  'empty-body': () => json(''),
  'json-null': () => json('null'),
  'json-array': () => json('[]'),
  'truncated-json': async ({ answer }) => {
    const good = await answer()
    const text = await good.text()
    return withBody(good, text.slice(0, text.length / 2))
  },
  'empty-set': () => json('{"keys":[]}'),
  'no-access-token': () => json('{"token_type":"Bearer","expires_in":900}'),
  /** `DPoP` of a token that is not bound, and `Bearer` of one that is. */
  'wrong-token-type': edited(({ token_type: type }) => ({
    token_type: type === 'Bearer' ? 'DPoP' : 'Bearer',
  })),
  'wrong-issuer': edited(() => ({ issuer: 'https://other-verifier.example.com' })),
  'foreign-jwks-uri': edited(() => ({ jwks_uri: 'http://169.254.169.254/oidc/jwks' })),
  /** White space without end. */
  'endless-body': () =>
    new Response(endless(), { headers: { 'content-type': 'application/json' } }),
  /** The good answer after 32 MiB of white space. */
  'huge-body': async ({ answer }) => {
    const good = await answer()
    return withBody(good, ' '.repeat(32 * 1_024 * 1_024) + (await good.text()))
  },
  /** 302 to a place on the same host that gives the good answer. */
  redirect: ({ request }) => {
    const target = new URL(request.url)
    target.searchParams.set(MOVED, '1')
    return new Response(null, { status: 302, headers: { location: target.href } })
  },
  /** The good answer, late. */
  slow: async ({ answer, runtime, delay, closed }) => {
    await later(runtime, delay, closed)
    return answer()
  },
  /** The good answer's headers at once, its body a byte at a time. */
  'slow-body': async (context) => {
    const good = await context.answer()
    const body = new Uint8Array(await good.arrayBuffer())
    return withBody(good, trickle(context, body))
  },
} satisfies Record<string, Fault>

/** The name of a way to fail. */
export type FaultName = keyof typeof faults

/** The query parameter that marks a request that has followed a redirect. */
export const MOVED = 'moved'

/** For how many requests a fault holds, and how slow a slow answer is. */
export interface FaultOptions {
  /** For how many requests. Default: until healed. */
  readonly times?: number
  /** How long `slow` waits, and `slow-body` between two bytes. Milliseconds. Default: 1 000. */
  readonly delay?: number
}

/** The faults set at present. */
export type FaultBoard = Map<FaultPlace, SetFault>

interface SetFault {
  readonly fault: Fault
  /** For how many requests more. */
  left: number
  readonly delay: number
}

/**
 * Sets a fault, in place of the one before.
 *
 * @throws Error for a place or a fault of another name: a test that waits for a fault which never
 *   comes would pass for the wrong reason.
 */
export function setFault(
  board: FaultBoard,
  place: FaultPlace,
  name: FaultName,
  options: FaultOptions,
): void {
  requireName('an endpoint', FAULT_PLACES, place)
  requireName('a fault', Object.keys(faults), name)
  checkOptions('fail()', options, { times: natural, delay: finite })
  board.set(place, {
    fault: faults[name],
    left: options.times ?? Infinity,
    delay: options.delay ?? 1_000,
  })
}

/**
 * Ends the fault of a place, or all of them.
 *
 * @throws Error for a place of another name.
 */
export function clearFaults(board: FaultBoard, place: FaultPlace | undefined): void {
  if (place === undefined) return board.clear()
  requireName('an endpoint', FAULT_PLACES, place)
  board.delete(place)
}

/** Answers a request to an endpoint: by its fault, if one is set. */
export async function answerOrFail(
  board: FaultBoard,
  endpoint: Endpoint,
  context: Omit<FaultContext, 'delay'>,
): Promise<Response> {
  if (new URL(context.request.url).searchParams.has(MOVED)) return context.answer()
  const set = takeFault(board, endpoint)
  return set ? set.fault({ ...context, delay: set.delay }) : context.answer()
}

/** Takes the fault of a place for one request: it holds for one less from now on. */
export function takeFault(board: FaultBoard, place: FaultPlace): SetFault | undefined {
  const set = board.get(place)
  if (!set) return undefined
  set.left -= 1
  if (set.left <= 0) board.delete(place)
  return set
}
