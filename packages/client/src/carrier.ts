import { connectionsOf } from './connections.js'
import { invalidOptionError } from './errors.js'
import type { CertifiedConnections } from './mtls.js'
import type { RequestTarget } from './proof.js'
import {
  getAnother,
  tokenOf,
  type ApiAnswer,
  type Replaceable,
  type RequestFields,
} from './sending.js'
import type { TokenSource } from './token-source.js'

/** What the integration of every HTTP client does with tokens. */
export interface Carrier {
  /** The fields for a request to an allowed origin. */
  readonly authorize: (target: RequestTarget, signal?: AbortSignal) => Promise<RequestFields>
  /**
   * The fields for a request, or `undefined` for one that passes as it is.
   *
   * @param authorization that of the request. A token of the source is replaced: clients copy it
   *   along when they send a request again.
   */
  readonly fieldsFor: (
    target: RequestTarget,
    authorization: unknown,
    signal?: AbortSignal,
  ) => Promise<RequestFields | undefined>
  /** Whether this `authorization` is a token of the source. */
  readonly isOurs: (authorization: unknown) => boolean
  /** Learns from an answer. Returns what to replace, if that may help. */
  readonly note: (
    url: string | URL,
    authorization: unknown,
    answer: ApiAnswer,
  ) => Replaceable | undefined
  /** Fields with what was refused replaced, or `undefined` if there is nothing better. */
  readonly another: (
    target: RequestTarget,
    authorization: unknown,
    refused: Replaceable,
    signal?: AbortSignal,
  ) => Promise<RequestFields | undefined>
  /** The connections on which the source shows its certificate, if it has one. */
  readonly connections: CertifiedConnections | undefined
  /**
   * Whether redirects must not be followed: a proof is for one address, and a certificate for
   * allowed origins.
   */
  readonly refusesRedirects: (fields: RequestFields) => boolean
}

/** Requests are sent again within the life of very few tokens. */
const MAX_REMEMBERED = 20

/** The tokens sent lately, by source: several integrations may share one. */
const sentBy = new WeakMap<TokenSource, Set<string>>()

/**
 * Carries the tokens of a source for one HTTP client.
 *
 * @param integration its name, for the message.
 * @throws {TokenSourceError} `invalid_option` for a source that would send none.
 */
export function createCarrier(tokens: TokenSource, integration: string): Carrier {
  if (tokens.allowedOrigins.length === 0) {
    const hint = "set it, for instance to ['https://orders.example.org']"
    throw invalidOptionError(
      `"allowedOrigins" of the token source for ${integration}`,
      'none',
      hint,
    )
  }
  const sent = sentBy.get(tokens) ?? new Set()
  sentBy.set(tokens, sent)
  const connections = connectionsOf(tokens)
  const isOurs = (authorization: unknown) => sent.has(tokenOf(authorization))
  async function authorize(target: RequestTarget, signal?: AbortSignal): Promise<RequestFields> {
    const fields = await tokens.authorize(target, signal && { signal })
    remember(sent, tokenOf(fields.authorization))
    return fields
  }
  return {
    authorize,
    isOurs,
    connections,
    refusesRedirects: ({ dpop }) => dpop !== undefined || connections !== undefined,
    async fieldsFor(target, authorization, signal) {
      const isCallers = authorization !== undefined && !isOurs(authorization)
      return isCallers || !tokens.isAllowed(target.url) ? undefined : authorize(target, signal)
    },
    note: (url, authorization, answer) =>
      isOurs(authorization)
        ? tokens.noteAnswer({ url, authorization: String(authorization) }, answer)
        : undefined,
    another: (target, authorization, refused, signal) =>
      getAnother(() => authorize(target, signal), String(authorization), refused, signal),
  }
}

/** By its value, because HTTP clients copy the objects around it. */
function remember(sent: Set<string>, token: string): void {
  // A set keeps the order of insertion, which thereby is the order of use.
  sent.delete(token)
  sent.add(token)
  const [oldest = ''] = sent
  if (sent.size > MAX_REMEMBERED) sent.delete(oldest)
}
