import { invalidOption } from './errors.js'
import { refusesToken } from './refused-token.js'
import type { TokenSource } from './token-source.js'

/** What the glue of every HTTP client does with tokens. */
export interface Carrier {
  /**
   * The token for a request, or `undefined` for one that passes as it is.
   *
   * @param url absolute.
   * @param authorization what the request has of it. A token of ours is replaced: clients copy it
   *   along when they send a request again.
   */
  readonly tokenFor: (
    url: string | URL,
    authorization: unknown,
    signal?: AbortSignal,
  ) => Promise<string | undefined>
  /** Whether this `authorization` is a token that was sent from here. */
  readonly isOurs: (authorization: unknown) => boolean
  /**
   * Drops the token that was sent, if the answer may mean that it is no good.
   *
   * @returns whether asking for another one may help.
   */
  readonly drop: (authorization: unknown, answer: Answer) => boolean
  /** Another token than the one that was sent, or `undefined` if there is none. */
  readonly another: (authorization: unknown) => Promise<string | undefined>
}

interface Answer {
  readonly status: number
  /** `WWW-Authenticate`. */
  readonly challenge: unknown
}

/** Requests are sent again within the life of very few tokens. */
const MOST_REMEMBERED = 20

/** The tokens sent lately, by source: several pieces of glue may have one. */
const sentBy = new WeakMap<TokenSource, Set<string>>()

/**
 * Carries the tokens of a source for one HTTP client.
 *
 * @param glue its name, for the message.
 * @throws {TokenSourceError} `invalid_option` for a source that would send none.
 */
export function createCarrier(tokens: TokenSource, glue: string): Carrier {
  if (tokens.allowedOrigins.length === 0) {
    const hint = "set it, for instance to ['https://orders.example.org']"
    throw invalidOption(`"allowedOrigins" of the token source for ${glue}`, 'none', hint)
  }
  const sent = sentBy.get(tokens) ?? new Set()
  sentBy.set(tokens, sent)
  const isOurs = (authorization: unknown) => sent.has(tokenOf(authorization))
  return {
    isOurs,
    async tokenFor(url, authorization, signal) {
      const isOwn = authorization !== undefined && !isOurs(authorization)
      if (isOwn || !tokens.isAllowed(url)) return undefined
      const token = await tokens.getToken(signal && { signal })
      remember(sent, token)
      return token
    },
    drop: (authorization, { status, challenge }) =>
      isOurs(authorization) &&
      refusesToken(status, challenge) &&
      tokens.dropToken(tokenOf(authorization)),
    async another(authorization) {
      const token = await tokens.getToken().catch(() => undefined)
      if (token === undefined || token === tokenOf(authorization)) return undefined
      remember(sent, token)
      return token
    },
  }
}

/** By its value, because HTTP clients copy the objects around it. */
function remember(sent: Set<string>, token: string): void {
  // A set keeps the order of insertion, which thereby is the order of use.
  sent.delete(token)
  sent.add(token)
  const [oldest = ''] = sent
  if (sent.size > MOST_REMEMBERED) sent.delete(oldest)
}

function tokenOf(authorization: unknown): string {
  return typeof authorization === 'string' ? authorization.replace(/^Bearer /, '') : ''
}
