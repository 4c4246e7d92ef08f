import {
  createTrace,
  sendBounded,
  HttpFailure,
  Kept,
  type BoundedAnswer,
  type BoundedRequest,
  type KeepPolicy,
} from '@verifier-guard/core/support'
import type { ClientProof } from './client-authentication.js'
import { printable } from './display.js'
import {
  closedError,
  tokenSourceError,
  TokenSourceError,
  type TokenSourceErrorCode,
} from './errors.js'
import { firstString, parseObject } from './json.js'
import { discoverTokenEndpoint, type TokenEndpoint } from './metadata.js'
import type { SentParameters } from './parameters.js'
import { readTokenResponse, type ObtainedToken } from './response.js'
import type { Settings } from './settings.js'
import { inSeconds } from './time.js'

/** Sends one token request; each call signs anew, because a Verifier takes each `jti` once. */
export type TokenRequest = (
  parameters: SentParameters,
  signal: AbortSignal,
) => Promise<ObtainedToken>

/** A token with the credential it embeds stays well below. */
const MAX_BYTES = 262_144

/** An address, and what a server, a proxy or a system library said about it. */
const MAX_REASON = 500

/** What a failed exchange means here. Statuses have a step of their own. */
const FAILURES: Readonly<Record<HttpFailure['reason'], TokenSourceErrorCode>> = {
  unreachable: 'verifier_unreachable',
  timeout: 'verifier_timeout',
  redirect: 'unusable_answer',
  status: 'unusable_answer',
  too_large: 'unusable_answer',
  not_json: 'unusable_answer',
  unusable: 'unusable_answer',
  other_issuer: 'issuer_mismatch',
  aborted: 'closed',
}

const requests = createTrace('client:token-request')

/** What subscribers of the tracing channel `verifier-guard:client:token-request` get. */
export interface TokenRequestTrace {
  readonly issuer: string
  /** Why it failed, from then on. */
  readonly error?: TokenSourceError
}

/**
 * Sends requests to the token endpoint (RFC 6749 §4.4.2). The discovered endpoint is kept until a
 * request to it fails.
 *
 * The request function throws nothing but {@link TokenSourceError}.
 */
export function createTokenRequest(settings: Settings): TokenRequest {
  const { issuer } = settings
  const endpoint = endpointOf(settings)
  const traceOf = (): TokenRequestTrace => ({ issuer })
  return async (parameters, signal) =>
    requests.run(traceOf, async () => {
      try {
        return await request(settings, parameters, () => endpoint.find(signal), signal)
      } catch (error) {
        endpoint.expire()
        throw translate(error)
      }
    })
}

interface EndpointSource {
  find(signal: AbortSignal): Promise<TokenEndpoint>
  /** Has it looked up again before its next use. */
  expire(): void
}

function endpointOf({
  issuer,
  timeout,
  runtime,
  tokenEndpoint,
  connections,
}: Settings): EndpointSource {
  if (tokenEndpoint !== undefined)
    return { find: () => Promise.resolve({ url: tokenEndpoint }), expire() {} }
  let isExpired = false
  const endpoint = new Kept(
    (signal) =>
      discoverTokenEndpoint({
        issuer,
        timeout,
        runtime,
        certified: connections !== undefined,
        signal,
      }),
    ENDPOINT,
    runtime,
    { fetched: () => (isExpired = false) },
  )
  return {
    async find(signal) {
      signal.addEventListener('abort', () => endpoint.close(), { once: true })
      if (isExpired || endpoint.current === undefined) await endpoint.refresh()
      const { current, failures, lastFailure } = endpoint
      if (signal.aborted) throw closedError()
      if (current === undefined || failures > 0) throw lastFailure
      return current
    },
    expire: () => (isExpired = true),
  }
}

/** As long as requests to it succeed; the back-off of the tokens governs both. */
const ENDPOINT: KeepPolicy<TokenEndpoint> = {
  renewal: 'onUse',
  life: () => ({ renewAfter: Infinity, staleAfter: Infinity, endsAfter: Infinity }),
  pause: () => ({ renewal: Infinity, demand: 0 }),
}

