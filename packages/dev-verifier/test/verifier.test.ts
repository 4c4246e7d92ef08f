import { request as httpRequest } from 'node:http'
import supertest from 'supertest'
import { createDevVerifier, startDevVerifier, type Jwk } from '../src/index.js'
import { decodeJwt } from '../src/jwt.js'
import { answerOf, requestToken } from './support.js'

describe('a development Verifier', () => {
  it('listens on loopback, at the path of its profile', async () => {
    const verifier = await startDevVerifier()
    expect(verifier.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/verifier$/)
    await supertest(verifier.issuer).get('/health').expect(200, { status: 'UP' })
    await verifier.close()
    await expect(fetch(`${verifier.issuer}/health`)).rejects.toThrow('fetch failed')
  })

  it("leaves the process' own Request and Response alone", async () => {
    const before = [globalThis.Request, globalThis.Response]
    const verifier = await startDevVerifier()
    await fetch(`${verifier.issuer}/health`)
    expect([globalThis.Request, globalThis.Response]).toEqual(before)
    await verifier.close()
  })

  it.each([
    'production',
    'Production',
    'PRODUCTION',
    ' production',
    'production\r\n',
    '\tProduction ',
  ])('does not run with NODE_ENV=%j, unless forced', async (environment) => {
    const runtime = { environment }
    expect(() => createDevVerifier({ runtime })).toThrow(/NODE_ENV=production/)
    await expect(startDevVerifier({ runtime })).rejects.toThrow(/NODE_ENV=production/)
    expect(createDevVerifier({ runtime, force: true }).issuer).toBeDefined()
  })

  it('does not run on an open address, unless forced', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.evil.example']) {
      await expect(startDevVerifier({ host })).rejects.toThrow(/loopback only/)
    }
    const forced = await startDevVerifier({ host: '0.0.0.0', force: true })
    expect(forced.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/verifier$/)
    await forced.close()
  })

  it('says what is wrong with its options', () => {
    expect(() => createDevVerifier({ issuer: 'https://verifier.example.org/' })).toThrow(
      /without .* trailing slash/,
    )
    expect(() => createDevVerifier({ issuer: 'verifier' })).toThrow(/http\(s\) URL/)
    expect(() => createDevVerifier({ profile: 'unknown' as 'dome' })).toThrow(
      /Expected profile to be one of/,
    )
    expect(() => createDevVerifier({ profile: 'toString' as 'dome' })).toThrow(
      /Expected profile to be one of/,
    )
    expect(() => createDevVerifier({ tennant: 'kpmg' } as object)).toThrow(
      /Expected options of .*; found "tennant"/,
    )
    expect(() => createDevVerifier().issueMachineCredential({ dialect: 'employee-v3' })).toThrow(
      /machine credential/,
    )
  })

  it('reports a port in use', async () => {
    const verifier = await startDevVerifier()
    const port = Number(new URL(verifier.issuer).port)
    await expect(startDevVerifier({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await verifier.close()
  })

  it('stops listening when it cannot start', async () => {
    const free = await startDevVerifier()
    const port = Number(new URL(free.issuer).port)
    await free.close()
    await expect(startDevVerifier({ port, key: 'no key' })).rejects.toThrow(/^Expected a P-256/)
    const verifier = await startDevVerifier({ port })
    expect(verifier.issuer).toContain(`:${port}/`)
    await verifier.close()
  })

  it('keeps to the clock it is given', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const verifier = createDevVerifier({ runtime: { now: () => now } })
    const machine = verifier.issueMachineCredential({ validUntil: new Date(now + 60_000) })
    const response = await requestToken(verifier, machine)
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 899 })
    expect(decodeJwt(verifier.mint()).claims).toMatchObject({ iat: 1767225600, exp: 1767226500 })
    now += 60_000
    expect(await answerOf(await requestToken(verifier, machine))).toBe('400 invalid_grant')
  })

  it('limits requests per minute and client when asked to', async () => {
    let now = 0
    const verifier = createDevVerifier({
      rateLimit: { token: 1, others: 2 },
      runtime: { now: () => now },
    })
    const jwks = (address?: string): Promise<Response> =>
      verifier.fetch(
        `${verifier.issuer}/oidc/jwks`,
        address ? { headers: { 'x-forwarded-for': `${address}, 10.0.0.1` } } : {},
      )
    const statuses = [await jwks(), await jwks(), await jwks(), await jwks('203.0.113.9')].map(
      ({ status }) => status,
    )
    expect(statuses).toEqual([200, 200, 429, 200])
    expect((await jwks()).headers.get('retry-after')).toBe('60')
    now += 60_000
    expect((await jwks()).status).toBe(200)
  })

  it('answers failures as bareErrors says, whatever its profile', async () => {
    const bare = createDevVerifier({ bareErrors: true })
    expect(
      await answerOf(await requestToken(bare, bare.issueMachineCredential({ revoked: true }))),
    ).toBe('403 -')
    const translated = createDevVerifier({ profile: 'dome', bareErrors: false })
    const revoked = translated.issueMachineCredential({ revoked: true })
    expect(await answerOf(await requestToken(translated, revoked))).toBe('400 invalid_grant')
  })

  it('accepts the credentials of trustedIssuers', async () => {
    const other = createDevVerifier({ profile: 'dome' })
    const { credential, privateKey, did } = other.issueMachineCredential()
    const [jwk] = other.credentialIssuer.keys.keys as [Jwk]
    const verifier = createDevVerifier({
      profile: 'dome',
      trustedIssuers: [{ id: 'VATES-Q0000000J', jwk }],
    })
    const machine = { ...verifier.issueMachineCredential(), credential, privateKey, did }
    expect((await requestToken(verifier, machine)).status).toBe(200)
    expect((await requestToken(createDevVerifier({ profile: 'dome' }), machine)).status).toBe(403)
  })

  it('takes registered clients only, where the profile does', async () => {
    const verifier = createDevVerifier({ profile: 'dome', clients: [{ clientId: 'orders' }] })
    expect(await answerOf(await requestToken(verifier, verifier.issueMachineCredential()))).toBe(
      '401 invalid_client',
    )
  })
})

describe('its fetch', () => {
  const verifier = createDevVerifier()

  it('reaches no other origin', async () => {
    const failure = verifier.fetch('https://elsewhere.example.com/verifier/oidc/jwks')
    await expect(failure).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('takes a URL, a text or a Request, and rejects when aborted before', async () => {
    const url = `${verifier.issuer}/health`
    for (const input of [url, new URL(url), new Request(url)])
      expect((await verifier.fetch(input)).ok).toBe(true)
    await expect(
      verifier.fetch(url, { signal: AbortSignal.abort(new Error('before')) }),
    ).rejects.toThrow('before')
  })
})

it('gives the issuer of the Host header when asked to', async () => {
  const verifier = await startDevVerifier({ issuerFromRequest: true })
  const { port } = new URL(verifier.issuer)
  const document = await new Promise<string>((resolve, reject) => {
    const path = '/verifier/.well-known/openid-configuration'
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, headers: { host: 'kpmg.localhost:8082' } },
      (response) => {
        let body = ''
        response.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve(body))
      },
    )
    outgoing.on('error', reject).end()
  })
  expect(JSON.parse(document)).toMatchObject({ issuer: 'http://kpmg.localhost:8082/verifier' })
  await verifier.close()
})
