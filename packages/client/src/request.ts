import {
  exchange,
  HttpFailure,
  type BoundedAnswer,
  type BoundedRequest,
} from '@verifier-guard/core/support'
import type { ClientProof } from './client-authentication.js'
import { printable } from './display.js'
import { failure, TokenSourceError, type TokenSourceErrorCode } from './errors.js'
import { discoverTokenEndpoint, type TokenEndpoint } from './metadata.js'
import type { TokenParameters } from './parameters.js'
import { judgeTokenResponse, type ObtainedToken } from './response.js'
import type { Settings } from './settings.js'
import { inSeconds } from './time.js'
import { traced } from './trace.js'

/** Sends one token request; each call signs anew, because a Verifier takes each `jti` once. */
export type TokenRequest = (
  parameters: TokenParameters,
  signal: AbortSignal,
) => Promise<ObtainedToken>

/** A token with the credential it embeds stays well below. */
const MAX_BYTES = 262_144

/** An address, and what a server, a proxy or a system library said about it. */
const LONGEST_REASON = 500

/** What a failed exchange means here; statuses are judged apart. */
const FAILURES: Readonly<Record<HttpFailure['reason'], TokenSourceErrorCode>> = {
  unreachable: 'verifier_unreachable',
  timeout: 'verifier_timeout',
  redirect: 'unusable_answer',
  status: 'unusable_answer',
  too_large: 'unusable_answer',
  not_json: 'unusable_answer',
  unusable: 'unusable_answer',
  aborted: 'closed',
}

/**
 * The way to the token endpoint (RFC 6749 §4.4.2). The discovered endpoint is kept until a request
 * to it fails.
 *
 * The request function throws nothing but {@link TokenSourceError}.
 */
export function createTokenRequest(settings: Settings): TokenRequest {
  const { issuer, timeout, runtime, tokenEndpoint } = settings
  const given = tokenEndpoint === undefined ? undefined : { url: tokenEndpoint }
  let known: TokenEndpoint | undefined = given
  return (parameters, signal) => {
    const endpoint = async () =>
      (known ??= await discoverTokenEndpoint({ issuer, timeout, runtime, signal }))
    return traced(issuer, async () => {
      try {
        return await request(settings, parameters, endpoint, signal)
      } catch (error) {
        known = given
        throw translate(error)
      }
    })
  }
}

async function request(
  settings: Settings,
  parameters: TokenParameters,
  endpoint: () => Promise<TokenEndpoint>,
  signal: AbortSignal,
): Promise<ObtainedToken> {
  const { authenticate, checklist, timeout, runtime } = settings
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
      ...proof.headers,
    },
    body: formOf(parameters, proof).toString(),
    timeout,
    maxBytes: MAX_BYTES,
    signal,
  })
  const circumstances = { now: runtime.now(), endpoint: url, checklist, parameters }
  return judgeTokenResponse(answer, circumstances)
}

const CLOSED =
  'Verifiers 1 and 2 close the connection when their own list of trusted issuers is out of reach'
const CLOSED_BY_PEER = new Set(['UND_ERR_SOCKET', 'ECONNRESET'])

async function send(
  { runtime, credential }: Settings,
  request: BoundedRequest,
): Promise<BoundedAnswer> {
  try {
    return await exchange(runtime, request)
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
  { tenant: _, resource = [], parameters, ...form }: TokenParameters,
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
    return new TokenSourceError(failureCode(error), printable(message, LONGEST_REASON), {
      cause: error,
      status,
      retryAfter: inSeconds(retryAfter),
    })
  }
  // Nothing else is expected here; it is trouble on the way, and not for ever.
  const reason = { expected: 'an answer', found: 'a failure', hint: 'see "cause"' }
  return failure('verifier_unreachable', reason, { cause: error })
}

function failureCode({ reason, status = 0 }: HttpFailure): TokenSourceErrorCode {
  if (reason === 'status' && status === 429) return 'rate_limited'
  if (reason === 'status' && status >= 500) return 'verifier_error'
  return FAILURES[reason]
}