async function request(
  settings: Settings,
  parameters: SentParameters,
  endpoint: () => Promise<TokenEndpoint>,
  signal: AbortSignal,
): Promise<ObtainedToken> {
  const { checklist, dpop, runtime } = settings
  const ask = () => askOnce(settings, parameters, endpoint, signal)
  let { url, answer } = await ask()
  // With a new assertion too: servers use up the first one even if a later check fails.
  if (mayProveBetter(settings, url, answer)) ({ url, answer } = await ask())
  dpop?.atServer.learn(url, answer.headers, undefined)
  const jkt = await dpop?.jkt()
  const context = { now: runtime.now(), endpoint: url, checklist, parameters, jkt }
  return readTokenResponse(answer, context)
}

async function askOnce(
  settings: Settings,
  parameters: SentParameters,
  endpoint: () => Promise<TokenEndpoint>,
  signal: AbortSignal,
): Promise<{ url: string; answer: BoundedAnswer }> {
  const { authenticate, dpop, timeout, runtime } = settings
  // A key that does not fit is found before anything is asked.
  const proof = await authenticate({ now: runtime.now(), uuid: runtime.uuid, endpoint })
  const { url } = await endpoint()
  const { tenant } = parameters
  const answer = await send(settings, {
    url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
      ...(dpop && { dpop: await dpop.atServer.prove({ method: 'POST', url }) }),
      ...proof.headers,
    },
    body: formOf(parameters, proof).toString(),
    timeout,
    maxBytes: MAX_BYTES,
    signal,
  })
  return { url, answer }
}

/** Errors of a token endpoint that mean the proof of possession (RFC 9449 §5, §8). */
const PROOF_ERRORS: Readonly<Record<string, 'nonce' | 'proof'>> = {
  use_dpop_nonce: 'nonce',
  invalid_dpop_proof: 'proof',
}

/** Whether the server refused the proof, and another one may do better. */
function mayProveBetter(
  { dpop }: Settings,
  url: string,
  { status, headers, body }: BoundedAnswer,
): boolean {
  if (!dpop || (status !== 400 && status !== 401)) return false
  const error = firstString(parseObject(body)?.error) ?? ''
  const refused = Object.hasOwn(PROOF_ERRORS, error) ? PROOF_ERRORS[error] : undefined
  return dpop.atServer.learn(url, headers, refused)
}

const CLOSED =
  'Verifiers 1 and 2 close the connection when their own list of trusted issuers is out of reach'
const CLOSED_BY_PEER = new Set(['UND_ERR_SOCKET', 'ECONNRESET'])

async function send(
  { runtime, credential }: Settings,
  request: BoundedRequest,
): Promise<BoundedAnswer> {
  try {
    return await sendBounded(runtime, request)
  } catch (error) {
    if (credential === undefined || !isClosedByPeer(error)) throw error
    throw new HttpFailure('unreachable', `${error.message}; ${CLOSED}`, { cause: error.cause })
  }
}

function isClosedByPeer(error: unknown): error is HttpFailure {
  if (!(error instanceof HttpFailure && error.reason === 'unreachable')) return false
  // The reason stands in the `cause` of what `fetch` throws, and so in that of the failure.
  const { code, cause } = Object(error.cause) as { code?: unknown; cause?: unknown }
  const inner = Object(cause) as { code?: unknown }
  return [code, inner.code].some((one) => CLOSED_BY_PEER.has(one as string))
}

function formOf(
  { tenant: _, resource = [], parameters, ...form }: SentParameters,
  proof: ClientProof,
): URLSearchParams {
  const fields = { grant_type: 'client_credentials', ...form, ...parameters, ...proof.form }
  const all = new URLSearchParams(fields)
  for (const one of [resource].flat()) all.append('resource', one)
  return all
}

function translate(error: unknown): TokenSourceError {
  if (error instanceof TokenSourceError) return error
  if (error instanceof HttpFailure) {
    const { status, retryAfter, message } = error
    return new TokenSourceError(failureCode(error), printable(message, MAX_REASON), {
      cause: error,
      status,
      retryAfter: inSeconds(retryAfter),
    })
  }
  // Nothing else is expected here. It lies between here and the server, and does not last.
  const reason = { expected: 'an answer', found: 'a failure', hint: 'see "cause"' }
  return tokenSourceError('verifier_unreachable', reason, { cause: error })
}

function failureCode({ reason, status = 0 }: HttpFailure): TokenSourceErrorCode {
  if (reason === 'status' && status === 429) return 'rate_limited'
  if (reason === 'status' && status >= 500) return 'verifier_error'
  return FAILURES[reason]
}
