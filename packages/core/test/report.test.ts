import {
  allOf,
  createResourceServer,
  requiredClaim,
  requiredKind,
  requiredScopes,
  systemRuntime,
  type GuardError,
  type GuardEvents,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'

const verifier = createDevVerifier()
const trace = '4bf92f3577b34da6a3ce929d0e0e4736'

function serve(options: Partial<ResourceServerOptions> = {}) {
  const denied: GuardEvents['denied'][] = []
  const allowed: GuardEvents['allowed'][] = []
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    events: {
      denied: (event) => void denied.push(event),
      allowed: (event) => void allowed.push(event),
    },
    ...options,
    runtime: { ...systemRuntime, fetch: verifier.fetch, ...options.runtime },
  })
  return { server, denied, allowed }
}

const bearing = (token: string, headers: Record<string, string> = {}) => ({
  method: 'GET',
  url: '/orders?secret=1',
  headers: { authorization: `Bearer ${token}`, ...headers },
})
const refusalOf = (decision: Promise<unknown>) =>
  decision.then(
    () => undefined,
    (error: unknown) => error as GuardError,
  )

/** The partner of these tests, as events know it. */
const partner = {
  clientId: expect.stringMatching(/^did:key:/) as unknown,
  organizationIdentifier: 'VATES-B12345678',
  kind: 'machine',
}
const mint = (claims: object = {}) => verifier.mint({ claims: { tenant: 'kpmg', ...claims } })

describe('an event says whose request it is', () => {
  test.each([
    ['an expired token', { exp: 1_000 }, 'token_expired'],
    ['a token for another API', { aud: 'https://other.example.org' }, 'audience_mismatch'],
    ['a token that is no access token', { nonce: 1, at_hash: 'x' }, 'token_type_not_accepted'],
  ])('once the signature of %s held', async (_, claims, code) => {
    const { server, denied } = serve()
    await refusalOf(server.authenticate(bearing(mint(claims))))
    expect(denied).toHaveLength(1)
    expect(denied[0]).toMatchObject({
      ...partner,
      code,
      issuer: verifier.issuer,
      tenant: 'kpmg',
      method: 'GET',
    })
    expect(JSON.stringify(denied)).not.toContain('secret')
  })

  test('and not where anyone may have written the token', async () => {
    const { server, denied } = serve()
    const token = mint()
    const forged = `${token.slice(0, -6)}${token.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`
    await refusalOf(server.authenticate(bearing(forged)))
    expect(denied[0]).toMatchObject({ code: 'signature_invalid', issuer: verifier.issuer })
    expect(Object.keys(denied[0]!)).not.toEqual(expect.arrayContaining(['clientId']))
    expect(denied[0]).not.toHaveProperty('tenant')
  })

  test('of claims that break every rule, what can be read', async () => {
    const { server, denied } = serve()
    const claims = { client_id: 7, tenant: ['a'], vc: 'no credential' }
    await refusalOf(server.authenticate(bearing(mint(claims))))
    const [event] = denied
    expect(event).toMatchObject({ issuer: verifier.issuer })
    expect([event!.clientId, event!.tenant, event!.kind]).toEqual([undefined, undefined, undefined])
  })

  test('in texts of 256 characters at most', async () => {
    const { server, allowed } = serve()
    await server.authenticate(bearing(mint({ tenant: 'a'.repeat(1_000) })))
    expect(allowed[0]!.tenant).toHaveLength(256)
  })

  test('and which requirement refused, with its condition', async () => {
    const { server, denied } = serve()
    const mayAdminister = requiredClaim(['realm_access', 'roles'], { includes: 'admin' })
    const token = mint({ realm_access: { roles: ['reader', 'writer'] } })
    const error = await refusalOf(server.authenticate(bearing(token), mayAdminister))
    expect(error!.reason).toMatchObject({
      expected: 'claim realm_access.roles with "admin" in it',
      actual: 'a list of 2 without "admin"',
    })
    expect(denied[0]).toMatchObject({ ...partner, requirement: mayAdminister.name })
  })
})

