import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { sendBounded, getJson, HttpFailure, retryAfter } from '../../src/kit/http.js'
import { systemRuntime } from '../../src/kit/runtime.js'
import { SEALS } from '../fixtures/certificates.js'

const url = 'https://user:secret@verifier.example.org/oidc/jwks?token=secret#part'
const bounds = { url, timeout: 5_000, maxBytes: 1_000 }

const answering = (fetch: (url: string, init?: RequestInit) => Promise<Response>) => ({
  ...systemRuntime,
  fetch,
})
const with200 = (body: string | null | ReadableStream<Uint8Array>) =>
  answering(() => Promise.resolve(new Response(body)))

async function failure(exchange: Promise<unknown>): Promise<HttpFailure> {
  const error = await exchange.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HttpFailure)
  return error as HttpFailure
}

describe('Retry-After (RFC 9110 §10.2.3)', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  test.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 2026 12:01:00 GMT', 60_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('%j is %j', (value, expected) => {
    expect(retryAfter(new Headers({ 'retry-after': value }), now)).toBe(expected)
  })

  test('is no pause that never ends, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme-ascii' }),
          fc.constantFrom('-5', '1e9', '9'.repeat(30)),
        ),
        (value) => {
          const pause = retryAfter(new Headers({ 'retry-after': value }), now) ?? 0
          expect(pause).toBeGreaterThanOrEqual(0)
          expect(Number.isFinite(pause)).toBe(true)
        },
      ),
    )
  })

  test('is none where there is none', () => {
    expect(retryAfter(new Headers(), now)).toBeUndefined()
  })
})

describe('getJson', () => {
  test('reads a document up to the very last byte allowed, and not one more', async () => {
    const body = JSON.stringify('x'.repeat(998))
    expect(body.length).toBe(1_000)
    await expect(getJson(with200(body), bounds)).resolves.toBe('x'.repeat(998))
    expect((await failure(getJson(with200(`${body} `), bounds))).reason).toBe('too_large')
  })

  test('counts bytes, not characters', async () => {
    expect((await failure(getJson(with200(JSON.stringify('é'.repeat(600))), bounds))).reason).toBe(
      'too_large',
    )
  })

  test('puts characters together that arrive in pieces', async () => {
    const bytes = new TextEncoder().encode('"é€"')
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    await expect(getJson(with200(pieces), bounds)).resolves.toBe('é€')
  })

  test.each([null, '', '{', '<html>', '\u0000'])(
    'says what it got in place of JSON: %j',
    async (body) => {
      const { reason, message } = await failure(getJson(with200(body), bounds))
      expect(reason).toBe('not_json')
      expect(message).toMatch(
        /^expected JSON from https:\/\/verifier\.example\.org\/oidc\/jwks, got \d+ characters of/,
      )
    },
  )

  test.each([201, 204, 400, 404, 500])('takes no %i for an answer', async (status) => {
    const runtime = answering(() => Promise.resolve(new Response(null, { status })))
    expect(await failure(getJson(runtime, bounds))).toMatchObject({ reason: 'status', status })
  })

  test('shows no password, query or fragment of an address', async () => {
    const messages = await Promise.all([
      failure(getJson(with200('<'), bounds)),
      failure(
        getJson(
          answering(() => Promise.reject(new TypeError('fetch failed'))),
          bounds,
        ),
      ),
      failure(
        getJson(
          answering(() => Promise.resolve(new Response(null, { status: 302 }))),
          bounds,
        ),
      ),
    ])
    for (const { message } of messages) expect(message).not.toMatch(/secret|user|part/)
  })

  test.each<[string, unknown, RegExp]>([
    ['a code', new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }), /ENOTFOUND/],
    [
      'a message beneath',
      new TypeError('fetch failed', { cause: new Error('unable to verify') }),
      /unable to verify/,
    ],
    ['a message', new TypeError('Invalid URL'), /Invalid URL/],
    [
      'an empty message beneath',
      new TypeError('Proxy response (407)', { cause: new Error('') }),
      /: Proxy response/,
    ],
    [
      'a code of the client beneath',
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('Proxy response (407) !== 200'), {
          code: 'UND_ERR_ABORTED',
        }),
      }),
      /UND_ERR_ABORTED, Proxy response \(407\)/,
    ],
    ['control characters', new TypeError('\u001b[2J'), /failed: \\u001b\[2J$/],
    [
      'an answer of another protocol',
      new TypeError('fetch failed', { cause: { code: 'ERR_SSL_WRONG_VERSION_NUMBER' } }),
      /ERR_SSL_WRONG_VERSION_NUMBER; plain http is spoken there/,
    ],
    [
      'no connection in time',
      new TypeError('fetch failed', {
        cause: { code: 'UND_ERR_CONNECT_TIMEOUT', message: 'Connect Timeout Error' },
      }),
      /UND_ERR_CONNECT_TIMEOUT, Connect Timeout Error; .*proxy.*NODE_USE_ENV_PROXY=1.*"runtime.fetch"/,
    ],
    ['nothing', undefined, /unknown reason/],
    ['a text', 'broken', /unknown reason/],
  ])('says why a connection failed that rejects with %s', async (_, reason, expected) => {
    const runtime = answering(() => rejecting(reason))
    expect((await failure(getJson(runtime, bounds))).message).toMatch(expected)
  })
})

