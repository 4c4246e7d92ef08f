import {
  createResourceServer,
  requiredKind,
  requiredPower,
  requiredRule,
  requiredScopes,
  requiredTenant,
  type ErrorCode,
  type Requirement,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { bearing, createArena, expectNoLeak, MARKER, type Arena } from './arena.js'

const API = 'https://orders.example.org'
const now = () => Math.floor(Date.now() / 1_000)

interface Mistake {
  readonly title: string
  readonly token: (arena: Arena) => string
  readonly code: ErrorCode
  readonly hint: RegExp
  readonly options?: Partial<ResourceServerOptions>
}

const api = { profile: 'auto', audience: API } as const

/** What users really get wrong, and what the event tells them. */
const MISTAKES: readonly Mistake[] = [
  {
    title: 'a trailing slash in the issuer',
    token: ({ sealed, verifier }) => sealed({}, { iss: `${verifier.issuer}/` }),
    code: 'issuer_not_trusted',
    hint: /trailing slash/,
  },
  {
    title: 'an issuer without its suffix /verifier',
    token: ({ sealed, verifier }) =>
      sealed({}, { iss: verifier.issuer.replace(/\/verifier$/, '') }),
    code: 'issuer_not_trusted',
    hint: /suffix "\/verifier"/,
  },
  {
    title: 'an issuer with http for https',
    token: ({ sealed, verifier }) => sealed({}, { iss: verifier.issuer.replace('https', 'http') }),
    code: 'issuer_not_trusted',
    hint: /http and https/,
  },
  {
    title: 'an audience with a trailing slash',
    token: ({ sealed }) => sealed({}, { aud: `${API}/` }),
    code: 'audience_mismatch',
    hint: /trailing slash/,
    options: api,
  },
  {
    title: 'an audience with the suffix /verifier',
    token: ({ sealed }) => sealed({}, { aud: `${API}/verifier` }),
    code: 'audience_mismatch',
    hint: /suffix "\/verifier"/,
    options: api,
  },
  {
    title: 'an audience that is the client id',
    token: ({ sealed }) => sealed({}, { aud: 'shop', client_id: 'shop' }),
    code: 'audience_mismatch',
    hint: /addressed to its client/,
    options: api,
  },
  {
    title: "an audience that is a client's DID, as in user tokens",
    token: ({ verifier }) => verifier.mint({ kind: 'employee' }),
    code: 'audience_mismatch',
    hint: /addressed to its client/,
    options: api,
  },
  {
    title: 'a user token where no client is configured',
    token: ({ verifier }) => verifier.mint({ kind: 'employee' }),
    code: 'audience_mismatch',
    hint: /clientIds/,
  },
  {
    title: 'an audience that is the Verifier, as in machine tokens',
    token: ({ verifier }) => verifier.mint(),
    code: 'audience_mismatch',
    hint: /leave "audience" out/,
    options: api,
  },
  {
    title: 'an id_token sent as access token',
    token: ({ verifier }) =>
      verifier.mintIdToken({ claims: { email: `${MARKER}@person.example` } }),
    code: 'token_type_not_accepted',
    hint: /id_token: send the access token/,
  },
  {
    title: 'milliseconds in exp',
    token: ({ sealed }) => sealed({}, { exp: (now() + 900) * 1_000 }),
    code: 'claim_invalid',
    hint: /milliseconds/,
  },
  {
    title: 'milliseconds in iat',
    token: ({ sealed }) => sealed({}, { iat: now() * 1_000 }),
    code: 'token_not_yet_valid',
    hint: /milliseconds/,
  },
  {
    title: 'a clock that is behind',
    token: ({ sealed }) => sealed({}, { iat: now() + 120 }),
    code: 'token_not_yet_valid',
    hint: /clock here may be 1[12]\d s behind.*clockTolerance/,
  },
  {
    title: 'a clock that is ahead',
    token: ({ sealed }) => sealed({}, { exp: now() - 60 }),
    code: 'token_expired',
    hint: /expired 6\d s ago.*clock/,
  },
  {
    title: 'a profile that is too strict for the Verifier',
    token: ({ sealed }) => sealed({}, { aud: API, client_id: 'shop' }),
    code: 'token_type_not_accepted',
    hint: /at\+jwt/,
    options: { profile: 'rfc9068', audience: API },
  },
  {
    title: 'another algorithm than is allowed',
    token: ({ sealed }) => sealed({ alg: 'RS256' }),
    code: 'algorithm_not_allowed',
    hint: /"algorithms"/,
  },
]

test.each(MISTAKES)('the denied event hints at $title', async ({ token, code, hint, options }) => {
  const arena = createArena(options)
  arena.mint = () =>
    arena.sealed(
      { typ: 'at+jwt' },
      { aud: options?.audience ?? arena.verifier.issuer, client_id: 'shop' },
    )
  const event = await arena.refuses(token(arena), code)
  expect(event.hint).toMatch(hint)
  expect(event.fingerprint).toMatch(/^[\w-]{16}$/)
  arena.close()
})

const missing = requiredScopes('orders:write')
const SCOPES: readonly (readonly [title: string, claims: Record<string, unknown>, hint: RegExp])[] =
  [
    ['scp beside scope', { scope: 'a', scp: ['orders:write'] }, /both "scope" and "scp"/],
    ['neither scope nor scp', { scope: undefined }, /neither "scope" nor "scp"/],
    [
      'the constant scopes of the Java Verifiers',
      { scope: 'machine learcredential' },
      /requiredPower/,
    ],
    ['other scopes', { scope: 'orders:read' }, /has to ask the Verifier/],
  ]

test.each(SCOPES)('the denied event hints at %s', async (_, claims, hint) => {
  const arena = createArena()
  const request = bearing(arena.sealed({}, claims))
  await expect(arena.authenticate(request, missing)).rejects.toMatchObject({
    code: 'scope_missing',
    status: 403,
  })
  expect(arena.denied.at(-1)!.hint).toMatch(hint)
  expectNoLeak(arena.denied, [])
  arena.close()
})

test.each([['scp'], ['scope']])('scopes are read from %s, as text or list', async (name) => {
  const arena = createArena()
  for (const scopes of ['a orders:write', ['a', 'orders:write']]) {
    const token = arena.sealed({}, { scope: undefined, [name]: scopes })
    await expect(arena.authenticate(bearing(token), missing)).resolves.toMatchObject({
      scopes: ['a', 'orders:write'],
    })
  }
  arena.close()
})

describe('what senders choose can not harm the reader of a log', () => {
  const EVIL = '\u001b[2J\u009b31m\r\nevil: 1\u2028\u202e\u0000'
  test.each([
    ['iss', (arena: Arena) => arena.sealed({}, { iss: EVIL }), 'issuer_not_trusted'],
    ['kid', (arena: Arena) => arena.sealed({ kid: EVIL }), 'key_unknown'],
    ['alg', (arena: Arena) => arena.sealed({ alg: EVIL }), 'algorithm_not_allowed'],
    ['typ', (arena: Arena) => arena.sealed({ typ: EVIL }), 'token_type_not_accepted'],
    ['aud', (arena: Arena) => arena.sealed({}, { aud: EVIL }), 'audience_mismatch'],
    ['crit', (arena: Arena) => arena.sealed({ crit: [EVIL.repeat(50)] }), 'header_not_allowed'],
  ] as const)('by %s', async (_, token, code) => {
    const arena = createArena()
    const event = await arena.refuses(token(arena), code)
    expect(event.actual).toMatch(/^[\x20-\x7e\u2026]{1,201}$/)
    arena.close()
  })
})

test('the fingerprint tells tokens apart, and the same one is the same', async () => {
  const arena = createArena()
  const [one, other] = [arena.sealed({ typ: 'x' }), arena.sealed({ typ: 'y' })]
  const events = []
  for (const token of [one, other, one])
    events.push(await arena.refuses(token, 'token_type_not_accepted'))
  expect(events[0]!.fingerprint).toBe(events[2]!.fingerprint)
  expect(events[0]!.fingerprint).not.toBe(events[1]!.fingerprint)
  arena.close()
})

describe('where there is no listener', () => {
  const arena = createArena()
  arena.close()
  const setUp = (fetch = arena.verifier.fetch) => {
    const warnings: string[] = []
    const runtime = { fetch, warn: (message: string) => void warnings.push(message) }
    return {
      warnings,
      server: createResourceServer({
        issuer: arena.verifier.issuer,
        profile: 'eudistack',
        runtime,
      }),
    }
  }

  test('a likely mistake is warned of once, with what to do, and without what the token says of people', async () => {
    const { warnings, server } = setUp()
    const tokens = [1, 2, 3].map((jti) => arena.sealed({}, { aud: 'shop', jti: `${jti}` }))
    for (const token of tokens)
      await expect(server.verifyAccessToken(token)).rejects.toMatchObject({
        code: 'audience_mismatch',
      })
    server.close()
    expect(warnings).toEqual([
      expect.stringMatching(/audience_mismatch: expected "aud".*found "shop".*"denied"/),
    ])
    expectNoLeak(warnings, tokens)
  })

  test('keys that can not be fetched are warned of once', async () => {
    const { warnings, server } = setUp(() => Promise.resolve(new Response('<html>')))
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(server.verifyAccessToken(arena.mint())).rejects.toMatchObject({
        code: 'keys_unavailable',
      })
    server.close()
    expect(warnings).toEqual([
      expect.stringMatching(/expected JSON from .*check "issuer" and "jwksUri".*"keySetFailed"/),
    ])
  })

  test('a token that is merely old is not', async () => {
    const { warnings, server } = setUp()
    const token = arena.sealed({}, { exp: now() - 60 })
    await expect(server.verifyAccessToken(token)).rejects.toMatchObject({ code: 'token_expired' })
    server.close()
    expect(warnings).toEqual([])
  })
})

const PERSON = {
  firstName: MARKER,
  lastName: MARKER,
  email: `${MARKER}@person.example`,
  phone: MARKER,
  employeeId: MARKER,
}
const BOSS = {
  commonName: MARKER,
  email: `${MARKER}@person.example`,
  serialNumber: MARKER,
  organization: MARKER,
}

const REFUSALS: readonly (readonly [code: ErrorCode, requirement: Requirement])[] = [
  ['power_missing', requiredPower({ domain: 'DOME', function: 'Onboarding', action: 'Execute' })],
  ['scope_missing', requiredScopes('orders:write')],
  ['tenant_mismatch', requiredTenant('other')],
  ['kind_not_accepted', requiredKind('machine')],
  ['rule_unmet', requiredRule('a rule', () => false)],
  [
    'rule_failed',
    requiredRule('a rule that throws', ({ claims }) => {
      throw new Error(JSON.stringify(claims))
    }),
  ],
]

describe('no event shows what the credential says of people', () => {
  const options = { clientIds: ['shop'] }
  const mint = (arena: Arena) =>
    arena.mint({
      kind: 'employee',
      audience: 'shop',
      mandatee: PERSON,
      mandator: BOSS,
      claims: { tenant: 'own' },
    })

  test.each(REFUSALS)('%s', async (code, requirement) => {
    const arena = createArena(options)
    const token = mint(arena)
    const error: unknown = await arena
      .authenticate(bearing(token), requirement)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expectNoLeak([...arena.denied, error, String(error)], [token])
    arena.close()
  })

  test('kind_not_accepted by the resource server itself', async () => {
    const arena = createArena({ ...options, kinds: ['machine'] })
    await arena.refuses(mint(arena), 'kind_not_accepted', 403)
    arena.close()
  })

  test('nor does the event of a request that is allowed', async () => {
    const allowed: unknown[] = []
    const arena = createArena({ ...options, events: { allowed: (event) => allowed.push(event) } })
    const token = mint(arena)
    for (let sight = 1; sight <= 3; sight += 1) await arena.admits(token)
    const { issuer } = arena.verifier
    const whose = { issuer, kind: 'employee', tenant: 'own' }
    const organizationIdentifier = expect.any(String) as string
    expect(allowed).toEqual(
      [false, false, true].map((cached) => ({ ...whose, organizationIdentifier, cached })),
    )
    expectNoLeak(allowed, [token])
    arena.close()
  })
})
