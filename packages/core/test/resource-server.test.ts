import { channel, tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { portably } from '../../../test/differential/portable.js'
import { signatureChecks } from '../../../test/signature-checks.js'
import {
  createResourceServer,
  requiredPower,
  requiredRule,
  requiredScopes,
  systemRuntime,
  type GuardEvents,
  type Requirement,
  type ResourceServerOptions,
  type GuardError,
} from '../src/index.js'
import type { ResourceServerState } from '../src/support.js'

/** When every token is minted, however long the test takes. */
const START = Date.now()
const verifier = createDevVerifier({ profile: 'eudistack-3.3', runtime: { now: () => START } })
const mayCreate = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' })
const mayDelete = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Delete' })

function serve(options: Partial<ResourceServerOptions> = {}) {
  let now = START
  const events: { readonly name: string; readonly event: unknown }[] = []
  const record = (name: keyof GuardEvents) => (event: unknown) => void events.push({ name, event })
  const resourceServer = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime: { ...systemRuntime, fetch: verifier.fetch, now: () => now },
    events: { allowed: record('allowed'), denied: record('denied') },
    ...options,
  })
  open.push(resourceServer)
  const denials = () =>
    events
      .filter(({ name }) => name === 'denied')
      .map(({ event }) => event as GuardEvents['denied'])
  return {
    resourceServer,
    events,
    denials,
    pass: (seconds: number) => void (now += seconds * 1_000),
  }
}

const open: { close(): void }[] = []
afterAll(() => open.forEach((resourceServer) => resourceServer.close()))

