import { tokenHooks } from '../src/got.js'
import type { TokenSource } from '../src/index.js'
import { describeIntegration, type Send } from './integration.js'
import { loadGot } from './load-got.js'
import { numberedTokens, serve } from './support.js'

const got = loadGot()

describeIntegration('the got hooks', connect, { name: 'AbortError', code: 'ERR_ABORTED' })

function connect(tokens: TokenSource): Send {
  const instance = got.extend({
    hooks: tokenHooks(tokens),
    retry: { limit: 0 },
  })
  return async (url, { body, authorization, throws = false, signal } = {}) => {
    const headers = authorization ? { authorization } : {}
    const response = await instance(url, {
      method: body ? 'POST' : 'GET',
      headers,
      throwHttpErrors: throws,
      ...(body ? { body } : {}),
      ...(signal && { signal }),
    })
    return { status: response.statusCode, text: response.body }
  }
}

describe('a retry of got', () => {
  const start = async (...statuses: number[]) => {
    const seen: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      request.resume().on('end', () => {
        seen.push(request.headers.authorization)
        response.writeHead(statuses.shift() ?? 200).end('{}')
      })
    })
    const tokens = numberedTokens(origin)
    const instance = got.extend({
      hooks: tokenHooks(tokens),
      retry: { limit: 3, calculateDelay: ({ computedValue }) => (computedValue ? 1 : 0) },
      throwHttpErrors: false,
    })
    return { origin, seen, tokens, instance }
  }

  it('carries the token of its own time', async () => {
    const { origin, seen, tokens, instance } = await start(503)
    const dropping = instance.extend({
      hooks: { beforeRetry: [() => void tokens.dropToken('t1')] },
    })
    expect((await dropping(origin)).statusCode).toBe(200)
    expect(seen).toEqual(['Bearer t1', 'Bearer t2'])
  })

  it('does not keep a 401 from being mended', async () => {
    const { origin, seen, instance } = await start(503, 401)
    expect((await instance(origin)).statusCode).toBe(200)
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2'])
  })

  it('does not repeat a body that is spent, and hands on the 401', async () => {
    const { origin, seen, tokens, instance } = await start(401)
    async function* body() {
      yield await Promise.resolve('text')
    }
    expect((await instance.post(origin, { body: body() })).statusCode).toBe(401)
    expect(seen).toHaveLength(1)
    expect(await tokens.getToken()).toBe('t2')
  })

  it('does not repeat a generator that is spent, and hands on the 401', async () => {
    const { origin, seen, instance } = await start(401)
    function* body() {
      yield 'order'
    }
    expect((await instance.post(origin, { body: body() })).statusCode).toBe(401)
    expect(seen).toHaveLength(1)
  })
})
