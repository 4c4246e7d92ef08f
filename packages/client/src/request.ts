import { exchange, HttpFailure } from '@verifier-guard/core/support'
import { failure, TokenSourceError, type TokenSourceErrorCode } from './errors.js'
import { discoverTokenEndpoint } from './metadata.js'
import type { TokenParameters } from './parameters.js'
import { printable } from './display.js'
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
  let endpoint = settings.tokenEndpoint
  return (parameters, signal) =>
    traced(settings.issuer, async () => {
      try {
        return await request(settings, parameters, signal)
      } catch (error) {
        endpoint = settings.tokenEndpoint
        throw translate(error)
      }
    })

  async function request(
    { authenticate, checklist, issuer, timeout, runtime }: Settings,
    { tenant, ...form }: TokenParameters,
    signal: AbortSignal,
  ): Promise<ObtainedToken> {
    // Signed before anything is asked: a key that does not fit is found without a Verifier.
    const proof = await authenticate(runtime.now(), runtime.uuid)
    endpoint ??= await discoverTokenEndpoint({ issuer, timeout, runtime, signal })
    const answer = await exchange(runtime, {
      url: endpoint,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
        ...proof.headers,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...form,
        ...proof.form,
      }).toString(),
      timeout,
      maxBytes: MAX_BYTES,
      signal,
    })
    const parameters = { ...form, ...(tenant === undefined ? {} : { tenant }) }
    return judgeTokenResponse(answer, {
      now: runtime.now(),
      endpoint,
      checklist: checklist(parameters),
    })
  }
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
