import { Agent, fetch, interceptors, request, type Dispatcher } from 'undici'
import type { TokenSource } from '../src/index.js'
import { tokenInterceptor } from '../src/undici.js'
import { describeGlue, type Send } from './glue.js'
import { closing, numberedTokens, serve } from './support.js'

const redirect = interceptors.redirect({ maxRedirections: 3 })

const sendBy =
  (dispatcher: Dispatcher): Send =>
  async (url, { body, authorization, throws = false } = {}) => {
    const headers = authorization ? { authorization } : { accept: ['text/plain', '*/*'] }
    const response = await request(url, {
      dispatcher: throws ? dispatcher.compose(interceptors.responseError()) : dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
    })
    return { status: response.statusCode, text: await response.body.text() }
  }

describeGlue('the undici interceptor next to the wire', (tokens) =>
  sendBy(closing(new Agent()).compose(tokenInterceptor(tokens), redirect)),
)

describeGlue('the undici interceptor around redirects', (tokens) =>
  sendBy(closing(new Agent()).compose(redirect, tokenInterceptor(tokens))),
)

const overFetch = (tokens: TokenSource): Send => {
  const dispatcher = closing(new Agent()).compose(tokenInterceptor(tokens))
  return async (url, { body, authorization } = {}) => {
    const headers = authorization ? { authorization } : {}
    const response = await fetch(url, {
      dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
    })
    return { status: response.status, text: await response.text() }
  }
}

describeGlue('the undici interceptor under fetch', overFetch)

describe.each(['next to the wire', 'around retries'] as const)(
  'the undici interceptor %s',
  (place) => {
    it('mends a 401 that comes after a retry', async () => {
      const statuses = [503, 401]
      const seen: (string | undefined)[] = []
      const origin = await serve((incoming, response) => {
        seen.push(incoming.headers.authorization)
        response.writeHead(statuses.shift() ?? 200).end('{}')
      })
      const retry = interceptors.retry({ maxRetries: 3, minTimeout: 1 })
      const carry = tokenInterceptor(numberedTokens(origin))
      const order = place === 'next to the wire' ? [carry, retry] : [retry, carry]
      const dispatcher = closing(new Agent()).compose(...order)
      expect((await request(origin, { dispatcher })).statusCode).toBe(200)
      expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2'])
    })
  },
)

describe('the undici interceptor, and a body that is a generator', () => {
  const start = async (...statuses: number[]) => {
    const bodies: string[] = []
    const origin = await serve((incoming, response) => {
      let body = ''
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
      incoming.on('end', () => {
        bodies.push(body)
        response.writeHead(statuses.shift() ?? 200).end('{}')
      })
    })
    const dispatcher = closing(new Agent()).compose(tokenInterceptor(numberedTokens(origin)))
    const post = (body: AsyncIterable<unknown>) =>
      request(origin, { dispatcher, method: 'POST', body: body as unknown as Uint8Array })
    return { bodies, post }
  }
  async function* parts<Part>(...all: Part[]) {
    for (const part of all) yield await Promise.resolve(part)
  }

  it.each([
    ['texts', () => parts('te', 'xt')],
    ['bytes', () => parts(Buffer.from('te'), Buffer.from('xt'))],
  ])('of %s: is sent again', async (_, body) => {
    const { bodies, post } = await start(401)
    expect((await post(body())).statusCode).toBe(200)
    expect(bodies).toEqual(['text', 'text'])
  })

  it('of more than 1 MiB: is not, and the 401 is handed on', async () => {
    const { bodies, post } = await start(401)
    expect((await post(parts('x'.repeat(1_048_576), 'x'))).statusCode).toBe(401)
    expect(bodies).toHaveLength(1)
  })
})
