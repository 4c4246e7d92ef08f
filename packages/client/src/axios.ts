/**
 * Tokens for axios instances.
 *
 * @packageDocumentation
 */
import type { AxiosError, AxiosInstance, InternalAxiosRequestConfig } from 'axios'
import type { TokenSource } from './token-source.js'
import { canSendAgain, isInvalidToken } from './unauthorized.js'

/**
 * Adds the token to an instance's requests to `allowedOrigins`; requests elsewhere, and those with
 * an `authorization` of their own, pass untouched. A redirect to another origin goes on without it.
 *
 * After a 401 `invalid_token` the request is repeated once with another token, if its body can be
 * sent again.
 *
 * @param instance the axios instance, or axios itself.
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns takes the interceptors off again.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { addTokens } from '@verifier-guard/client/axios'
 * import axios from 'axios'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.MACHINE_CREDENTIAL ?? '',
 *   privateKey: process.env.MACHINE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const orders = axios.create({ baseURL: 'https://orders.example.org' })
 * addTokens(orders, tokens)
 * const { data } = await orders.get('/orders')
 * console.log(data)
 * ```
 */
export function addTokens(instance: AxiosInstance, tokens: TokenSource): () => void {
  const sent = new WeakMap<object, string>()

  async function authorize(
    config: InternalAxiosRequestConfig,
  ): Promise<InternalAxiosRequestConfig> {
    const url = instance.getUri(config)
    if (config.headers.has('authorization') || !tokens.isAllowed(url)) return config
    const token = await tokens.getToken(
      isAbortSignal(config.signal) ? { signal: config.signal } : undefined,
    )
    sent.set(config, token)
    config.headers.set('authorization', `Bearer ${token}`)
    stripOnRedirect(config, new URL(url).origin)
    return config
  }

  async function repeat(error: AxiosError): Promise<unknown> {
    const { config, response } = error
    const token = config && sent.get(config)
    if (
      !token ||
      !response ||
      !isInvalidToken(response.status, response.headers['www-authenticate'])
    )
      throw error
    if (!tokens.dropToken(token) || !canSendAgain(config.data)) throw error
    const another = await tokens.getToken().catch(() => token)
    if (another === token) throw error
    // With an authorization of its own the repeated request passes the interceptor untouched, and
    // is not repeated again.
    config.headers.set('authorization', `Bearer ${another}`)
    return instance.request(config)
  }

  const request = instance.interceptors.request.use(authorize)
  const response = instance.interceptors.response.use(undefined, repeat)
  return () => {
    instance.interceptors.request.eject(request)
    instance.interceptors.response.eject(response)
  }
}

/** Sub-domains of a host keep the header otherwise (follow-redirects). */
function stripOnRedirect(config: InternalAxiosRequestConfig, origin: string): void {
  const { beforeRedirect } = config
  config.beforeRedirect = (options, ...details) => {
    const headers = options.headers as Record<string, unknown>
    if (new URL(String(options.href)).origin !== origin) {
      for (const name of Object.keys(headers))
        if (name.toLowerCase() === 'authorization') delete headers[name]
    }
    beforeRedirect?.(options, ...details)
  }
}

/** axios asks for less than an AbortSignal. */
function isAbortSignal(signal: unknown): signal is AbortSignal {
  return typeof signal === 'object' && signal !== null && 'throwIfAborted' in signal
}