function codeOf(decide: () => unknown): string {
  try {
    decide()
    return 'allowed'
  } catch (error) {
    return (error as GuardError).code
  }
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('authenticate', () => {
  test('takes a web Request and a Node request alike', async () => {
    const { resourceServer } = serve()
    const authorization = `Bearer ${verifier.mint()}`
    const fromWeb = await resourceServer.authenticate(
      new Request('https://api.example.org/', { headers: { authorization } }),
    )
    const fromNode = await resourceServer.authenticate({
      headers: { authorization },
      rawHeaders: ['Authorization', authorization],
    })
    expect(fromWeb.clientId).toMatch(/^did:key:zDnae/)
    expect(fromNode).toEqual(fromWeb)
  })

  test('asks for what the route requires', async () => {
    const { resourceServer } = serve()
    const request = bearing(verifier.mint())
    await expect(resourceServer.authenticate(request, mayCreate)).resolves.toMatchObject({
      kind: 'machine',
    })
    await expect(resourceServer.authenticate(request, mayDelete)).rejects.toMatchObject({
      code: 'power_missing',
      status: 403,
    })
  })

  test('challenges a request without credentials, naming no error (RFC 6750 §3.1)', async () => {
    const { resourceServer } = serve({ realm: 'orders' })
    const error = await resourceServer
      .authenticate({ headers: {} })
      .catch((thrown: GuardError) => thrown)
    expect(error).toMatchObject({
      code: 'token_missing',
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer realm="orders"' },
    })
  })

  test('tells the scopes that would have sufficed (RFC 6750 §3)', async () => {
    const { resourceServer } = serve()
    const error = await resourceServer
      .authenticate(bearing(verifier.mint()), requiredScopes('orders:write'))
      .catch((thrown: GuardError) => thrown)
    expect((error as GuardError).headers['WWW-Authenticate']).toContain('scope="orders:write"')
  })

  test('says 503 and when to come back while the keys can not be had', async () => {
    const { resourceServer } = serve({
      runtime: { warn: () => {}, fetch: () => Promise.reject(new TypeError('fetch failed')) },
    })
    const error = await resourceServer
      .authenticate(bearing(verifier.mint()))
      .catch((thrown: GuardError) => thrown)
    expect(error).toMatchObject({
      code: 'keys_unavailable',
      kind: 'verifier',
      status: 503,
      headers: { 'Retry-After': expect.stringMatching(/^\d+$/) as string },
    })
    expect((error as GuardError).headers['WWW-Authenticate']).toBeUndefined()
  })

  test('lets a fault of its own surroundings surface, rather than call it a bad token', async () => {
    const { resourceServer } = serve()
    const broken = {
      headers: {
        get: () => {
          throw new RangeError('a bug')
        },
      },
    }
    await expect(resourceServer.authenticate(broken)).rejects.toBeInstanceOf(RangeError)
  })
})

describe('what is no requirement', () => {
  test.each([null, {}, 'orders:read', [requiredScopes('orders:read')]])(
    '%j: a mistake in the set-up',
    async (value) => {
      const { resourceServer, denials } = serve()
      const requirement = value as unknown as Requirement
      const token = verifier.mint()
      const auth = await resourceServer.authenticate(bearing(token))
      const mistake = {
        code: 'invalid_configuration',
        message: expect.stringMatching(/^expected a requirement, found/) as string,
      }
      await expect(resourceServer.authenticate(bearing(token), requirement)).rejects.toMatchObject(
        mistake,
      )
      await expect(resourceServer.verifyAccessToken(token, requirement)).rejects.toMatchObject(
        mistake,
      )
      expect(codeOf(() => resourceServer.authorize(auth, requirement))).toBe(mistake.code)
      expect(denials()).toEqual([])
    },
  )
})

describe('a token that comes again', () => {
  const remembered = async (server: ReturnType<typeof serve>, token: string) => {
    await server.resourceServer.verifyAccessToken(token)
    await server.resourceServer.verifyAccessToken(token)
    return bearing(token)
  }

  test('is remembered from its second sight on: its signature is checked no more', async () => {
    const { resourceServer, events } = serve()
    const token = verifier.mint()
    const checks: number[] = []
    for (let sight = 1; sight <= 4; sight += 1)
      checks.push(await signatureChecks(() => resourceServer.verifyAccessToken(token)))
    expect(checks).toEqual([1, 1, 0, 0])
    const { issuer } = verifier
    expect(events.map(({ event }) => event)).toEqual(
      [false, false, true, true].map(
        (cached) => expect.objectContaining({ issuer, cached }) as unknown,
      ),
    )
  })

  test('brings the same caller, with the same claims', async () => {
    const { resourceServer } = serve()
    const token = verifier.mint()
    const first = await resourceServer.verifyAccessToken(token)
    await resourceServer.verifyAccessToken(token)
    const third = await resourceServer.verifyAccessToken(token)
    expect(await resourceServer.verifyAccessToken(token)).toBe(third)
    for (const member of ['claims', 'header', 'credential', 'powers', 'subject', 'token'] as const)
      expect(third[member]).toEqual(first[member])
  })

  test('is forgotten when it expires', async () => {
    const server = serve()
    const request = await remembered(server, verifier.mint({ expiresIn: 60 }))
    server.pass(89)
    expect(await signatureChecks(() => server.resourceServer.authenticate(request))).toBe(0)
    server.pass(2)
    await expect(server.resourceServer.authenticate(request)).rejects.toMatchObject({
      code: 'token_expired',
    })
  })

  test('is compared as a whole, not just by the end that finds it', async () => {
    const server = serve()
    const token = verifier.mint()
    await remembered(server, token)
    const [, payload, signature] = token.split('.')
    const forged = [`e30.${payload}.${signature}`, `x${token}`, token.slice(1), ` ${token}`]
    for (const other of forged)
      await expect(server.resourceServer.verifyAccessToken(other)).rejects.toMatchObject({
        status: 401,
      })
  })

  test('is verified again where the cache is switched off', async () => {
    const server = serve({ cache: null })
    const request = await remembered(server, verifier.mint())
    expect(await signatureChecks(() => server.resourceServer.authenticate(request))).toBe(1)
  })
})

describe('authorize', () => {
  test('answers at once what holds at once, and refuses what does not', async () => {
    const { resourceServer, denials } = serve()
    const auth = await resourceServer.verifyAccessToken(verifier.mint())
    expect(resourceServer.authorize(auth, mayCreate)).toBeUndefined()
    expect(codeOf(() => resourceServer.authorize(auth, mayDelete))).toBe('power_missing')
    // Before anything is awaited: a handler that forgets to must not go on.
    expect(denials()).toEqual([
      expect.objectContaining({
        code: 'power_missing',
        status: 403,
        expected: 'power DOME/ProductOffering/Delete',
        fingerprint: expect.stringMatching(/^[\w-]{16}$/) as string,
      }),
    ])
  })

  test('answers late what takes time', async () => {
    const { resourceServer, denials } = serve()
    const auth = await resourceServer.verifyAccessToken(verifier.mint())
    await expect(
      resourceServer.authorize(
        auth,
        requiredRule('yes', () => Promise.resolve(true)),
      ),
    ).resolves.toBeUndefined()
    const refused = resourceServer.authorize(
      auth,
      requiredRule('no', () => Promise.resolve(false)),
    )
    await expect(refused).rejects.toMatchObject({ code: 'rule_unmet', status: 403 })
    expect(denials()).toHaveLength(1)
  })

  test('throws at once on runtimes where the fingerprint takes time, and tells of the denial when that is there', async () => {
    const portable = await portably(() => import('../src/index.js'))
    const denied: GuardEvents['denied'][] = []
    const server = portable.createResourceServer({
      issuer: verifier.issuer,
      profile: 'eudistack',
      runtime: { ...systemRuntime, fetch: verifier.fetch },
      events: { denied: (event) => void denied.push(event) },
    })
    open.push(server)
    const auth = await server.verifyAccessToken(verifier.mint())
    expect(codeOf(() => server.authorize(auth, mayDelete))).toBe('power_missing')
    while (denied.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(denied).toEqual([
      expect.objectContaining({
        code: 'power_missing',
        fingerprint: expect.stringMatching(/^[\w-]{16}$/) as string,
      }),
    ])
  })
})

describe('the credential behind a token', () => {
  const day = 86_400_000

  test.each([
    ['expired yesterday', { validUntil: new Date(START - day) }],
    ['begins tomorrow', { validFrom: new Date(START + day) }],
  ])('is refused when it %s, though the token is still good', async (_, validity) => {
    const token = verifier.mint(validity)
    await expect(serve().resourceServer.verifyAccessToken(token)).rejects.toMatchObject({
      code: 'credential_expired',
      status: 401,
    })
    await expect(
      serve({ credentialValidity: 'ignore' }).resourceServer.verifyAccessToken(token),
    ).resolves.toMatchObject({
      kind: 'machine',
    })
  })

  test('is refused when it ends while the token is remembered', async () => {
    const { resourceServer, pass } = serve()
    const request = bearing(verifier.mint({ validUntil: new Date(START + 60_000) }))
    for (let sight = 1; sight <= 3; sight += 1) await resourceServer.authenticate(request)
    pass(91)
    await expect(resourceServer.authenticate(request)).rejects.toMatchObject({
      code: 'credential_expired',
    })
  })

  test('is refused when it is of another kind', async () => {
    const { resourceServer, denials } = serve({ kinds: ['machine'], clientIds: ['portal'] })
    const token = verifier.mint({ kind: 'employee', audience: 'portal' })
    await expect(resourceServer.verifyAccessToken(token)).rejects.toMatchObject({
      code: 'kind_not_accepted',
      status: 403,
    })
    expect(denials()[0]).toMatchObject({
      expected: 'a credential of kind machine',
      actual: 'a credential of kind employee',
    })
  })
})

describe('an age limit', () => {
  test('refuses an old token that has not expired, remembered or not', async () => {
    const { resourceServer, pass } = serve({ maxTokenAge: 120 })
    const request = bearing(verifier.mint())
    for (let sight = 1; sight <= 3; sight += 1) await resourceServer.authenticate(request)
    pass(151)
    await expect(resourceServer.authenticate(request)).rejects.toMatchObject({
      code: 'token_too_old',
    })
  })
})

describe('what a handler sees', () => {
  test('is frozen through and through', async () => {
    const auth = await serve().resourceServer.verifyAccessToken(verifier.mint())
    const thawed: string[] = []
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) thawed.push(path)
      for (const [name, member] of Object.entries(value)) walk(member, `${path}.${name}`)
    }
    const { header, claims, mandate, credential } = auth
    walk(
      {
        auth,
        header,
        claims,
        mandate,
        credential: credential && { ...credential, raw: undefined },
      },
      '',
    )
    expect(thawed).toEqual(['', '.credential'])
  })

  test.each([
    ['machine', {}],
    ['employee', { kind: 'employee', audience: 'portal', claims: { sub: 'jo@example.com' } }],
  ] as const)(
    'of a %s shows no token and no personal data when it is logged',
    async (_, options) => {
      const token = verifier.mint(options)
      const auth = await serve({ clientIds: ['portal'] }).resourceServer.verifyAccessToken(token)
      for (const shown of [
        JSON.stringify(auth),
        JSON.stringify({ ...auth }),
        inspect(auth, { depth: null }),
      ]) {
        expect(shown).not.toMatch(/@|Ada|IDCES/)
        expect(shown).not.toContain(token.split('.')[2])
      }
      const shown = ['issuer', 'clientId', 'scopes', 'tenant', 'kind', 'powers', 'expiresAt']
      expect(Object.keys(auth).sort()).toEqual(shown.sort())
      expect(auth.token).toBe(token)
      expect(auth.subject).toBe(auth.claims['sub'])
      expect(auth.mandate?.mandator.email).toBe('ada@example.com')
    },
  )
})

