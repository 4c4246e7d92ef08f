import { createResourceServer, type AuthContext, type ProfileName } from '@verifier-guard/core'
import { createDevVerifier, tokenShapes, type TokenShapeName } from '@verifier-guard/dev-verifier'

const RELYING_PARTY = 'https://portal.example.org'
const DID = /^did:key:zDnae/

/**
 * How a resource server is configured for each family of Verifiers, the way its documentation
 * tells.
 */
const families = [
  { family: 'dome', server: { profile: 'dome', clientIds: [RELYING_PARTY] }, verifier: 'dome' },
  {
    family: 'eudistack 2',
    server: { profile: 'dome', clientIds: [RELYING_PARTY] },
    verifier: 'eudistack-2',
  },
  {
    family: 'eudistack 3.0',
    server: { profile: 'eudistack', clientIds: [RELYING_PARTY] },
    verifier: 'eudistack-3.0',
  },
  {
    family: 'eudistack 3.3',
    server: { profile: 'eudistack', clientIds: [RELYING_PARTY] },
    verifier: 'eudistack-3.3',
  },
  { family: 'fiware', server: { profile: 'fiware', audience: 'my-service' }, verifier: 'fiware' },
] as const

describe.each(families)('access tokens of $family', ({ family, server, verifier: profile }) => {
  const verifier = createDevVerifier({ profile })
  const trust = (options: object) =>
    createResourceServer({
      issuer: verifier.issuer,
      runtime: { fetch: verifier.fetch, warn: () => {} },
      ...options,
    })
  const resourceServer = trust(server)
  const shapes = (Object.keys(tokenShapes) as TokenShapeName[]).filter((name) =>
    name.startsWith(`${family}: `),
  )
  afterAll(() => resourceServer.close())

  const mint = (name: TokenShapeName) => {
    const employee = name.includes('employee') && profile !== 'fiware'
    return verifier.mint({ ...tokenShapes[name], ...(employee && { audience: RELYING_PARTY }) })
  }

  test.each(shapes)('%s: accepted, with the same context as every other', async (name) => {
    const auth = await (
      profile === 'fiware' ? trust({ ...server, kinds: ['machine', 'employee'] }) : resourceServer
    ).verifyAccessToken(mint(name))
    const kind = name.includes('employee') ? 'employee' : 'machine'
    expect(auth).toMatchObject({
      issuer: verifier.issuer,
      kind,
      powers: [
        {
          domain: 'DOME',
          function: 'ProductOffering',
          actions: expect.arrayContaining(['Create']) as string[],
        },
      ],
    })
    expect(auth.mandate?.mandator).toMatchObject({
      organizationIdentifier: 'VATES-B12345678',
      country: 'ES',
    })
    expect(auth.mandate?.mandatee.id).toMatch(DID)
    if (kind === 'machine') expect(auth.clientId).toBe(auth.mandate?.mandatee.id)
  })

  if (profile === 'fiware')
    test('the Verifier has metadata for its services alone, and keys at its root', async () => {
      const statusOf = async (path: string) => (await verifier.fetch(verifier.issuer + path)).status
      expect(await statusOf('/.well-known/openid-configuration')).toBe(404)
      expect(await statusOf('/services/my-service/.well-known/openid-configuration')).toBe(200)
      expect(await statusOf('/.well-known/jwks')).toBe(200)
    })

  // Flat claims without `jti` and `scope` look like an id_token where the family is not stated.
  const plain = shapes.filter((name) => name !== 'fiware: machine in flat claims')
  test.each(plain)('%s: accepted by the profile "auto" too', async (name) => {
    const audience =
      profile === 'fiware'
        ? 'my-service'
        : name.includes('employee')
          ? RELYING_PARTY
          : verifier.issuer
    const auto = trust({
      audience,
      ...(profile === 'fiware' && { jwksUri: `${verifier.issuer}/.well-known/jwks` }),
      algorithms: ['ES256', 'RS256'],
      runtime: { fetch: verifier.fetch, warn: () => {} },
    })
    const auth: AuthContext = await auto.verifyAccessToken(mint(name))
    auto.close()
    expect(auth.mandate?.mandator.organizationIdentifier).toBe('VATES-B12345678')
  })

  if (profile !== 'fiware') {
    test.each(['machine', 'employee'] as const)(
      'the id_token of a %s is refused, whomever it is addressed to',
      async (kind) => {
        for (const audience of [undefined, RELYING_PARTY, verifier.issuer]) {
          const token = verifier.mintIdToken({ kind, ...(audience !== undefined && { audience }) })
          await expect(resourceServer.verifyAccessToken(token)).rejects.toMatchObject({
            code: 'token_type_not_accepted',
            status: 401,
          })
        }
      },
    )

    test('a user token is refused unless its client is configured', async () => {
      const strict = trust({ profile: server.profile as ProfileName })
      const token = verifier.mint({ kind: 'employee', audience: RELYING_PARTY })
      await expect(strict.verifyAccessToken(token)).rejects.toMatchObject({
        code: 'audience_mismatch',
        status: 401,
      })
      const refreshed = verifier.mint({ kind: 'employee', audience: verifier.issuer })
      for (const server of [strict, resourceServer])
        await expect(server.verifyAccessToken(refreshed)).rejects.toMatchObject({
          code: 'audience_mismatch',
        })
      strict.close()
    })

    test('a machine credential in a user flow needs its client configured just the same', async () => {
      const strict = trust({ profile: server.profile as ProfileName })
      await expect(
        strict.verifyAccessToken(verifier.mint({ audience: RELYING_PARTY })),
      ).rejects.toMatchObject({
        code: 'audience_mismatch',
      })
      await expect(
        resourceServer.verifyAccessToken(verifier.mint({ audience: RELYING_PARTY })),
      ).resolves.toMatchObject({ kind: 'machine' })
      strict.close()
    })
  }
})

