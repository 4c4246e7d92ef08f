import {
  createDevVerifier,
  faults,
  startDevVerifier,
  type DevVerifier,
  type FaultName,
} from '../src/index.js'

const JWKS = '/oidc/jwks'
const TOKEN = '/oidc/token'
const read = (verifier: DevVerifier, init?: RequestInit, path = JWKS): Promise<Response> =>
  verifier.fetch(verifier.issuer + path, init)

describe.each([
  ['as a function', () => Promise.resolve(createDevVerifier())],
  ['over HTTP', async () => ({ ...(await startDevVerifier()) })],
])('a fault, %s', (form, start) => {
  let verifier: DevVerifier
  const request: typeof read = (_, init, path = JWKS) =>
    form === 'over HTTP'
      ? fetch(verifier.issuer + path, init)
      : verifier.fetch(verifier.issuer + path, init)

  beforeEach(async () => {
    verifier = await start()
  })
  afterEach(() => verifier.close())

  it.each<[FaultName, number]>([
    ['status-400', 400],
    ['status-403', 403],
    ['status-404', 404],
    ['status-429', 429],
    ['status-500', 500],
    ['status-503', 503],
    ['server-error-400', 400],
  ])('%s answers %i', async (fault, status) => {
    verifier.fail('jwks', fault)
    expect((await request(verifier)).status).toBe(status)
  })

  it.each<[FaultName, string]>([
    ['html', '<!doctype html><title>Maintenance</title>'],
    ['empty-body', ''],
    ['json-null', 'null'],
    ['json-array', '[]'],
    ['empty-set', '{"keys":[]}'],
  ])('%s answers 200 with something else', async (fault, body) => {
    verifier.fail('jwks', fault)
    expect(await (await request(verifier)).text()).toBe(body)
  })

  it('truncated-json answers half of the good answer', async () => {
    verifier.fail('jwks', 'truncated-json')
    const body = await (await request(verifier)).text()
    expect(JSON.stringify(verifier.jwks()).startsWith(body)).toBe(true)
    expect(() => JSON.parse(body) as unknown).toThrow()
  })

  it('refuse fails as a refused connection does', async () => {
    verifier.fail('jwks', 'refuse')
    await expect(request(verifier)).rejects.toThrow('fetch failed')
  })

  it('hang ends when the caller gives up', async () => {
    verifier.fail('jwks', 'hang')
    const controller = new AbortController()
    const pending = request(verifier, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
  })

  it('hang ends when the Verifier closes', async () => {
    verifier.fail('jwks', 'hang')
    const pending = request(verifier)
    const outcome = expect(pending).rejects.toThrow('fetch failed')
    while (verifier.requests.jwks === 0) await new Promise(setImmediate)
    await verifier.close()
    await outcome
    verifier = await start()
  })

  it('huge-body sends 32 MiB before the good answer', async () => {
    verifier.fail('jwks', 'huge-body')
    const body = await (await request(verifier)).text()
    expect(body.length).toBeGreaterThan(32 * 1024 * 1024)
    expect(JSON.parse(body)).toEqual(verifier.jwks())
  })

  it.each<FaultName>(['truncated-json', 'huge-body', 'slow-body', 'wrong-token-type'])(
    '%s keeps status and header fields of the answer',
    async (fault) => {
      const machine = verifier.issueMachineCredential()
      const forms = [verifier.tokenRequest(machine), new URLSearchParams()]
      const headOf = async (body: URLSearchParams) => {
        const { status, headers } = await request(verifier, { method: 'POST', body }, TOKEN)
        return [status, ...['content-type', 'cache-control'].map((name) => headers.get(name))]
      }
      for (const body of forms) {
        verifier.heal()
        const good = await headOf(body === forms[0] ? verifier.tokenRequest(machine) : body)
        verifier.fail('token', fault, { delay: 0 })
        expect(await headOf(body)).toEqual(good)
      }
      const type = async () => (await request(verifier)).headers.get('content-type')
      verifier.heal()
      const good = await type()
      verifier.fail('jwks', fault, { delay: 0 })
      expect(await type()).toBe(good)
    },
  )

  it('endless-body goes on until the reader stops', async () => {
    verifier.fail('jwks', 'endless-body')
    const controller = new AbortController()
    const { body } = await request(verifier, { signal: controller.signal })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    let size = 0
    while (size < 1_000_000) size += (await reader.read()).value?.length ?? 0
    controller.abort(new Error('enough'))
    await expect(reader.read()).rejects.toThrow('enough')
  })

  it('redirect leads to the good answer, unless redirects are refused', async () => {
    verifier.fail('jwks', 'redirect')
    expect(await (await request(verifier)).json()).toEqual(verifier.jwks())
    expect((await request(verifier, { redirect: 'manual' })).status).toBe(302)
    await expect(request(verifier, { redirect: 'error' })).rejects.toThrow('fetch failed')
  })

  it('wrong-issuer and foreign-jwks-uri change the metadata alone', async () => {
    const path = '/.well-known/openid-configuration'
    const good = (await (await request(verifier, {}, path)).json()) as object
    verifier.fail('discovery', 'wrong-issuer', { times: 1 })
    expect(await (await request(verifier, {}, path)).json()).toEqual({
      ...good,
      issuer: 'https://other-verifier.example.com',
    })
    verifier.fail('discovery', 'foreign-jwks-uri')
    expect(await (await request(verifier, {}, path)).json()).toMatchObject({
      jwks_uri: expect.stringMatching(/^http:\/\/169/) as string,
    })
  })

  it('holds for a number of requests, and ends when healed', async () => {
    verifier.fail('jwks', 'status-500', { times: 2 })
    const statuses = []
    for (let request_ = 0; request_ < 3; request_++) statuses.push((await request(verifier)).status)
    expect(statuses).toEqual([500, 500, 200])
    verifier.fail('jwks', 'status-500')
    verifier.heal('jwks')
    expect((await request(verifier)).status).toBe(200)
    expect(verifier.requests.jwks).toBe(4)
  })
})

describe('slow answers', () => {
  it('wait on the clock they are given', async () => {
    const waiting: { delay: number; callback: () => void }[] = []
    const schedule = (callback: () => void, delay: number): (() => void) => {
      waiting.push({ delay, callback })
      return () => undefined
    }
    const verifier = createDevVerifier({ runtime: { schedule } })
    verifier.fail('jwks', 'slow', { delay: 5_000 })
    const pending = read(verifier)
    while (waiting.length === 0) await new Promise(setImmediate)
    expect(waiting[0]?.delay).toBe(5_000)
    waiting[0]?.callback()
    expect(await (await pending).json()).toEqual(verifier.jwks())
  })

  it('may come a byte at a time', async () => {
    const schedule = (callback: () => void): (() => void) => {
      queueMicrotask(callback)
      return () => undefined
    }
    const verifier = createDevVerifier({ runtime: { schedule } })
    verifier.fail('jwks', 'slow-body')
    const chunks = []
    for await (const chunk of (await read(verifier)).body as AsyncIterable<Uint8Array>)
      chunks.push(chunk.length)
    expect(new Set(chunks)).toEqual(new Set([1]))
    expect(chunks).toHaveLength(JSON.stringify(verifier.jwks()).length)
  })
})

it('has a name for each fault that its tests use', () => {
  expect(Object.keys(faults)).toEqual(
    expect.arrayContaining(['hang', 'refuse', 'no-access-token', 'wrong-token-type']),
  )
})

test('a fault that would never come is refused', () => {
  const verifier = createDevVerifier()
  expect(() => verifier.fail('jwk' as 'jwks', 'hang')).toThrow(
    /Expected an endpoint of .*jwks.*; found "jwk"/,
  )
  expect(() => verifier.fail('jwks', 'hangs' as 'hang')).toThrow(
    /Expected a fault of .*hang.*; found "hangs"/,
  )
  expect(() => verifier.fail('jwks', 'hang', { time: 1 } as object)).toThrow(
    /Expected options of fail.*; found "time"/,
  )
})
