import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { Agent, fetch, interceptors, Pool, request, type Dispatcher } from 'undici'
import type { TokenSource } from '../src/index.js'
import { tokenInterceptor } from '../src/undici.js'
import { describeIntegration, type Send } from './integration.js'
import { startBoundApi } from './bound-api.js'
import { boundSource, closing, failureOf, numberedTokens, refusedTokens, serve } from './support.js'

const redirect = interceptors.redirect({ maxRedirections: 3 })

const sendBy =
  (dispatcher: Dispatcher): Send =>
  async (url, { body, authorization, throws = false, signal } = {}) => {
    const headers = authorization ? { authorization } : { accept: ['text/plain', '*/*'] }
    const response = await request(url, {
      dispatcher: throws ? dispatcher.compose(interceptors.responseError()) : dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
      ...(signal && { signal }),
    })
    return { status: response.statusCode, text: await response.body.text() }
  }

describeIntegration('the undici interceptor next to the wire', (tokens) =>
  sendBy(closing(new Agent()).compose(tokenInterceptor(tokens), redirect)),
)

describeIntegration('the undici interceptor around redirects', (tokens) =>
  sendBy(closing(new Agent()).compose(redirect, tokenInterceptor(tokens))),
)

const overFetch = (tokens: TokenSource): Send => {
  const dispatcher = closing(new Agent()).compose(tokenInterceptor(tokens))
  return async (url, { body, authorization, signal } = {}) => {
    const headers = authorization ? { authorization } : {}
    const response = await fetch(url, {
      dispatcher,
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
      signal: signal ?? null,
    })
    return { status: response.status, text: await response.text() }
  }
}

describeIntegration('the undici interceptor under fetch', overFetch)

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
    const post = (body: AsyncIterable<unknown> | Iterable<unknown>) =>
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

  it('that is not asynchronous: is not, and the 401 is handed on', async () => {
    const { bodies, post } = await start(401)
    function* order() {
      yield 'order'
    }
    expect((await post(order())).statusCode).toBe(401)
    expect(bodies).toEqual(['order'])
  })
})

describe('a handler that throws', () => {
  const start = async () => {
    const origin = await serve((_, response) => void response.writeHead(401).end('no'))
    const dispatcher = closing(new Agent()).compose(tokenInterceptor(refusedTokens(origin)))
    return { origin, dispatcher }
  }

  it('at the answer that stands: has its call aborted with what it threw', async () => {
    const { origin, dispatcher } = await start()
    const thrown = new Error('the handler')
    const error = await new Promise((resolve) => {
      dispatcher.dispatch(
        { origin, path: '/', method: 'GET' },
        {
          onRequestStart: () => {},
          onResponseStart: () => {
            throw thrown
          },
          onResponseError: (_, reason) => resolve(reason),
        },
      )
    })
    expect(error).toBe(thrown)
  })

  it('at the failure to get a token: ends nothing else', async () => {
    const { dispatcher, origin } = await start()
    await new Promise<void>((resolve) => {
      const options = { origin, path: '/', method: 'GET', signal: AbortSignal.abort() } as const
      dispatcher.dispatch(options, {
        onRequestStart: () => {},
        onResponseError: () => {
          resolve()
          throw new Error('the handler')
        },
      })
    })
    // An unhandled rejection would end the process, and Jest fails the suite for one.
    await new Promise(setImmediate)
  })
})

describe('the address of a request', () => {
  it.each([
    ['a text', (origin: string) => origin],
    ['a text that ends in a slash', (origin: string) => `${origin}/`],
    ['a URL', (origin: string) => new URL(origin)],
  ])('is proved as it is sent, with the origin as %s', async (_, originOf) => {
    const api = await startBoundApi()
    const verifier = closing(await startDevVerifier({ profile: 'oauth' }))
    const tokens = boundSource(verifier, { allowedOrigins: [api.origin] })
    const dispatcher = closing(new Agent()).compose(tokenInterceptor(tokens))
    const options = { origin: originOf(api.origin), path: '/orders?page=2', method: 'GET' } as const
    const { statusCode } = await dispatcher.request(options)
    expect(statusCode).toBe(200)
    expect(api.seen.map(({ proof }) => proof.htu)).toEqual([`${api.origin}/orders`])
  })

  it('is missing its origin in a Pool, and the error says what to do', async () => {
    const seen: (string | undefined)[] = []
    const origin = await serve((incoming, response) => {
      seen.push(incoming.headers.authorization)
      response.end()
    })
    const pool = closing(new Pool(origin)).compose(tokenInterceptor(numberedTokens(origin)))
    const error = await failureOf(pool.request({ path: '/', method: 'GET' }))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain('"origin"')
    expect(error.message).toContain('Agent')
    expect(seen).toEqual([])
    await pool.request({ origin, path: '/', method: 'GET' })
    expect(seen).toEqual(['Bearer t1'])
  })
})
