import { notAllowedError } from './not-allowed.js'
import type { GetTokenOptions } from './token-source.js'
import type { TokenParameters } from './parameters.js'
import type { RequestTarget } from './proof.js'
import type { Prover } from './prover.js'
import { refusedBy } from './refused-token.js'
import type { TokenScheme } from './response.js'

/** The fields that a request to an API carries. */
export interface RequestFields {
  /** The token, after its scheme. */
  readonly authorization: string
  /** The proof of possession, with a bound token. It holds for one request alone. */
  readonly dpop?: string
}

/** A request as it was sent. */
export interface SentRequest {
  readonly url: string | URL
  readonly authorization: string
}

/** What counts of an answer. Names of fields are in lower case. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers | Readonly<Record<string, unknown>>
}

/** What to replace before a request is sent again. */
export type Replaceable = 'token' | 'proof'

/** How requests of a source are sent, whatever sends them. */
export interface Sending {
  readonly authorize: (target: RequestTarget, options?: GetTokenOptions) => Promise<RequestFields>
  readonly noteAnswer: (
    sent: SentRequest,
    answer: ApiAnswer,
    parameters?: TokenParameters,
  ) => Replaceable | undefined
}

interface SendingParts {
  readonly getToken: (options?: GetTokenOptions) => Promise<string>
  readonly dropToken: (token: string, parameters?: TokenParameters) => boolean
  readonly isAllowed: (url: string | URL) => boolean
  /** Makes proofs, for tokens that are bound to a key. */
  readonly prover: Prover | undefined
}

/** Puts token and proof together. */
export function createSending({ getToken, dropToken, isAllowed, prover }: SendingParts): Sending {
  const scheme: TokenScheme = prover ? 'DPoP' : 'Bearer'
  return {
    async authorize(target, options) {
      if (!isAllowed(target.url)) throw notAllowedError(target.url)
      const token = await getToken(options)
      const authorization = `${scheme} ${token}`
      return prover ? { authorization, dpop: await prover.prove(target, token) } : { authorization }
    },
    noteAnswer({ url, authorization }, { status, headers }, parameters) {
      if (!isAllowed(url) || (!prover && status !== 401)) return undefined
      const fields = readFields(headers)
      const refused = refusedBy(status, fields.get('www-authenticate') ?? undefined, scheme)
      const mayProveBetter = prover?.learn(url, fields, refused === 'token' ? undefined : refused)
      if (refused === 'token')
        return dropToken(tokenOf(authorization), parameters) ? refused : undefined
      return mayProveBetter ? 'proof' : undefined
    },
  }
}

/**
 * Fields for a second try, or `undefined` if there is nothing better: then the answer of the API
 * stands.
 *
 * @param authorize makes the fields of one more request.
 * @param authorization that of the request that was refused.
 * @throws the reason of the signal, once it aborts: the caller waits for no answer any more.
 */
export async function getAnother(
  authorize: () => Promise<RequestFields>,
  authorization: string,
  refused: Replaceable,
  signal: AbortSignal | null | undefined,
): Promise<RequestFields | undefined> {
  const another = await authorize().catch(() => undefined)
  signal?.throwIfAborted()
  return refused === 'token' && another?.authorization === authorization ? undefined : another
}

/** The token in an `Authorization` field; an empty text for anything else. */
export function tokenOf(authorization: unknown): string {
  return typeof authorization === 'string' ? authorization.replace(/^(?:Bearer|DPoP) /, '') : ''
}

const READ = ['www-authenticate', 'dpop-nonce', 'date']

function readFields(headers: ApiAnswer['headers']): Headers {
  // That of another implementation is no instance of ours.
  if (typeof headers.get === 'function' && typeof headers.has === 'function')
    return headers as Headers
  const record = headers as Readonly<Record<string, string | string[] | undefined>>
  const values = READ.map((name) => [name, [record[name] ?? []].flat().join(', ')] as const)
  return new Headers(
    values.filter(([, value]) => value !== '').map(([name, value]) => [name, value]),
  )
}
