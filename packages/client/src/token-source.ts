import { createRollCall, readUrl } from '@verifier-guard/core/support'
import { onAbort } from './abort.js'
import { holdConnections } from './connections.js'
import { closedError, type TokenSourceError } from './errors.js'
import { createFetch, type TokenFetch } from './fetch.js'
import type { KeptTokenState } from './kept-token.js'
import { KeptTokens } from './kept-tokens.js'
import type { TokenSourceOptions } from './options.js'
import { readParameters, type TokenParameters } from './parameters.js'
import type { RequestTarget } from './proof.js'
import { createTokenRequest } from './request.js'
import {
  createSending,
  type ApiAnswer,
  type Replaceable,
  type RequestFields,
  type SentRequest,
} from './sending.js'
import { resolveOptions, type Settings } from './settings.js'
import { epochSeconds } from './time.js'
import { withWarnings } from './warnings.js'

/** What a token is asked for with. What is left out is that of the source. */
export interface GetTokenOptions extends TokenParameters {
  /** Stops this caller's waiting. The request goes on for the others, and its token is kept. */
  readonly signal?: AbortSignal
}

/** The state of a token source, for the source's own parameters. */
export interface TokenSourceHealth {
  /**
   * `idle` before the first request, `ready` with a token, `degraded` while renewals fail and the
   * token at hand is still good, `down` after a failure without one.
   */
  readonly status: 'idle' | 'ready' | 'degraded' | 'down'
  /** When the token ends. Seconds since 1970; `undefined` where it does not say. */
  readonly expiresAt: number | undefined
  /** When the machine credential ends. Seconds since 1970; `undefined` without a credential. */
  readonly credentialValidUntil: number | undefined
  /** Why the last request failed, until one succeeds. */
  readonly error: TokenSourceError | undefined
}

/**
 * Access tokens that are obtained once, kept, and renewed ahead of their end. Made by
 * {@link createTokenSource}.
 *
 * @example
 * ```ts
 * import type { TokenSource } from '@verifier-guard/client'
 *
 * async function listOrders(tokens: TokenSource): Promise<unknown> {
 *   const response = await tokens.fetch('https://orders.example.org/orders')
 *   return response.json()
 * }
 * ```
 */
export interface TokenSource {
  /**
   * A token that is good for some more seconds. It is not checked: the API it is for does that.
   *
   * @param options what the token is for, where it differs from the source's own parameters, and
   *   how long to wait.
   * @returns the token alone, without `Bearer`.
   * @throws {TokenSourceError} any code but `origin_not_allowed`; `invalid_option` for parameters
   *   that no request could carry.
   * @throws the reason of the signal, once it aborts.
   */
  readonly getToken: (options?: GetTokenOptions) => Promise<string>
  /**
   * `fetch` with the token of the source's own parameters, to `allowedOrigins` only. It takes the
   * place of an `authorization` of the caller.
   *
   * After a 401 that may mean the token ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)),
   * the call is repeated once with another one, if its body can be sent again: a stream can't, and
   * the body of a Request can up to 1 MiB.
   *
   * @returns the answer of the API, whatever its status.
   * @throws {TokenSourceError} `origin_not_allowed` and those of `getToken`.
   */
  readonly fetch: TokenFetch
  /**
   * The fields of one request, for a client that none of the entry points is for: the token, and
   * with `dpop` the proof beside it.
   *
   * @param request where it goes, and how. `method` as it is sent; default: `GET`.
   * @param options what the token is for, and how long to wait.
   * @throws {TokenSourceError} `origin_not_allowed` and those of `getToken`.
   */
  readonly authorize: (request: RequestTarget, options?: GetTokenOptions) => Promise<RequestFields>
  /**
   * Learns from the answer to a request that `authorize` made the fields of: a nonce, a refused
   * token, a clock. Call it for every answer.
   *
   * @param request its address and its field `authorization`.
   * @param answer its status, and its headers with names in lower case.
   * @param parameters those that the token was asked for with. Default: those of the source.
   * @returns what fields of another `authorize` would replace, where sending the request once more
   *   may help.
   * @throws {TokenSourceError} `invalid_option`.
   */
  readonly noteAnswer: (
    request: SentRequest,
    answer: ApiAnswer,
    parameters?: TokenParameters,
  ) => Replaceable | undefined
  /** The origins that tokens are sent to: those of the option, or none. */
  readonly allowedOrigins: readonly string[]
  /**
   * Whether tokens are sent to the origin of this address.
   *
   * @param url absolute. Nothing is sent to a relative one.
   */
  readonly isAllowed: (url: string | URL) => boolean
  /**
   * Replaces a token that an API refused with 401. It is used no more, unless the authorization
   * server cannot be reached.
   *
   * @param token the one that was refused.
   * @param parameters those it was asked for with. Default: those of the source.
   * @returns whether asking again may bring another one: false for ten seconds after the last time.
   * @throws {TokenSourceError} `invalid_option`.
   */
  readonly dropToken: (token: string, parameters?: TokenParameters) => boolean
  /**
   * Obtains the first token, so that a wrong key, credential or address shows at start-up.
   *
   * @param options as those of `getToken`.
   * @throws {TokenSourceError} as `getToken`. With a `retryable` one the same call may succeed
   *   later: the authorization server could not be reached or failed (kind `verifier`), or the
   *   `signer` did (`signer_failed`). An application can start despite the former. The latter is
   *   also what a KMS without permission does, at every call.
   */
  readonly ready: (options?: GetTokenOptions) => Promise<void>
  /** The state of the token for the source's own parameters. Sends no request. */
  readonly health: () => TokenSourceHealth
  /** Stops requests and renewals. Calls that wait fail with `closed`, and so do later ones. */
  readonly close: () => void
}

