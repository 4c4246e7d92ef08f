/**
 * Tokens for got, and for clients with the same hooks.
 *
 * @packageDocumentation
 */
import { abortSignal } from './abort.js'
import { createCarrier, type Carrier } from './carrier.js'
import { tlsOptions, type CertifiedConnections } from './mtls.js'
import { canSendAgain } from './refused-token.js'
import type { Replaceable } from './sending.js'
import type { TokenSource } from './token-source.js'

interface RequestOptions {
  url: string | URL | undefined
  readonly headers: Record<string, string | string[] | undefined>
  readonly method: string
  readonly body?: unknown
  readonly signal?: unknown
  followRedirect?: unknown
  readonly https?: object
}

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly url: string
  readonly request: { readonly options: RequestOptions }
}

/** Hooks in the form of got. */
export interface TokenHooks {
  readonly beforeRequest: [(options: RequestOptions) => Promise<void>]
  readonly beforeRedirect: [(options: RequestOptions, answer: { readonly url: string }) => void]
  readonly afterResponse: [
    <Response extends Answer>(response: Response) => Response,
    <Response extends Answer>(
      response: Response,
      retryWithMergedOptions: (options: { headers: Record<string, string> }) => never,
    ) => Promise<Response>,
  ]
  readonly beforeError: [
    <Failure extends { readonly options: RequestOptions }>(error: Failure) => Failure,
  ]
}

/**
 * Hooks that add the token to requests to `allowedOrigins`. Requests elsewhere, and those with an
 * `authorization` of the caller, pass untouched. A redirect to another origin goes on without the
 * token.
 *
 * After a 401 that may mean the token, the request is repeated once with another one, if its body
 * can be sent again. A retry of got goes with the token at hand by then.
 *
 * The token is taken out of the options that an error of got shows.
 *
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns the hooks, for the option `hooks` of got.
 * @throws {TokenSourceError} `invalid_option` if the source has no `allowedOrigins`.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { tokenHooks } from '@verifier-guard/client/got'
 * import got from 'got'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.CREDENTIAL ?? '',
 *   privateKey: process.env.PRIVATE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const orders = got.extend({ prefixUrl: 'https://orders.example.org', hooks: tokenHooks(tokens) })
 * console.log(await orders('orders').json())
 * ```
 */
export function tokenHooks(tokens: TokenSource): TokenHooks {
  const carrier = createCarrier(tokens, 'tokenHooks')
  return {
    beforeRequest: [(options) => authorize(carrier, options)],
    beforeRedirect: [
      ({ url, headers }, answer) => {
        if (url === undefined || new URL(url).origin !== new URL(answer.url).origin)
          removeFields(headers)
      },
    ],
    afterResponse: repeatHooks(carrier),
    beforeError: [
      (error) => {
        const { headers } = error.options
        if (carrier.isOurs(headers.authorization)) removeFields(headers)
        return error
      },
    ],
  }
}

async function authorize(carrier: Carrier, options: RequestOptions): Promise<void> {
  const { url = '', headers, method, signal } = options
  const { authorization } = headers
  if (carrier.isOurs(authorization)) removeFields(headers)
  const fields = await carrier.fieldsFor({ url, method }, authorization, abortSignal(signal))
  if (fields === undefined) return
  Object.assign(headers, fields)
  if (carrier.refusesRedirects(fields)) options.followRedirect = false
  if (carrier.connections) showCertificate(options, carrier.connections)
}

/** Two hooks: for the second answer, got runs them up to the one that repeats. */
function repeatHooks(carrier: Carrier): TokenHooks['afterResponse'] {
  const refused = new WeakMap<Answer, Replaceable>()
  return [
    (response) => {
      const { url = response.url, headers } = response.request.options
      const answer = { status: response.statusCode, headers: response.headers }
      // A redirect to another origin took the token out of these headers.
      const replaceable = carrier.note(url, headers.authorization, answer)
      if (replaceable) refused.set(response, replaceable)
      return response
    },
    async (response, retryWithMergedOptions) => {
      const { url = response.url, method, headers, body, signal } = response.request.options
      const { authorization } = headers
      const replaceable = refused.get(response)
      if (!replaceable || !canSendAgain(body)) return response
      const target = { url, method }
      const another = await carrier.another(target, authorization, replaceable, abortSignal(signal))
      if (another === undefined) return response
      return retryWithMergedOptions({ headers: { ...another } })
    },
  ]
}

function removeFields(headers: RequestOptions['headers']): void {
  delete headers.authorization
  delete headers.dpop
}

/** In place of what the client has: token and certificate belong together. */
function showCertificate({ https }: RequestOptions, { certificate }: CertifiedConnections): void {
  const { cert, key, ca } = tlsOptions(certificate)
  const shown = { certificate: cert, key, ...(ca !== undefined && { certificateAuthority: ca }) }
  if (https) Object.assign(https, shown)
}
