/**
 * Tokens for got, and for clients with hooks of its kind.
 *
 * @packageDocumentation
 */
import type { TokenSource } from './token-source.js'
import { isInvalidToken } from './unauthorized.js'

interface RequestOptions {
  url: string | URL | undefined
  readonly headers: Record<string, string | string[] | undefined>
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
    <Response extends Answer>(
      response: Response,
      retryWithMergedOptions: (options: { headers: Record<string, string> }) => never,
    ) => Promise<Response>,
  ]
}

/**
 * Hooks that add the token to requests to `allowedOrigins`; requests elsewhere, and those with an
 * `authorization` of their own, pass untouched. A redirect to another origin goes on without it.
 *
 * After a 401 `invalid_token` the request is repeated once with another token.
 *
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns the hooks, for the option `hooks` of got.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { tokenHooks } from '@verifier-guard/client/got'
 * import got from 'got'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.MACHINE_CREDENTIAL ?? '',
 *   privateKey: process.env.MACHINE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const orders = got.extend({ prefixUrl: 'https://orders.example.org', hooks: tokenHooks(tokens) })
 * console.log(await orders('orders').json())
 * ```
 */
export function tokenHooks(tokens: TokenSource): TokenHooks {
  const sent = new WeakMap<object, string>()
  return {
    beforeRequest: [
      async (options) => {
        const { url, headers } = options
        if (headers.authorization !== undefined || url === undefined || !tokens.isAllowed(url))
          return
        const token = await tokens.getToken()
        sent.set(options, token)
        headers.authorization = `Bearer ${token}`
      },
    ],
    beforeRedirect: [
      ({ url, headers }, answer) => {
        if (url === undefined || new URL(url).origin !== new URL(answer.url).origin)
          delete headers.authorization
      },
    ],
    afterResponse: [
      async (response, retryWithMergedOptions) => {
        const token = sent.get(response.request.options)
        if (!token || !isInvalidToken(response.statusCode, response.headers['www-authenticate']))
          return response
        if (!tokens.dropToken(token)) return response
        const another = await tokens.getToken().catch(() => token)
        if (another === token) return response
        return retryWithMergedOptions({ headers: { authorization: `Bearer ${another}` } })
      },
    ],
  }
}