describe('by hand, each call publishes one event', () => {
  test('authenticate with a requirement that is met', async () => {
    const { server, allowed, denied } = serve()
    const machine = allOf(requiredKind('machine'))
    await server.authenticate(bearing(mint()), machine)
    expect([allowed, denied]).toEqual([
      [expect.objectContaining({ ...partner, requirement: machine.name, cached: false })],
      [],
    ])
  })

  test('authorize, met or not', async () => {
    const { server, allowed, denied } = serve()
    const caller = await server.verifyAccessToken(mint())
    allowed.length = 0
    await server.authorize(caller, requiredKind('machine'))
    expect(() => server.authorize(caller, requiredScopes('orders:burn'))).toThrow()
    expect(allowed).toEqual([expect.objectContaining({ ...partner, requirement: 'kind machine' })])
    expect(denied).toEqual([expect.objectContaining({ ...partner, code: 'scope_missing' })])
  })

  test('authorize, of a caller that the application made with a member of its own', async () => {
    const { server, denied } = serve()
    const { clientId, claims, scopes } = await server.verifyAccessToken(mint())
    const caller = { clientId, claims, scopes, token: 'a.b.c', trusted: true } as never
    expect(() => server.authorize(caller, requiredScopes('orders:burn'))).toThrow()
    expect(denied).toEqual([expect.objectContaining({ code: 'scope_missing', clientId })])
  })
})

describe('the correlation id', () => {
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`
  const random = expect.stringMatching(/^[a-z0-9]{1,10}$/) as unknown

  test.each<[string, ResourceServerOptions['correlationId'], Record<string, string>, unknown]>([
    ['a random one', true, { 'x-request-id': 'mine' }, random],
    ['that of a field', 'X-Request-Id', { 'x-request-id': 'order-7/a' }, 'order-7/a'],
    ['that of a trace', 'traceparent', { traceparent }, trace],
    ['a random one without the field', 'x-request-id', {}, random],
    [
      'a random one for a field of 129 characters',
      'x-request-id',
      { 'x-request-id': 'a'.repeat(129) },
      random,
    ],
    [
      'a random one for a field with white space',
      'x-request-id',
      { 'x-request-id': 'a b' },
      random,
    ],
    [
      'a random one for a trace of zeros',
      'traceparent',
      { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
      random,
    ],
    ['that of a function', ({ url }: { url: string }) => url.slice(1, 7), {}, 'orders'],
    [
      'a random one where the function throws',
      () => {
        throw new Error('no id')
      },
      {},
      random,
    ],
    ['none', false, { 'x-request-id': 'mine' }, undefined],
  ])('is %s', async (_, correlationId, headers, expected) => {
    const { server, denied } = serve({ correlationId: correlationId! })
    const error = await refusalOf(server.authenticate(bearing('no token', headers)))
    expect(error!.body.correlation_id).toEqual(expected)
    expect(denied[0]!.correlationId).toBe(error!.body.correlation_id)
  })

  test('of an allowed request is what it brings, and nothing where it brings none', async () => {
    const { server, allowed } = serve({ correlationId: 'x-request-id' })
    await server.authenticate(bearing(mint(), { 'x-request-id': 'order-7' }))
    await server.authenticate(bearing(mint()))
    expect(allowed.map(({ correlationId }) => correlationId)).toEqual(['order-7', undefined])
  })
})

describe('denials can be sampled', () => {
  test('then a share is published, and says so', async () => {
    const chances = [0.05, 0.5, 0.0999, 0.1]
    const runtime = { random: () => chances.shift() ?? 1 }
    const { server, denied } = serve({ sampleDenied: 0.1, runtime, keySet: { prefetch: false } })
    for (let time = 0; time < 4; time += 1) await refusalOf(server.verifyAccessToken('no token'))
    expect(denied.map(({ share }) => share)).toEqual([0.1, 0.1])
  })

  test.each([0, -1, 1.1, '0.1', NaN])('but not by %p', (sampleDenied) => {
    expect(() => serve({ sampleDenied: sampleDenied as number })).toThrow(
      /"sampleDenied" as a number above 0 and up to 1/,
    )
  })

  test('by default every one is published, without a share', async () => {
    const { server, denied } = serve()
    await refusalOf(server.verifyAccessToken('no token'))
    expect(denied[0]).not.toHaveProperty('share')
  })
})
