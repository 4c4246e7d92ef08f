/* Exchanges with other servers, bounded in time and size. */
import type { Runtime } from './runtime.js'
import { printable, place } from './display.js'

/** Why an HTTP exchange brought no usable answer. */
export type HttpFailureReason =
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'not_json'
  | 'unusable'
  /** Metadata of another issuer than was asked for (RFC 8414 §3.3). */
  | 'other_issuer'
  | 'aborted'

/** An HTTP exchange that brought no usable answer; the caller decides what that means. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  readonly reason: HttpFailureReason
  /** Status of the answer, where there was one. */
  readonly status: number | undefined
  /** What the server asked for in `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(
    reason: HttpFailureReason,
    message: string,
    details: { status?: number; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.reason = reason
    this.status = details.status
    this.retryAfter = details.retryAfter
  }
}

/** What bounds a fetch from a Verifier. */
export interface FetchLimits {
  /** Milliseconds over headers and body together. */
  readonly timeout: number
  /** Bytes of the body after decompression. */
  readonly maxBytes: number
  /** Whether plain http is acceptable beyond this machine. */
  readonly insecureHttp: boolean
  /** See {@link BoundedRequest.resendAfter}. */
  readonly resendAfter?: number
}

/** One bounded HTTP request. */
export interface BoundedRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Limit over connection, headers and body together, in milliseconds. */
  readonly timeout: number
  /** Limit of the body after decompression, in bytes. */
  readonly maxBytes: number
  /** The status whose body is read; that of any other is discarded. Default: every body is read. */
  readonly bodyOf?: number
  /** Calls the request off from outside. */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds after which the request is sent once more, while the first hangs: a server that
   * was starting may never answer that one. Each further one takes twice as long. Default: never.
   */
  readonly resendAfter?: number | undefined
}

/** An answer read to its end. */
export interface BoundedAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/**
 * Sends a request and reads the whole answer within a time and a size; follows no redirect.
 *
 * @throws {HttpFailure} `unreachable`, `timeout`, `redirect`, `too_large`, `aborted`; never for a
 *   status of 400 and above.
 */
export async function sendBounded(
  runtime: Runtime,
  request: BoundedRequest,
): Promise<BoundedAnswer> {
  const calledOff = () =>
    new HttpFailure('aborted', `the request to ${place(request.url)} was called off`)
  if (request.signal?.aborted) throw calledOff()
  const abort = new AbortController()
  let callOff = () => {}
  let answered = false
  // The race and not the signal alone bounds the time: an injected fetch need not honour the
  // signal.
  const limit = new Promise<never>((_, reject) => {
    const stop = (failure: HttpFailure) => {
      reject(failure)
      abort.abort(failure)
    }
    const expired = () =>
      stop(
        new HttpFailure(
          'timeout',
          `expected an answer from ${place(request.url)} within ${request.timeout} ms, got ${answered ? 'a part of it' : `none; ${PROXY_HINT}`}`,
        ),
      )
    const aborted = () => stop(calledOff())
    const cancelTimer = runtime.schedule(expired, request.timeout)
    request.signal?.addEventListener('abort', aborted, { once: true })
    callOff = () => {
      cancelTimer()
      request.signal?.removeEventListener('abort', aborted)
    }
  })
  try {
    const send = () => perform(runtime, request, abort.signal, () => (answered = true))
    const { answer, cancel } = sentUntilAnswered(send, runtime, request.resendAfter)
    return await Promise.race([answer, limit]).finally(cancel)
  } finally {
    callOff()
    // What was sent twice may be answered twice.
    abort.abort()
  }
}

/** The first of several answers to one request, good or bad. */
function sentUntilAnswered(
  send: () => Promise<BoundedAnswer>,
  { schedule }: Pick<Runtime, 'schedule'>,
  resendAfter: number | undefined,
): { readonly answer: Promise<BoundedAnswer>; readonly cancel: () => void } {
  if (resendAfter === undefined) return { answer: send(), cancel: () => {} }
  let cancel = () => {}
  const answer = new Promise<BoundedAnswer>((resolve, reject) => {
    const sendAndRepeat = (delay: number) => {
      void send().then(resolve, reject)
      cancel = schedule(() => sendAndRepeat(2 * delay), delay)
    }
    sendAndRepeat(resendAfter)
  })
  return { answer, cancel: () => cancel() }
}

/**
 * Fetches a JSON document within a time and a size.
 *
 * @throws {HttpFailure} every reason; `status` for anything but 200.
 */
export async function getJson(runtime: Runtime, request: BoundedRequest): Promise<unknown> {
  const { status, headers, body } = await sendBounded(runtime, {
    ...request,
    // What a refusal has to say must not cost its status: the body may be endless.
    bodyOf: 200,
    headers: { accept: 'application/json', ...request.headers },
  })
  if (status !== 200) {
    const message = `expected status 200 from ${place(request.url)}, got ${status}`
    throw new HttpFailure('status', message, {
      status,
      retryAfter: retryAfter(headers, runtime.now()),
    })
  }
  try {
    return JSON.parse(body) as unknown
  } catch {
    throw new HttpFailure(
      'not_json',
      `expected JSON from ${place(request.url)}, got ${describeBody(headers, body)}`,
      {
        status,
      },
    )
  }
}

