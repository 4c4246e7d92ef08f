/**
 * Tokens for axios instances.
 *
 * @packageDocumentation
 */
import type { AxiosError, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { abortSignal } from './abort.js'
import { createCarrier, type Carrier } from './carrier.js'
import { httpsAgent } from './https-agent.js'
import { canSendAgain } from './refused-token.js'
import type { ApiAnswer } from './sending.js'
import type { TokenSource } from './token-source.js'

/** The fields that are ours. */
const FIELDS = ['authorization', 'dpop']

/** Marks a request that was repeated with another token. axios copies it along. */
const REPEATED = 'verifierGuardRepeated'

type Config = InternalAxiosRequestConfig & { [REPEATED]?: true }
type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/** What is printed of a call. */
interface Printed {
  readonly config?: Config | undefined
  readonly request?: unknown
  readonly response?: AxiosResponse | undefined
  readonly cause?: unknown
}

/**
 * Adds the token to an instance's requests to `allowedOrigins`. Requests elsewhere, and those with
 * an `authorization` of the caller, pass untouched. A redirect to another origin goes on without
 * the token.
 *
 * After a 401 that may mean the token, the request is repeated once with another one, if its body
 * can be sent again. A retry of axios, or of axios-retry, goes with the token at hand by then.
 *
 * The token is taken out of what axios keeps of a call, so that a logged error does not show it.
 *
 * @param instance the axios instance, or axios itself.
 * @param tokens their source; its `allowedOrigins` decide.
 * @returns takes the interceptors off again.
 * @throws {TokenSourceError} `invalid_option` if the source has no `allowedOrigins`.
 * @example
 * ```ts
 * import { createTokenSource } from '@verifier-guard/client'
 * import { addTokens } from '@verifier-guard/client/axios'
 * import axios from 'axios'
 *
 * const tokens = createTokenSource({
 *   verifier: 'https://verifier.example.org',
 *   credential: process.env.CREDENTIAL ?? '',
 *   privateKey: process.env.PRIVATE_KEY ?? '',
 *   allowedOrigins: ['https://orders.example.org'],
 * })
 * const orders = axios.create({ baseURL: 'https://orders.example.org' })
 * addTokens(orders, tokens)
 * const { data } = await orders.get('/orders')
 * console.log(data)
 * ```
 */
export function addTokens(instance: AxiosInstance, tokens: TokenSource): () => void {
  const carrier = createCarrier(tokens, 'addTokens')
  const parts: Parts = { instance, carrier, redirected: new WeakSet() }
  const { request, response } = instance.interceptors
  const ofRequest = request.use((config) => authorize(parts, config))
  const ofResponse = response.use(
    (answer) => settle(parts, answer),
    (error: AxiosError) => repeat(parts, error),
  )
  return () => {
    request.eject(ofRequest)
    response.eject(ofResponse)
  }
}

interface Parts {
  readonly instance: AxiosInstance
  readonly carrier: Carrier
  /** Requests that were redirected to another origin. */
  readonly redirected: WeakSet<object>
}

async function authorize(parts: Parts, config: Config): Promise<Config> {
  const { carrier, redirected } = parts
  const target = targetOf(parts, config)
  const authorization = config.headers.get('authorization')
  if (carrier.isOurs(authorization)) removeFields(config)
  const fields = await carrier
    .fieldsFor(target, authorization, abortSignal(config.signal))
    .catch(unlessAborted(config))
  if (fields === undefined) return config
  for (const [name, value] of Object.entries(fields)) config.headers.set(name, value as string)
  if (carrier.refusesRedirects(fields)) config.maxRedirects = 0
  if (carrier.connections) config.httpsAgent = await httpsAgent(carrier.connections)
  watchRedirects(config, new URL(target.url).origin, () => redirected.add(config))
  return config
}

async function repeat(parts: Parts, error: AxiosError): Promise<unknown> {
  const { carrier, instance } = parts
  const printed = Object(error) as Printed
  const { config, response } = printed
  const authorization = authorizationOf(config)
  if (!carrier.isOurs(authorization)) throw error
  hideToken(printed)
  if (!config || !response) throw error
  const refused = note(parts, config, authorization, response)
  if (!refused || config[REPEATED] || !canSendAgain(config.data)) throw error
  const target = targetOf(parts, config)
  const another = await carrier
    .another(target, authorization, refused, abortSignal(config.signal))
    .catch(unlessAborted(config))
  if (another === undefined && !config.signal?.aborted) throw error
  const again: Config = { ...config, [REPEATED]: true }
  return instance.request(again)
}

/** A call that was called off goes on: axios ends it with its own error, and sends nothing. */
function unlessAborted({ signal }: Config): (error: unknown) => undefined {
  return (error) => {
    if (!signal?.aborted) throw error
    return undefined
  }
}

function settle(parts: Parts, response: AxiosResponse): AxiosResponse {
  const { config } = response
  const authorization = authorizationOf(config)
  if (!parts.carrier.isOurs(authorization)) return response
  note(parts, config, authorization, response)
  hideToken({ config, response })
  return response
}

/** An origin that the call was redirected to never had the token, and so can't refuse it. */
function note(parts: Parts, config: Config, authorization: unknown, response: AxiosResponse) {
  if (parts.redirected.has(config)) return undefined
  return parts.carrier.note(targetOf(parts, config).url, authorization, response as ApiAnswer)
}

function targetOf({ instance }: Parts, config: Config) {
  return { url: instance.getUri(config), method: (config.method ?? 'get').toUpperCase() }
}

/** What was in the place of a function of ours: a retry brings the function along. */
const wrapped = new WeakMap<BeforeRedirect, BeforeRedirect | undefined>()

/** Without this, sub-domains of a host keep the header (follow-redirects). */
function watchRedirects(config: Config, origin: string, onLeave: () => void): void {
  const { beforeRedirect: given } = config
  const original = given && (wrapped.has(given) ? wrapped.get(given) : given)
  const beforeRedirect: BeforeRedirect = (options, ...details) => {
    const headers = options.headers as Record<string, unknown>
    if (new URL(String(options.href)).origin !== origin) {
      for (const name of Object.keys(headers))
        if (FIELDS.includes(name.toLowerCase())) delete headers[name]
      onLeave()
    }
    original?.(options, ...details)
  }
  wrapped.set(beforeRedirect, original)
  config.beforeRedirect = beforeRedirect
}

/**
 * Takes our token out of what a log shows of a call: the headers, and the request, in which they
 * stand once more.
 */
function hideToken(printed: Printed): void {
  if (printed.config) removeFields(printed.config)
  // Some adapters of axios wrap an error of axios in another one.
  for (let one: Printed | undefined = printed; one; one = one.cause as Printed | undefined) {
    hideRequest(one)
    hideRequest(one.response)
  }
}

function removeFields({ headers }: Config): void {
  for (const name of FIELDS) headers.delete(name)
}

/** An error may come from elsewhere, with a configuration that is none of axios. */
function authorizationOf(config: Partial<Config> | undefined): unknown {
  return typeof config?.headers?.get === 'function'
    ? config.headers.get('authorization')
    : undefined
}

function hideRequest(holder: Pick<Printed, 'request'> | undefined): void {
  if (holder?.request === undefined) return
  const { request: value } = holder
  Object.defineProperty(holder, 'request', {
    value,
    enumerable: false,
    writable: true,
    configurable: true,
  })
}