/** What telemetry measures of an open token source. */
export interface TokenSourceState {
  readonly issuer: string
  readonly health: TokenSourceHealth
}

const openSources = createRollCall<TokenSourceState>('verifier-guard:client:state')

/**
 * A source of access tokens for one machine, from a Verifier (`verifier`, `credential`) or any
 * other OAuth 2.1 authorization server (`authorizationServer`, `clientId`), by the client
 * credentials grant ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
 *
 * It does not check tokens: the API they are for does. It does not check the issuer of the
 * credential, its status or its chain of trust: the Verifier does.
 *
 * @param options see {@link TokenSourceOptions}. They are checked at once. The network is first
 *   used by `ready` or `getToken`.
 * @returns the source. One for each machine and authorization server is enough for a process.
 * @throws {TokenSourceError} `invalid_option`, `private_key_unreadable`, `credential_unreadable`,
 *   `credential_not_yet_valid`, `credential_expired`; a key that does not belong to the credential
 *   is refused by `ready` and `getToken` as `key_mismatch`, before anything leaves.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.CREDENTIAL ?? '',
 *   privateKey: process.env.PRIVATE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * await tokens.ready()
 * const response = await tokens.fetch('https://orders.example.org/orders')
 * console.log(response.status)
 * ```
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const settings = resolveOptions(options)
  const { issuer, allowedOrigins, connections, dpop, runtime } = settings
  const { getToken, dropToken, health, close } = openTokens(settings)
  const isAllowed = (url: string | URL) => allowedOrigins.has(originOf(url))
  const sending = createSending({ getToken, dropToken, isAllowed, prover: dpop?.atApis })
  const refusesRedirects = dpop !== undefined || connections !== undefined
  const source: TokenSource = Object.freeze({
    getToken,
    dropToken,
    ...sending,
    ...holdConnections(connections),
    allowedOrigins: Object.freeze([...allowedOrigins]),
    isAllowed,
    fetch: createFetch({ ...sending, isAllowed, refusesRedirects, runtime }),
    ready: async (wanted?: GetTokenOptions) => void (await getToken(wanted)),
    health,
    close: () => {
      openSources.remove(source)
      close()
      connections?.close()
    },
  })
  openSources.add(source, () => ({ issuer, health: health() }))
  return source
}

/** The tokens of a source, for callers. */
function openTokens(
  settings: Settings,
): Pick<TokenSource, 'getToken' | 'dropToken' | 'health' | 'close'> {
  const tokens = new KeptTokens(withWarnings(createTokenRequest(settings), settings), settings)
  const { parameters: own, parameterNames } = settings
  const parametersOf = (wanted: TokenParameters) => readParameters(wanted, own, parameterNames)
  let closed = false
  return {
    async getToken(wanted) {
      if (closed) throw closedError()
      wanted?.signal?.throwIfAborted()
      const token = wanted === undefined ? tokens.own.get() : tokens.get(parametersOf(wanted))
      return typeof token === 'string' ? token : untilAborted(token, wanted?.signal)
    },
    dropToken: (token, parameters = {}) =>
      tokens.find(parametersOf(parameters))?.drop(token) ?? true,
    health: () => healthOf(tokens.own.state(), settings),
    close() {
      closed = true
      tokens.close()
    },
  }
}

/** The origin of an absolute address, and a text that is no origin for anything else. */
function originOf(url: string | URL): string {
  // A URL of another realm is no instance of ours.
  return (url instanceof URL ? url : readUrl(String(url)))?.origin ?? 'none'
}

function healthOf(
  { usable, expiresAt, error }: KeptTokenState,
  { credential }: Settings,
): TokenSourceHealth {
  const status = usable ? (error ? 'degraded' : 'ready') : error ? 'down' : 'idle'
  return { status, expiresAt, credentialValidUntil: epochSeconds(credential?.validUntil), error }
}

/** Rejects with the signal's reason, as fetch does. */
function untilAborted(token: Promise<string>, signal: AbortSignal | undefined): Promise<string> {
  if (!signal) return token
  return new Promise((resolve, reject) => {
    const stopWaiting = onAbort(signal, () => reject(signal.reason as Error))
    token.then(resolve, reject).finally(stopWaiting)
  })
}