/** `Retry-After` in milliseconds from now: delta-seconds or an HTTP date (RFC 9110 §10.2.3). */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

async function perform(
  runtime: Runtime,
  request: BoundedRequest,
  signal: AbortSignal,
  onAnswer: () => void,
): Promise<BoundedAnswer> {
  const { url, method = 'GET', headers = {}, body } = request
  const init: RequestInit = { method, headers, redirect: 'manual', signal }
  if (body !== undefined) init.body = body
  let response: Response
  try {
    response = await runtime.fetch(url, init)
  } catch (cause) {
    throw new HttpFailure(
      'unreachable',
      `expected an answer from ${place(url)}, the connection failed: ${describeCause(cause)}`,
      { cause },
    )
  }
  onAnswer()
  if (signal.aborted) {
    discard(response)
    throw signal.reason
  }
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    discard(response)
    throw new HttpFailure(
      'redirect',
      `expected ${place(url)} to answer itself, it redirects; configure the final address`,
      { status: response.status },
    )
  }
  const { status, headers: fields } = response
  if (request.bodyOf === undefined || request.bodyOf === status)
    return { status, headers: fields, body: await readText(response, request, signal) }
  discard(response)
  return { status, headers: fields, body: '' }
}

async function readText(
  response: Response,
  { url, maxBytes }: BoundedRequest,
  signal: AbortSignal,
): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  // An injected fetch need not end the body when its signal says so.
  signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true })
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      size += value.byteLength
      if (size > maxBytes) {
        throw new HttpFailure(
          'too_large',
          `expected at most ${maxBytes} bytes from ${place(url)}, got more`,
          {
            status: response.status,
          },
        )
      }
      text += decoder.decode(value, { stream: true })
    }
  } catch (cause) {
    void reader.cancel().catch(() => {})
    if (cause instanceof HttpFailure) throw cause
    throw new HttpFailure(
      'unreachable',
      `expected a whole answer from ${place(url)}, it broke off: ${describeCause(cause)}`,
      { cause },
    )
  }
}

function discard(response: Response): void {
  void response.body?.cancel().catch(() => {})
}

function describeBody(headers: Headers, body: string): string {
  return `${body.length} characters of ${printable(headers.get('content-type') ?? 'no content type')}`
}

interface Failure {
  readonly cause?: unknown
  readonly code?: unknown
  readonly message?: unknown
}

const PROXY_HINT =
  'if the way leads through a proxy: Node\'s fetch ignores HTTPS_PROXY unless NODE_USE_ENV_PROXY=1 is set (Node 22.21 or 24, and later); before, pass a fetch that uses it as "runtime.fetch"'
const NAME_HINT = `the name is not known here; ${PROXY_HINT}`
const PLAIN_HTTP_HINT = 'plain http is spoken there'
const AUTHORITY_HINT =
  'Node does not know the authority of its certificate: set NODE_EXTRA_CA_CERTS to a PEM file with it before the process starts, or NODE_USE_SYSTEM_CA=1 (Node 22.19, 24.6 and later) to take those of the system'
const CHAIN_HINT = `${AUTHORITY_HINT}; if a public authority issued it, the server leaves the intermediate certificate out and has to send it`

/** OpenSSL reads the first letters of an http answer as a version or as a length. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN_HTTP_HINT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN_HTTP_HINT,
  UND_ERR_CONNECT_TIMEOUT: PROXY_HINT,
  ETIMEDOUT: PROXY_HINT,
  EHOSTUNREACH: PROXY_HINT,
  ENETUNREACH: PROXY_HINT,
  ENOTFOUND: NAME_HINT,
  EAI_AGAIN: NAME_HINT,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY_HINT,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY_HINT,
  UNABLE_TO_GET_ISSUER_CERT: CHAIN_HINT,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CHAIN_HINT,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CHAIN_HINT,
  CERT_HAS_EXPIRED: 'renew the certificate of the server, or set the clock here right',
  CERT_NOT_YET_VALID: 'set the clock here right',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another host name: state the address by a name that it has',
}

/** What to do about a failed connection, by its code of Node or OpenSSL. */
export function connectionHint(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(HINTS, code) ? HINTS[code] : undefined
}

/**
 * undici hides the reason (`ECONNREFUSED`) behind "fetch failed", in `cause`. An error may be of
 * another realm, which no class check recognises.
 */
function describeCause(error: unknown): string {
  const outer = Object(error) as Failure
  const inner = Object(outer.cause ?? error) as Failure
  const code = text(inner.code)
  // Its own codes say less than its messages: that a proxy refuses, for one, is an abort.
  const message = text(inner.message) ?? text(outer.message)
  const what =
    code?.startsWith('UND_') && message !== undefined ? `${code}, ${message}` : (code ?? message)
  const hint = connectionHint(code)
  if (what === undefined) return 'unknown reason'
  return printable(what) + (hint === undefined ? '' : `; ${hint}`)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
