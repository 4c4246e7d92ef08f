import { onAbort } from './abort.js'
import { closedError, type TokenSourceError } from './errors.js'
import { createFetch, type TokenFetch } from './fetch.js'
import type { KeptTokenState } from './kept-token.js'
import { KeptTokens } from './kept-tokens.js'
import type { TokenSourceOptions } from './options.js'
import { resolveOptions, type Settings } from './settings.js'
import { pickParameters, readParameters, type TokenParameters } from './parameters.js'
import { place } from './display.js'
import { createTokenRequest, type TokenRequest } from './request.js'
import { moment, SECOND } from './time.js'

/**
 * What a caller may say when it asks for a token; parameters it leaves out are those of the source.
 */
export interface GetTokenOptions extends TokenParameters {
  /** Stops this caller's waiting. The request goes on for the others, and its token is kept. */
  readonly signal?: AbortSignal
}

/**
 * How a token source fares: `idle` before the first request, `degraded` while an old token covers
 * for a failing renewal.
 */
export interface TokenSourceHealth {
  readonly status: 'idle' | 'ready' | 'degraded' | 'down'
  /**
   * When the token for the source's own parameters ends, in seconds since 1970; `undefined` where
   * it does not say.
   */
  readonly expiresAt: number | undefined
  /** When the machine credential ends, in seconds since 1970. */
  readonly credentialValidUntil: number | undefined
  /** Why the last request failed, until one succeeds. */
  readonly error: TokenSourceError | undefined
}

/**
 * Access tokens that are simply there: obtained once, kept, renewed ahead of their end. Made by
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
   * A token that is good for some seconds yet. It is not checked: that is the part of the API it is
   * for.
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
   * `fetch` with the token of the source's own parameters, to `allowedOrigins` only. An
   * `authorization` of the caller's is replaced; after a 401 `invalid_token` the call is repeated
   * once, if its body can be sent again.
   *
   * @returns the answer of the API, whatever its status.
   * @throws {TokenSourceError} `origin_not_allowed` and those of `getToken`.
   */
  readonly fetch: TokenFetch
  /** The origins that tokens are sent to: those of the option, or none. */
  readonly allowedOrigins: readonly string[]
  /**
   * Whether tokens are sent to the origin of this address.
   *
   * @param url absolute; nothing is sent to a relative one.
   */
  readonly isAllowed: (url: string | URL) => boolean
  /**
   * Tells that an API answered 401 `invalid_token` to this token (RFC 6750 §3.1). It is used no
   * more, unless no other can be had.
   *
   * @param token the one that was refused.
   * @param parameters those it was asked for with.
   * @returns whether asking again may bring another one: false for ten seconds after the last time.
   * @throws {TokenSourceError} `invalid_option`.
   */
  readonly dropToken: (token: string, parameters?: TokenParameters) => boolean
  /**
   * Obtains the first token, so that a wrong key, credential or address shows at start-up.
   *
   * @throws {TokenSourceError} as `getToken`; a `retryable` one means that the Verifier is away,
   *   and need stop nobody.
   */
  readonly ready: (options?: GetTokenOptions) => Promise<void>
  /** How the token for the source's own parameters fares. Asks for none. */
  readonly health: () => TokenSourceHealth
  /** Stops requests and renewals; whoever waits is told `closed`, and so is every later call. */
  readonly close: () => void
}

const DAY = 86_400 * SECOND
/** An issuer needs days to hand out a new credential. */
const EXPIRY_WARNING = 30 * DAY

