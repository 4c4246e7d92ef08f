import axios, { AxiosError } from 'axios'
import type { RequestListener } from 'node:http'
import { inspect } from 'node:util'
import { addTokens } from '../src/axios.js'
import type { TokenSource } from '../src/index.js'
import { describeIntegration, type Send } from './integration.js'
import { numberedTokens, serve } from './support.js'

describeIntegration('the axios interceptor', connect, {
  name: 'CanceledError',
  code: 'ERR_CANCELED',
})

function connect(tokens: TokenSource): Send {
  const instance = axios.create({ validateStatus: (status) => status < 400 })
  addTokens(instance, tokens)
  return async (url, { body, authorization, throws = false, signal } = {}) => {
    const headers = authorization ? { authorization } : {}
    const call = instance.request<string>({
      url,
      method: body ? 'post' : 'get',
      data: body,
      headers,
      responseType: 'text',
      ...(signal && { signal }),
    })
    const response = await call.catch((error: unknown) => {
      if (!throws && axios.isAxiosError<string>(error) && error.response) return error.response
      throw error
    })
    return { status: response.status, text: response.data }
  }
}

/** Statuses that an API answers one after the other, and what it was sent. */
async function startApi(...statuses: number[]) {
  const seen: { authorization: string | undefined; body: string }[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen.push({ authorization: request.headers.authorization, body })
      response.writeHead(statuses.shift() ?? 200).end('{}')
    })
  }
  return { origin: await serve(listener), seen }
}

/** Sends a failed request again, as axios-retry does. */
function retry(instance: ReturnType<typeof axios.create>, statuses: readonly number[]): void {
  instance.interceptors.response.use(undefined, (error: AxiosError) => {
    if (!error.config || !statuses.includes(error.response?.status ?? 0)) throw error
    return instance.request(error.config)
  })
}

describe.each(['before', 'after'] as const)('a retry that was added %s the tokens', (order) => {
  const connect = async (...statuses: number[]) => {
    const api = await startApi(...statuses)
    const tokens = numberedTokens(api.origin)
    const instance = axios.create({ baseURL: api.origin })
    if (order === 'before') retry(instance, [503, 429])
    addTokens(instance, tokens)
    if (order === 'after') retry(instance, [503, 429])
    const sent = () => api.seen.map(({ authorization }) => authorization)
    return { ...api, tokens, instance, sent }
  }

  it('carries the token of its own time', async () => {
    const { tokens, instance, sent, seen } = await connect(503, 429)
    const dropped = tokens.getToken().then((token) => tokens.dropToken(token))
    // The token is replaced between the first try and the second one.
    instance.interceptors.request.use(async (config) => {
      if (seen.length === 1) await dropped
      return config
    })
    expect((await instance.post('/orders', { a: 1 })).status).toBe(200)
    expect(sent().at(-1)).toBe(`Bearer ${await tokens.getToken()}`)
    expect(new Set(seen.map(({ body }) => body))).toEqual(new Set(['{"a":1}']))
  })

  it('does not keep a 401 from being mended', async () => {
    const { instance, sent, seen } = await connect(503, 401, 503)
    expect((await instance.post('/orders', { a: 1 })).status).toBe(200)
    expect(sent()).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2', 'Bearer t2'])
    expect(seen.at(-1)?.body).toBe('{"a":1}')
  })

  it('does not repeat a 401 without end', async () => {
    const { instance, sent } = await connect(...Array<number>(9).fill(401))
    await expect(instance.get('/orders')).rejects.toMatchObject({ response: { status: 401 } })
    expect(sent()).toEqual(['Bearer t1', 'Bearer t2'])
  })

  it('takes no token to an origin that is not allowed', async () => {
    const other = await startApi()
    const { instance } = await connect(503)
    instance.interceptors.request.use((config) => {
      if (config.headers.has('x-tried')) config.baseURL = other.origin
      config.headers.set('x-tried', '1')
      return config
    })
    expect((await instance.get('/orders')).status).toBe(200)
    expect(other.seen).toEqual([{ authorization: undefined, body: '' }])
  })
})

it('the redirect hook of a caller is called once for each redirect, also after retries', async () => {
  const elsewhere = await startApi()
  let count = 0
  const origin = await serve((_, response) => {
    count += 1
    if (count < 3) response.writeHead(503).end()
    else response.writeHead(302, { location: elsewhere.origin }).end()
  })
  const instance = axios.create()
  addTokens(instance, numberedTokens(origin))
  retry(instance, [503])
  const beforeRedirect = jest.fn()
  await instance.get(origin, { beforeRedirect })
  expect(beforeRedirect).toHaveBeenCalledTimes(1)
  expect(elsewhere.seen).toEqual([{ authorization: undefined, body: '' }])
})

it('the token is kept out of an error within the error', async () => {
  const instance = axios.create({
    adapter(config) {
      const request = { headers: config.headers.toJSON() }
      const cause = new AxiosError('inner', 'ERR_BAD_RESPONSE', config, request)
      const error = new AxiosError('outer', 'ERR_BAD_RESPONSE', config, request)
      return Promise.reject(Object.assign(error, { cause }))
    },
  })
  addTokens(instance, numberedTokens('https://api.example.org'))
  const error: unknown = await instance
    .get('https://api.example.org/')
    .catch((thrown: unknown) => thrown)
  expect(inspect(error, { depth: 10 })).toContain('inner')
  expect(inspect(error, { depth: 10 })).not.toContain('Bearer t1')
})

it('a caller who wants no authorization sends none', async () => {
  const api = await startApi()
  const instance = axios.create()
  addTokens(instance, numberedTokens(api.origin))
  await instance.get(api.origin, { headers: { authorization: false } })
  expect(api.seen).toEqual([{ authorization: undefined, body: '' }])
})

it.each([
  ['nothing', undefined],
  ['a text', 'enough'],
  ['an error', new Error('enough')],
  ['an error with a configuration of its own', { config: { headers: {} }, response: {} }],
])('what others reject with stays what it is: %s', async (_, reason: unknown) => {
  const instance = axios.create()
  addTokens(instance, numberedTokens('https://api.example.org'))
  instance.interceptors.request.use(() => {
    throw reason
  })
  await expect(instance.get('https://api.example.org/')).rejects.toBe(reason)
})
