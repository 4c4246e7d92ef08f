import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createTokenSource } from '../src/index.js'
import { bearerOf, closing, failureOf, serve, startHeldSource, until } from './support.js'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly body: string
}

const INVALID_TOKEN = {
  'www-authenticate': 'Bearer realm="api", error="invalid_token", error_description="revoked"',
}

/** An API that keeps what it was sent. */
async function startApi(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
) {
  const seen: Seen[] = []
  const listener: RequestListener = (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const { method, url, headers } = request
      const { authorization, 'content-type': type } = headers
      seen.push({ method, url, authorization, type, body })
      answer(request, response, seen.length)
    })
  }
  return { origin: await serve(listener), seen }
}

const startClient = (...allowedOrigins: string[]) => startHeldSource({ allowedOrigins })

/** A client whose `fetch` is given, for the API and the Verifier alike. */
async function startClientOver(fetch: (url: string, init?: RequestInit) => Promise<Response>) {
  const verifier = closing(await startDevVerifier())
  const { credential, privateKey } = verifier.issueMachineCredential()
  const origin = 'https://api.example.org'
  const runtime = {
    fetch: (url: string, init?: RequestInit) =>
      url.startsWith(verifier.issuer) ? globalThis.fetch(url, init) : fetch(url, init),
  }
  const options = {
    verifier: verifier.issuer,
    credential,
    privateKey: privateKey.hex,
    allowedOrigins: [origin],
  }
  return { origin, tokens: closing(createTokenSource({ ...options, runtime })) }
}

const refuseFirst = (_: IncomingMessage, response: ServerResponse, count: number) =>
  void (count === 1 ? response.writeHead(401, INVALID_TOKEN) : response).end()