/**
 * A source of access tokens for one machine, from a Verifier (`verifier`, `credential`) or any
 * other OAuth 2.1 authorization server (`authorizationServer`, `clientId`).
 *
 * Tokens are handed out as they come: whether they are genuine is checked by the API they are for.
 * The credential's issuer, its status and the chain of trust are the Verifier's to check.
 *
 * @param options see {@link TokenSourceOptions}; checked at once, the network is first used by
 *   `ready` or `getToken`.
 * @returns the source; one for each machine and authorization server is enough for the whole
 *   process.
 * @throws {TokenSourceError} `invalid_option`, `private_key_unreadable`, `credential_unreadable`,
 *   `credential_not_yet_valid`, `credential_expired`; a key that does not belong to the credential
 *   is refused by `ready` and `getToken` as `key_mismatch`, before anything leaves.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.MACHINE_CREDENTIAL ?? '',
 *   privateKey: process.env.MACHINE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * await tokens.ready()
 * const response = await tokens.fetch('https://orders.example.org/orders')
 * console.log(response.status)
 * ```
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const resolved = resolveOptions(options)
  const request = withLifeWarning(
    withExpiryWarning(createTokenRequest(resolved), resolved),
    resolved,
  )
  const tokens = new KeptTokens(request, resolved)
  let closed = false

  const parametersOf = (wanted: TokenParameters) =>
    pickParameters({ ...resolved.parameters, ...readParameters(wanted) })

  async function getToken(wanted?: GetTokenOptions): Promise<string> {
    if (closed) throw closedError()
    wanted?.signal?.throwIfAborted()
    const token = wanted === undefined ? tokens.own.get() : tokens.get(parametersOf(wanted))
    return typeof token === 'string' ? token : untilAborted(token, wanted?.signal)
  }

  const isAllowed = (url: string | URL) => resolved.allowedOrigins.has(originOf(url))
  const dropToken = (token: string, parameters: TokenParameters = {}) =>
    tokens.find(parametersOf(parameters))?.drop(token) ?? true

  return Object.freeze({
    getToken,
    dropToken,
    allowedOrigins: Object.freeze([...resolved.allowedOrigins]),
    isAllowed,
    fetch: createFetch({ getToken, dropToken, isAllowed, runtime: resolved.runtime }),
    ready: async (wanted?: GetTokenOptions) => void (await getToken(wanted)),
    health: () => healthOf(tokens.own.state(), resolved),
    close: () => {
      closed = true
      tokens.close()
    },
  })
}

/** The origin of an absolute address, and a text that is no origin for anything else. */
function originOf(url: string | URL): string {
  if (url instanceof URL) return url.origin
  try {
    return new URL(url).origin
  } catch {
    return 'none'
  }
}

function healthOf(
  { usable, expiresAt, error }: KeptTokenState,
  { credential }: Settings,
): TokenSourceHealth {
  const status = usable ? (error ? 'degraded' : 'ready') : error ? 'down' : 'idle'
  return { status, expiresAt, credentialValidUntil: moment(credential?.validUntil), error }
}

/** Warns at the first request and then once a day. */
function withExpiryWarning(
  request: TokenRequest,
  { credential, runtime, emit }: Settings,
): TokenRequest {
  const validUntil = credential?.validUntil
  if (validUntil === undefined) return request
  let warnedAt = -Infinity
  return (parameters, signal) => {
    const now = runtime.now()
    if (validUntil - now < EXPIRY_WARNING && now - warnedAt >= DAY) {
      warnedAt = now
      emit('credentialExpiring', { validUntil: moment(validUntil) })
    }
    return request(parameters, signal)
  }
}

/** Once: it is a trait of the authorization server, and no failure. */
function withLifeWarning(request: TokenRequest, { issuer, runtime }: Settings): TokenRequest {
  let warned = false
  return async (parameters, signal) => {
    const token = await request(parameters, signal)
    if (token.lifetime === undefined && !warned) {
      warned = true
      runtime.warn(
        `The access tokens of ${place(issuer)} do not say when they end, and are kept for a minute: have the ` +
          'authorization server answer with "expires_in" (RFC 6749 §5.1).',
      )
    }
    return token
  }
}

/** Rejects with the signal's reason, as fetch does. */
function untilAborted(token: Promise<string>, signal: AbortSignal | undefined): Promise<string> {
  if (!signal) return token
  return new Promise((resolve, reject) => {
    const stopWaiting = onAbort(signal, () => reject(signal.reason as Error))
    token.then(resolve, reject).finally(stopWaiting)
  })
}