describe('the denied event', () => {
  const atOther = verifier.mint({ claims: { iss: 'https://other.example.org' } })

  test.each([
    ['a token that is past', verifier.mintBroken('expired'), verifier.issuer],
    ['a right that is missing', verifier.mint({ powers: [] }), verifier.issuer],
    ['a forged signature', verifier.mintBroken('tampered-signature'), verifier.issuer],
    ['an issuer that is not configured', atOther, undefined],
    ['no token at all', 'a.b.c', undefined],
  ])('of %s says the issuer where it is a configured one', async (_, token, issuer) => {
    const { resourceServer, denials } = serve()
    for (let time = 1; time <= 3; time += 1)
      await resourceServer.authenticate(bearing(token), mayCreate).catch(() => {})
    expect(denials().map((event) => event.issuer)).toEqual([issuer, issuer, issuer])
  })

  test('of a tenant says the issuer once a signature by its key held', async () => {
    const tenant = 'https://verifier.example.test/acme'
    const atTenant = createDevVerifier({ issuer: tenant })
    const events: GuardEvents['denied'][] = []
    const { resourceServer } = serve({
      issuer: 'https://verifier.example.test/{tenant}',
      audience: 'orders',
      profile: 'auto',
      runtime: { ...systemRuntime, fetch: atTenant.fetch },
      events: { denied: (event) => void events.push(event), keySetFailed() {} },
    })
    const ask = (token: string) => resourceServer.authenticate(bearing(token)).catch(() => {})
    await ask(atTenant.mint({ claims: { iss: 'https://verifier.example.test/invented' } }))
    await ask(atTenant.mintBroken('tampered-signature'))
    await ask(atTenant.mint({ claims: { aud: 'others' } }))
    expect(events.map(({ code, issuer }) => [code, issuer])).toEqual([
      ['keys_unavailable', undefined],
      ['signature_invalid', undefined],
      ['audience_mismatch', tenant],
    ])
  })

  test('carries a fingerprint in place of the token, and the id that the caller was given', async () => {
    const { resourceServer, denials } = serve({ correlationId: true })
    const token = verifier.mintBroken('expired')
    const error = (await resourceServer
      .verifyAccessToken(token)
      .catch((thrown: unknown) => thrown)) as GuardError
    const [denied] = denials()
    expect(denied).toMatchObject({
      code: 'token_expired',
      status: 401,
      check: 'claims',
      fingerprint: expect.stringMatching(/^[\w-]{16}$/) as string,
    })
    expect(error.body.correlation_id).toBe(denied!.correlationId)
    expect(JSON.stringify(denied)).not.toContain(token.slice(-40))
  })

  test('of an asynchronous listener that rejects disturbs no request, and no process', async () => {
    const warnings: string[] = []
    const { resourceServer } = serve({
      runtime: {
        ...systemRuntime,
        fetch: verifier.fetch,
        warn: (message) => void warnings.push(message),
      },
      events: { denied: () => Promise.reject(new Error('in the listener')) as unknown as void },
    })
    await expect(
      resourceServer.verifyAccessToken(verifier.mintBroken('expired')),
    ).rejects.toMatchObject({
      code: 'token_expired',
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([
      expect.stringContaining('a listener of the event "denied" threw Error'),
    ])
  })

  test('of a listener that throws disturbs no request', async () => {
    const warnings: string[] = []
    const { resourceServer } = serve({
      runtime: {
        ...systemRuntime,
        fetch: verifier.fetch,
        warn: (message) => void warnings.push(message),
      },
      events: {
        denied: () => {
          throw new Error('in the listener')
        },
      },
    })
    await expect(
      resourceServer.verifyAccessToken(verifier.mintBroken('expired')),
    ).rejects.toMatchObject({
      code: 'token_expired',
    })
    expect(warnings).toEqual([expect.stringContaining('a listener of the event "denied" threw')])
  })
})

describe('what is published for durations', () => {
  /** The contexts of all that ended on a tracing channel meanwhile. */
  async function ended(name: string, work: () => Promise<unknown>): Promise<readonly object[]> {
    const contexts: object[] = []
    const channel = tracingChannel<object>(`verifier-guard:${name}`)
    const subscribers = { asyncEnd: (context: object) => void contexts.push({ ...context }) }
    channel.subscribe(subscribers as never)
    await work()
    channel.unsubscribe(subscribers as never)
    return contexts
  }

  test('a decision: issuer, whether the token was known, and the code of a refusal', async () => {
    const token = verifier.mint()
    const { resourceServer } = serve()
    const contexts = await ended('decision', async () => {
      for (let time = 1; time <= 3; time += 1) await resourceServer.authenticate(bearing(token))
      await resourceServer.authenticate(bearing(verifier.mintBroken('expired'))).catch(() => {})
    })
    const { issuer } = verifier
    const known = { issuer, configuredAs: issuer, scheme: 'Bearer' }
    expect(contexts).toEqual([
      { ...known, cached: false, awaited: true },
      { ...known, cached: false, awaited: expect.any(Boolean) as boolean },
      { ...known, cached: true, awaited: false },
      {
        ...known,
        cached: false,
        code: 'token_expired',
        error: expect.objectContaining({ status: 401 }) as unknown,
      },
    ])
    expect(inspect(contexts)).not.toContain(token.slice(-20))
  })

  test('a fetch of keys: issuer, and why it failed', async () => {
    const { resourceServer } = serve({ keySet: { prefetch: false } })
    const { issuer } = verifier
    expect(await ended('key-fetch', () => resourceServer.ready())).toEqual([
      { issuer, configuredAs: issuer },
    ])
    const { resourceServer: apart } = serve({
      issuer: 'https://other.example.org',
      keySet: { prefetch: false },
      events: { keySetFailed() {} },
    })
    const failed = await ended('key-fetch', () => apart.ready().catch(() => {}))
    expect(failed).toEqual([
      {
        issuer: 'https://other.example.org',
        configuredAs: 'https://other.example.org',
        error: expect.any(Error) as unknown,
      },
    ])
  })

  test('a decision names the option that trusts the issuer, and what was asked besides', async () => {
    const template = verifier.issuer.replace('verifier.', '{tenant}.')
    const { resourceServer } = serve({ issuer: template, audience: verifier.issuer })
    const { resourceServer: byLookup } = serve({ issuer: (issuer) => ({ issuer }) })
    const contexts = await ended('decision', async () => {
      await resourceServer.authenticate(bearing(verifier.mint()))
      await byLookup.authenticate(bearing(verifier.mint()), mayDelete).catch(() => {})
    })
    const { issuer } = verifier
    expect(contexts).toMatchObject([
      { issuer, configuredAs: template },
      { issuer, configuredAs: undefined, requirement: mayDelete.name, code: 'power_missing' },
    ])
  })
})

describe('what is published for gauges', () => {
  const ask = () => {
    const states: ResourceServerState[] = []
    channel('verifier-guard:state').publish(states)
    return states
  }

  test('the state of each open resource server, and of none that is closed', async () => {
    open.splice(0).forEach((resourceServer) => resourceServer.close())
    const { resourceServer } = serve({ keySet: { maxAge: 60, maxStale: 600 } })
    const token = verifier.mint()
    for (let time = 1; time <= 2; time += 1) await resourceServer.verifyAccessToken(token)
    const [state, ...others] = ask()
    expect(others).toEqual([])
    expect(state).toMatchObject({
      health: { status: 'ready', issuers: [{ issuer: verifier.issuer, keys: 1 }] },
      keyLimits: { maxAge: 60, maxStale: 600 },
      tokenCache: { entries: 1, bytes: expect.any(Number) as number },
    })
    expect(state!.configuredAs(verifier.issuer)).toBe(verifier.issuer)
    expect(state!.configuredAs('https://other.example.org')).toBeUndefined()
    resourceServer.close()
    expect(ask()).toEqual([])
  })
})

describe('a request without a bearer token', () => {
  test('is refused where something is required of its caller, optional or not', async () => {
    const { resourceServer } = serve()
    const options = { optional: true, requirement: requiredScopes('orders:read') }
    await expect(resourceServer.admit({ headers: {} }, options)).rejects.toMatchObject({
      code: 'token_missing',
    })
    expect(await resourceServer.admit({ headers: {} }, { optional: true })).toMatchObject({
      auth: undefined,
    })
  })

  test.each([
    [
      'other credentials',
      { headers: { authorization: 'Basic YTpi' } },
      'credentials of the scheme "Basic"',
    ],
    [
      'a token in the query',
      { headers: {}, url: '/orders?access_token=x' },
      'none; a token in the query is never read',
    ],
    ['nothing', { headers: {} }, 'none'],
  ])('with %s: the reason says so', async (_, request, actual) => {
    const { resourceServer, denials } = serve()
    await expect(resourceServer.authenticate(request)).rejects.toMatchObject({
      code: 'token_missing',
      status: 401,
    })
    expect(denials()[0]).toMatchObject({ actual })
  })
})

describe('health', () => {
  test('of keys that no request needed yet has them fetched: a readiness probe needs no more', async () => {
    const { resourceServer } = serve()
    expect(resourceServer.health().status).toBe('down')
    await resourceServer.ready()
    const before = verifier.requests.jwks
    const probed = serve().resourceServer
    probed.health()
    while (probed.health().status !== 'ready') await new Promise((resolve) => setImmediate(resolve))
    expect(verifier.requests.jwks).toBe(before + 1)
  })

  test('goes from down to ready with the first keys', async () => {
    const { resourceServer } = serve()
    expect(resourceServer.health()).toMatchObject({
      status: 'down',
      issuers: [{ issuer: verifier.issuer, keys: 0 }],
    })
    await resourceServer.ready()
    expect(resourceServer.health()).toMatchObject({
      status: 'ready',
      issuers: [{ keys: 1, failures: 0 }],
    })
  })
})