test('a way that may lead through a proxy is hinted at where nothing answers in time, and nowhere else', async () => {
  const none = await failure(
    getJson(
      answering(() => new Promise(() => {})),
      { ...bounds, timeout: 5 },
    ),
  )
  expect(none.message).toMatch(/within 5 ms, got none; .*NODE_USE_ENV_PROXY=1/)
  const part = await failure(getJson(with200(new ReadableStream()), { ...bounds, timeout: 5 }))
  expect(part.message).toMatch(/within 5 ms, got a part of it$/)
  for (const { cause } of [none, part]) expect(cause).toBeUndefined()
  expect('cause' in none).toBe(false)
})

describe('what a refusal says is not read', () => {
  const without = (status: number, headers: Record<string, string> = {}) => {
    const seen = { cancelled: false }
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (seen.cancelled = true) })
    return {
      seen,
      runtime: answering(() => Promise.resolve(new Response(body, { status, headers }))),
    }
  }

  test.each([404, 429, 500])('%i counts at once, although its body never ends', async (status) => {
    const { seen, runtime } = without(status, { 'retry-after': '60' })
    expect(await failure(getJson(runtime, bounds))).toMatchObject({
      reason: 'status',
      status,
      retryAfter: 60_000,
    })
    expect(seen.cancelled).toBe(true)
  })

  test('and a content type is repeated in printable characters, and not for long', async () => {
    const type = `text/\u009b\u00ff${'x'.repeat(3_000)}`
    const runtime = answering(() =>
      Promise.resolve(new Response('<', { headers: { 'content-type': type } })),
    )
    const { message } = await failure(getJson(runtime, bounds))
    expect(message).toMatch(/^[\x20-\x7e…]*$/)
    expect(message.length).toBeLessThan(500)
  })
})

describe('a connection that fails', () => {
  const failing = (code: string) =>
    answering(() => rejecting(new TypeError('fetch failed', { cause: { code } })))

  test.each([
    ['ENOTFOUND', /the name is not known here; .*HTTPS_PROXY/],
    ['EAI_AGAIN', /the name is not known here; .*HTTPS_PROXY/],
    ['EHOSTUNREACH', /HTTPS_PROXY/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /NODE_EXTRA_CA_CERTS.*intermediate certificate/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /NODE_EXTRA_CA_CERTS.*intermediate certificate/],
    ['CERT_HAS_EXPIRED', /renew the certificate/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another host name/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /plain http/],
  ])('with %s says what to do', async (code, hint) => {
    const { reason, message } = await failure(getJson(failing(code), bounds))
    expect(reason).toBe('unreachable')
    expect(message).toContain(code)
    expect(message).toMatch(hint)
  })

  test('says it of a real server whose certificate no known authority issued', async () => {
    const { key, certificate: cert } = SEALS.leaf
    const pem = `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----`
    const secret = createPrivateKey({ key, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' })
    const server = createServer({ key: secret, cert: pem }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const request = { ...bounds, url: `https://127.0.0.1:${port}/jwks` }
    const { message } = await failure(getJson(systemRuntime, request))
    expect(message).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE; .*NODE_EXTRA_CA_CERTS/)
    server.close()
  })
})

describe('exchange', () => {
  test('sends nothing once it was called off', async () => {
    let sent = 0
    const runtime = answering(() => {
      sent += 1
      return Promise.resolve(new Response())
    })
    const abort = new AbortController()
    abort.abort()
    expect((await failure(sendBounded(runtime, { ...bounds, signal: abort.signal }))).reason).toBe(
      'aborted',
    )
    expect(sent).toBe(0)
  })

  test('ends at once when it is called off, also with a fetch that knows no signal', async () => {
    const abort = new AbortController()
    const pending = failure(
      sendBounded(
        answering(() => new Promise(() => {})),
        { ...bounds, signal: abort.signal },
      ),
    )
    abort.abort()
    expect((await pending).reason).toBe('aborted')
  })

  test('leaves no timer and no listener behind', async () => {
    const timers = new Set<object>()
    const schedule = () => {
      const timer = {}
      timers.add(timer)
      return () => void timers.delete(timer)
    }
    const { signal } = new AbortController()
    const removed = jest.spyOn(signal, 'removeEventListener')
    await sendBounded({ ...with200('ok'), schedule }, { ...bounds, signal })
    expect(timers.size).toBe(0)
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('sends a body as given, and reads answers of 400 and above', async () => {
    let sent: RequestInit | undefined
    const runtime = answering((_, init) => {
      sent = init
      return Promise.resolve(new Response('{"error":"invalid_client"}', { status: 401 }))
    })
    const answer = await sendBounded(runtime, {
      ...bounds,
      method: 'POST',
      headers: { a: 'b' },
      body: 'c=d',
    })
    expect(sent).toMatchObject({
      method: 'POST',
      headers: { a: 'b' },
      body: 'c=d',
      redirect: 'manual',
    })
    expect(answer).toMatchObject({ status: 401, body: '{"error":"invalid_client"}' })
  })
})

/** A promise that rejects with whatever a foreign fetch may reject with. */
async function rejecting(reason: unknown): Promise<never> {
  await Promise.resolve()
  throw reason
}