describe('access tokens after RFC 9068', () => {
  const verifier = createDevVerifier({ profile: 'eudistack-3.0' })
  const audience = 'https://orders.example.org'
  const resourceServer = createResourceServer({
    issuer: verifier.issuer,
    audience,
    profile: 'rfc9068',
    runtime: { fetch: verifier.fetch, warn: () => {} },
  })
  afterAll(() => resourceServer.close())
  const claims = {
    sub: 'client-1',
    client_id: 'client-1',
    tenant: undefined,
    mandator: undefined,
    mandatee: undefined,
    power: undefined,
    credential_type: undefined,
  }
  const mint = (header: object = {}, changes: object = {}) =>
    verifier.mint({
      audience,
      scope: 'orders:read orders:write',
      header: { typ: 'at+jwt', ...header },
      claims: { ...claims, ...changes },
    })

  test('are accepted without a credential, their rights in their scopes', async () => {
    const auth = await resourceServer.verifyAccessToken(mint())
    expect(auth).toMatchObject({
      kind: 'none',
      clientId: 'client-1',
      subject: 'client-1',
      scopes: ['orders:read', 'orders:write'],
      powers: [],
    })
  })

  test('may use the names of a credential for something else', async () => {
    const auth = await resourceServer.verifyAccessToken(mint({}, { vc: true, mandate: 'full' }))
    expect(auth).toMatchObject({
      kind: 'none',
      powers: [],
      credential: undefined,
      mandate: undefined,
    })
  })

  test('§2.2.1: may state when and how the user signed in', async () => {
    await expect(
      resourceServer.verifyAccessToken(mint({}, { auth_time: 1, acr: '1' })),
    ).resolves.toMatchObject({
      clientId: 'client-1',
    })
  })

  test('§4: `typ` must be at+jwt, in either spelling', async () => {
    await expect(
      resourceServer.verifyAccessToken(mint({ typ: 'application/at+jwt' })),
    ).resolves.toMatchObject({
      clientId: 'client-1',
    })
    await expect(resourceServer.verifyAccessToken(mint({ typ: 'JWT' }))).rejects.toMatchObject({
      code: 'token_type_not_accepted',
    })
    await expect(resourceServer.verifyAccessToken(mint({ typ: undefined }))).rejects.toMatchObject({
      code: 'token_type_not_accepted',
    })
  })

  test.each(['exp', 'aud', 'sub', 'client_id', 'iat', 'jti'])(
    '§2.2: "%s" is required',
    async (name) => {
      await expect(
        resourceServer.verifyAccessToken(mint({}, { [name]: undefined })),
      ).rejects.toMatchObject({
        code: 'claim_invalid',
        status: 401,
      })
    },
  )
})
