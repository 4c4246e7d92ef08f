import { createArena, type Arena } from './arena.js'

/** RFC 9068 §2.2: what an access token has to have. */
const CLAIMS = { client_id: 'client', jti: 'id', scope: 'orders:read' }
const AUDIENCE = 'https://orders.example.org'

describe('RFC 9068 §4 under the profile rfc9068', () => {
  let arena: Arena
  beforeAll(() => {
    arena = createArena({ profile: 'rfc9068', audience: AUDIENCE })
    arena.mint = () => arena.sealed({ typ: 'at+jwt' }, { ...CLAIMS, aud: AUDIENCE })
  })
  afterAll(() => arena.close())

  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt'])(
    'typ %s is an access token',
    async (typ) => {
      const { scopes } = await arena.admits(arena.sealed({ typ }, { ...CLAIMS, aud: [AUDIENCE] }))
      expect(scopes).toEqual(['orders:read'])
    },
  )

  test.each([
    undefined,
    'JWT',
    '',
    'at',
    'at+jwt ',
    'application/application/at+jwt',
    'text/at+jwt',
    'dpop+jwt',
  ])('typ %p is none', (typ) =>
    arena.refuses(arena.sealed({ typ }, { ...CLAIMS, aud: AUDIENCE }), 'token_type_not_accepted'),
  )

  test.each(['exp', 'aud', 'sub', 'client_id', 'iat', 'jti'])('without %s it is refused', (name) =>
    arena.refuses(
      arena.sealed({ typ: 'at+jwt' }, { ...CLAIMS, aud: AUDIENCE, [name]: undefined }),
      'claim_invalid',
    ),
  )

  test('without iss, or addressed to another, it is refused', async () => {
    const sealed = (claims: object) =>
      arena.sealed({ typ: 'at+jwt' }, { ...CLAIMS, aud: AUDIENCE, ...claims })
    await arena.refuses(sealed({ iss: undefined }), 'issuer_not_trusted')
    await arena.refuses(sealed({ aud: 'https://other.example.org' }), 'audience_mismatch')
    await arena.refuses(sealed({ aud: [`${AUDIENCE}/`] }), 'audience_mismatch')
  })
})

describe('RFC 9068 §5: an id_token is no access token', () => {
  const arena = createArena()
  afterAll(() => arena.close())

  test.each([
    'id-token',
    'id-token-for-audience',
    'logout-token',
    'authorization-request',
  ] as const)('%s', (name) =>
    arena.refuses(arena.verifier.mintBroken(name), 'token_type_not_accepted'),
  )

  test.each(['dome', 'eudistack', 'auto'] as const)(
    'nor is one with no more in it than OpenID Connect asks, under the profile %s',
    async (profile) => {
      const own = createArena({ profile, audience: 'client' })
      own.mint = () => own.sealed({}, { aud: 'client' })
      const bare = {
        aud: 'client',
        nonce: 'n-0S6_WzA2Mj',
        vc: undefined,
        jti: undefined,
        scope: undefined,
      }
      await own.refuses(own.sealed({}, bare), 'token_type_not_accepted')
      own.close()
    },
  )

  test.each(['dome', 'eudistack', 'auto', 'fiware'] as const)(
    'under the profile %s, aud fitting or not',
    async (profile) => {
      const own = createArena({ profile, audience: 'client' })
      own.mint = () => own.sealed({}, { aud: 'client' })
      await own.refuses(own.verifier.mintIdToken({ audience: 'client' }), 'token_type_not_accepted')
      own.close()
    },
  )
})