describe('tokens.fetch', () => {
  it('has the signature of fetch', async () => {
    const { origin, seen } = await startApi((_, response) => response.end('ok'))
    const { tokens } = await startClient(origin)
    const fetchLike: typeof fetch = tokens.fetch
    await fetchLike(`${origin}/text`, {
      method: 'PUT',
      body: 'body',
      headers: { 'x-a': '1', authorization: 'Basic x' },
    })
    await fetchLike(new URL(`${origin}/url`))
    await fetchLike(new Request(`${origin}/request`, { method: 'POST', body: 'stream' }))
    await fetchLike(new Request(`${origin}/both`, { method: 'POST', body: 'first' }), {
      body: 'second',
    })
    const authorization = `Bearer ${await tokens.getToken()}`
    expect(seen).toMatchObject([
      { method: 'PUT', url: '/text', authorization, body: 'body' },
      { method: 'GET', url: '/url', authorization, body: '' },
      { method: 'POST', url: '/request', authorization, body: 'stream' },
      { method: 'POST', url: '/both', authorization, body: 'second' },
    ])
  })

  it('sends a Request as it is: the integrity it asks for is checked', async () => {
    const { origin } = await startApi((_, response) => response.end('text'))
    const { tokens } = await startClient(origin)
    const integrity = `sha256-${createHash('sha256').update('text').digest('base64')}`
    expect((await tokens.fetch(new Request(origin, { integrity }))).status).toBe(200)
    const other = `sha256-${createHash('sha256').update('other').digest('base64')}`
    await expect(tokens.fetch(new Request(origin, { integrity: other }))).rejects.toThrow(
      'fetch failed',
    )
    await expect(
      tokens.fetch(new Request(origin, { integrity }), { integrity: other }),
    ).rejects.toThrow('fetch failed')
  })

  it('sends a Request as it is: the length of its body is known, and its connection may be kept', async () => {
    const lengths: (string | undefined)[] = []
    const { origin } = await startApi((request, response) => {
      lengths.push(request.headers['content-length'])
      response.end()
    })
    const { tokens } = await startClient(origin)
    await tokens.fetch(new Request(origin, { method: 'POST', body: 'text', keepalive: true }))
    expect(lengths).toEqual(['4'])
  })

  it('tells a fetch of the runtime in plain options what a Request says', async () => {
    const seen: [unknown, RequestInit | undefined][] = []
    const fetchOfTest = (url: string, init?: RequestInit) => {
      seen.push([url, init])
      return Promise.resolve(new Response('ok'))
    }
    const { origin, tokens } = await startClientOver(fetchOfTest)
    const signal = new AbortController().signal
    const settings = {
      cache: 'no-store',
      credentials: 'omit',
      integrity: 'sha256-AAAA',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    } as const
    const request = new Request(`${origin}/orders`, {
      ...settings,
      keepalive: true,
      signal,
      headers: { 'x-a': '1' },
    })
    await tokens.fetch(request)
    await tokens.fetch(
      new Request(`${origin}/orders`, { method: 'PUT', body: 'text', keepalive: true }),
      settings,
    )
    const [url, init] = seen[0] ?? []
    expect(url).toBe(`${origin}/orders`)
    expect({ ...init }).toMatchObject({ ...settings, method: 'GET', keepalive: true })
    expect([...new Headers(init?.headers)]).toEqual([
      ['authorization', `Bearer ${await tokens.getToken()}`],
      ['x-a', '1'],
    ])
    const [, put] = seen[1] ?? []
    expect({ ...put }).toMatchObject({ ...settings, method: 'PUT', duplex: 'half' })
    // Fetch keeps no stream alive, and every body is one by now.
    expect(put?.keepalive).not.toBe(true)
    expect(await new Response(put?.body ?? null).text()).toBe('text')
  })

  it('takes a Request of another implementation', async () => {
    const { origin, seen } = await startApi((_, response) => response.end('ok'))
    const { tokens } = await startClient(origin)
    const { Request: ForeignRequest } = await import('undici')
    const foreign = new ForeignRequest(`${origin}/foreign`, {
      method: 'POST',
      body: 'text',
      headers: { 'x-a': '1' },
    })
    await tokens.fetch(foreign)
    const authorization = `Bearer ${await tokens.getToken()}`
    expect(seen).toMatchObject([{ method: 'POST', url: '/foreign', authorization, body: 'text' }])
  })

  it('repeats a call of a Request without a body', async () => {
    const { origin, seen } = await startApi(refuseFirst)
    const { tokens } = await startClient(origin)
    expect((await tokens.fetch(new Request(origin, { headers: { 'x-a': '1' } }))).status).toBe(200)
    expect(seen[0]?.authorization).not.toBe(seen[1]?.authorization)
  })

  it('repeats a call of a Request whose body was given beside it', async () => {
    const { origin, seen } = await startApi(refuseFirst)
    const { tokens } = await startClient(origin)
    const request = new Request(origin, { method: 'POST', body: 'first' })
    expect((await tokens.fetch(request, { body: 'second' })).status).toBe(200)
    expect(seen.map(({ body }) => body)).toEqual(['second', 'second'])
  })

  it('leaves the headers it is given as they are', async () => {
    const { origin } = await startApi((_, response) => response.end())
    const { tokens } = await startClient(origin)
    const headers = new Headers({ accept: 'text/plain' })
    await tokens.fetch(origin, { headers })
    expect([...headers]).toEqual([['accept', 'text/plain']])
  })

  it.each([
    ['another origin', 'https://other.example.org/orders'],
    ['another port', 'http://127.0.0.1:9/'],
    ['a name that only starts the same', 'https://api.example.org.evil.example/'],
    ['a user that looks like the origin', 'https://api.example.org@evil.example/'],
    ['the same host over http', 'http://api.example.org/'],
    ['a relative address', '/orders'],
  ])('sends nothing to %s', async (_, url) => {
    const { verifier, tokens } = await startClient('https://api.example.org')
    expect(await failureOf(tokens.fetch(url))).toMatchObject({ code: 'origin_not_allowed' })
    expect(verifier.requests.token).toBe(0)
  })

  it('sends nothing anywhere as long as no origin is configured', async () => {
    const { origin, seen } = await startApi((_, response) => response.end())
    const { tokens } = await startClient()
    expect(await failureOf(tokens.fetch(origin))).toMatchObject({ code: 'origin_not_allowed' })
    expect(seen).toEqual([])
  })

  it('strips the token on a redirect to another origin, allowed or not, and keeps it on the same', async () => {
    const other = await startApi((_, response) => response.end())
    const { origin, seen } = await startApi((request, response) => {
      const locations: Record<string, string> = { '/away': other.origin, '/here': '/there' }
      const location = locations[request.url ?? '']
      response.writeHead(location ? 302 : 200, location ? { location } : {}).end()
    })
    const { tokens } = await startClient(origin, other.origin)
    await tokens.fetch(`${origin}/away`)
    await tokens.fetch(`${origin}/here`)
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined])
    expect(seen.map(({ url, authorization }) => [url, authorization !== undefined])).toEqual([
      ['/away', true],
      ['/here', true],
      ['/there', true],
    ])
  })

  it.each<[string, () => RequestInit]>([
    ['no body', () => ({})],
    ['a text', () => ({ method: 'POST', body: 'text' })],
    ['bytes', () => ({ method: 'POST', body: new TextEncoder().encode('text') })],
    ['a form', () => ({ method: 'POST', body: new URLSearchParams({ text: '1' }) })],
    ['a blob', () => ({ method: 'POST', body: new Blob(['text']) })],
  ])(
    'repeats a call with %s once, with another token, after 401 invalid_token',
    async (_, init) => {
      const { origin, seen } = await startApi(refuseFirst)
      const { verifier, tokens } = await startClient(origin)
      expect((await tokens.fetch(origin, init())).status).toBe(200)
      expect(seen).toHaveLength(2)
      expect(seen[0]?.authorization).not.toBe(seen[1]?.authorization)
      expect(seen[0]?.body).toBe(seen[1]?.body)
      expect(verifier.requests.token).toBe(2)
    },
  )

  it.each<[string, () => RequestInit]>([
    ['a text', () => ({ body: 'text' })],
    ['bytes', () => ({ body: new TextEncoder().encode('text') })],
    ['a form', () => ({ body: new URLSearchParams({ text: '1' }) })],
    ['a blob', () => ({ body: new Blob(['text']) })],
    ['a stream that ends', () => ({ body: new Blob(['te', 'xt']).stream(), duplex: 'half' })],
    ['1 MiB', () => ({ body: 'x'.repeat(1_048_576) })],
  ])(
    'repeats a call of a Request with %s, body and all, after 401 invalid_token',
    async (_, init) => {
      const { origin, seen } = await startApi(refuseFirst)
      const { tokens } = await startClient(origin)
      const headers = { 'x-a': '1', 'content-type': 'application/json' }
      const request = new Request(origin, { method: 'POST', headers, ...init() })
      expect((await tokens.fetch(request)).status).toBe(200)
      expect(request.bodyUsed).toBe(true)
      expect(seen).toHaveLength(2)
      expect(seen[0]?.authorization).not.toBe(seen[1]?.authorization)
      expect(seen[1]?.body).toBe(seen[0]?.body)
      expect(seen[1]?.type).toBe('application/json')
    },
  )

  it('repeats a call of a Request of another implementation, body and all', async () => {
    const { origin, seen } = await startApi(refuseFirst)
    const { tokens } = await startClient(origin)
    const { Request: ForeignRequest } = await import('undici')
    const foreign = new ForeignRequest(origin, { method: 'POST', body: 'text' })
    expect((await tokens.fetch(foreign)).status).toBe(200)
    expect(seen.map(({ body }) => body)).toEqual(['text', 'text'])
  })

  it.each<[string, (origin: string) => [string | Request, RequestInit?]]>([
    [
      'a stream',
      (origin) => [origin, { method: 'POST', body: new Blob(['text']).stream(), duplex: 'half' }],
    ],
    [
      'more than 1 MiB in a Request',
      (origin) => [new Request(origin, { method: 'POST', body: 'x'.repeat(1_048_577) })],
    ],
  ])(
    'hands on the 401 of a call with %s, and takes another token for the next',
    async (_, call) => {
      const { origin, seen } = await startApi(refuseFirst)
      const { tokens } = await startClient(origin)
      const response = await tokens.fetch(...call(origin))
      expect(response.status).toBe(401)
      expect(seen).toHaveLength(1)
      await tokens.fetch(origin)
      expect(seen[1]?.authorization).not.toBe(seen[0]?.authorization)
    },
  )

  it.each([
    ['a 401 that asks for another scheme', { 'www-authenticate': 'Basic realm="invalid_token"' }],
    ['a 401 for a missing scope', { 'www-authenticate': 'Bearer error="insufficient_scope"' }],
  ])('hands on %s', async (_, headers) => {
    const { origin, seen } = await startApi(
      (__, response) => void response.writeHead(401, headers).end(),
    )
    const { verifier, tokens } = await startClient(origin)
    expect((await tokens.fetch(origin)).status).toBe(401)
    expect(seen).toHaveLength(1)
    expect(verifier.requests.token).toBe(1)
  })

  it.each([
    ['Bearer alone', { 'www-authenticate': 'Bearer realm="api"' }],
    ['no challenge', {}],
    ['problem+json', { 'content-type': 'application/problem+json' }],
  ])('mends itself where the API refuses a dead token with %s', async (_, headers) => {
    const { origin, seen } = await startApi(
      (__, response, count) =>
        void (count === 2 ? response.writeHead(401, headers) : response).end(),
    )
    const { verifier, tokens } = await startClient(origin)
    const statuses = [await tokens.fetch(origin), await tokens.fetch(origin)]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200])
    expect(seen).toHaveLength(3)
    expect(verifier.requests.token).toBe(2)
  })

  it('takes no 401 of an origin that it was redirected to for its own', async () => {
    const other = await startApi((_, response) => void response.writeHead(401, INVALID_TOKEN).end())
    const { origin } = await startApi(
      (_, response) => void response.writeHead(302, { location: other.origin }).end(),
    )
    const { verifier, tokens } = await startClient(origin, other.origin)
    const token = await tokens.getToken()
    expect((await tokens.fetch(origin)).status).toBe(401)
    expect(await tokens.getToken()).toBe(token)
    expect(verifier.requests.token).toBe(1)
  })

  it('takes no 401 of such an origin for its own at the second try either', async () => {
    const other = await startApi((_, response) => void response.writeHead(401, INVALID_TOKEN).end())
    // A token can be replaced again by then.
    let pass = () => {}
    const { origin, seen } = await startApi((_, response, count) => {
      if (count === 1) return void response.writeHead(401, INVALID_TOKEN).end()
      pass()
      response.writeHead(302, { location: other.origin }).end()
    })
    const { runtime, tokens } = await startClient(origin, other.origin)
    pass = () => runtime.advance(11_000)
    expect((await tokens.fetch(origin)).status).toBe(401)
    expect(seen[1]?.authorization).toBe(`Bearer ${await tokens.getToken()}`)
  })

  it('hands on the 401 of an API that refuses every token, and asks for no flood of them', async () => {
    const { origin, seen } = await startApi(
      (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
    )
    const { verifier, tokens } = await startClient(origin)
    const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.fetch(origin)))
    for (const response of answers)
      expect([response.status, await response.text()]).toEqual([401, 'no'])
    for (let call = 0; call < 20; call++) await tokens.fetch(origin)
    expect(verifier.requests.token).toBe(2)
    expect(seen.length).toBeLessThanOrEqual(60)
  })

  it('hands on the 401 while there is no other token', async () => {
    const { origin } = await startApi(
      (_, response) => void response.writeHead(401, INVALID_TOKEN).end('no'),
    )
    const { verifier, tokens } = await startClient(origin)
    await tokens.ready()
    verifier.fail('token', 'status-403')
    const response = await tokens.fetch(origin)
    expect([response.status, await response.text()]).toEqual([401, 'no'])
  })

  it('is called off by the signal of the call, also while it waits for a token', async () => {
    const { origin, seen } = await startApi((_, response) => response.end(bearerOf(_)))
    const { verifier, tokens } = await startClient(origin)
    verifier.fail('token', 'hang')
    const reason = new Error('enough')
    const controller = new AbortController()
    const call = tokens.fetch(origin, { signal: controller.signal })
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(seen).toEqual([])
  })

  it('is called off by the signal of the call while it waits for another token', async () => {
    const { origin, seen } = await startApi(refuseFirst)
    const { verifier, tokens } = await startClient(origin)
    await tokens.ready()
    verifier.fail('token', 'hang')
    const reason = new Error('enough')
    const controller = new AbortController()
    const call = tokens.fetch(origin, { signal: controller.signal })
    const outcome = expect(call).rejects.toBe(reason)
    await until(() => verifier.requests.token === 2)
    controller.abort(reason)
    await outcome
    expect(seen).toHaveLength(1)
  })
})
