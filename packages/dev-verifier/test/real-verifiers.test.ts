import {
  createDevVerifier,
  startDevVerifier,
  type DevVerifier,
  type DevVerifierOptions,
  type IssuedCredential,
  type TokenRequestOptions,
} from '../src/index.js'
import { decodeJwt, signJwt, type Json } from '../src/jwt.js'
import {
  createForeignIssuer,
  getJson,
  grantedClaims,
  postForm,
  requestToken,
  START,
} from './support.js'

/**
 * What the real Verifiers answer on loopback, row by row: in2-verifier-api 1.3.8 (`dome`),
 * in2-eudistack-verifier-core-api 2.0.13 (`eudistack-2`), eudistack-core-verifier 3.0.0
 * (`eudistack-3.0`), and FIWARE's VCVerifier.
 */
const OBSERVED = ['dome', 'eudistack-2', 'eudistack-3.0'] as const
type Observed = (typeof OBSERVED)[number]

const NOW = START / 1_000
const NO_STORE = 'no-cache, no-store, max-age=0, must-revalidate'
const runtime = { now: () => START }

/** One Issuer for each algorithm; RSA keys take their time. */
const foreignIssuers = {
  RS256: createForeignIssuer('did:elsi:VATES-R0000000R', 'RS256'),
  ES256: createForeignIssuer('did:elsi:VATES-E0000000E', 'ES256'),
}
type ForeignAlgorithm = keyof typeof foreignIssuers
const trustedIssuers = Object.values(foreignIssuers).map(({ id }) => ({ id }))

const create = (options: DevVerifierOptions) =>
  createDevVerifier({ runtime, trustedIssuers, ...options })

/** Status and body, or `-` for none. */
async function whole(response: Response): Promise<string> {
  return `${response.status} ${(await response.text()) || '-'}`
}

const EMPTY_403 = '403 -'
const GRANTED = '200'
const INVALID_CLIENT = '401 {"error":"invalid_client"}'
const INVALID_REQUEST = '400 {"error":"invalid_request"}'
const algorithmOf = (profile: Observed) => (profile === 'eudistack-3.0' ? 'ES256' : 'RS256')

type Send = (
  verifier: DevVerifier,
  machine: IssuedCredential,
  profile: Observed,
) => Promise<Response>
type Answer = string | Readonly<Record<Observed, string>>

const sendForm = (form: Record<string, string | undefined>): Send => sending({ form })
const assertion = (claims: Json): Send => sending({ assertion: claims })
const assertionHeader = (header: Json): Send => sending({ assertionHeader: header })
const sending =
  (options: TokenRequestOptions): Send =>
  (verifier, machine) =>
    requestToken(verifier, machine, options)
const twice =
  (name: string): Send =>
  (verifier, machine) => {
    const body = verifier.tokenRequest(machine)
    body.append(name, body.get(name)!)
    return postForm(verifier, body)
  }
const audience =
  (choose: (issuer: string) => unknown): Send =>
  (verifier, machine) =>
    requestToken(verifier, machine, { assertion: { aud: choose(verifier.issuer) } })
const encodedVp =
  (encode: (jwt: string) => string): Send =>
  (verifier, machine) => {
    const { client_assertion } = Object.fromEntries(verifier.tokenRequest(machine))
    const vp = Buffer.from(
      decodeJwt(client_assertion!).claims['vp_token'] as string,
      'base64',
    ).toString()
    return requestToken(verifier, machine, { assertion: { vp_token: encode(vp) } })
  }

/** Presents a credential of an Issuer elsewhere. */
const credential =
  (
    change: (claims: Json) => Json = (claims) => claims,
    choose: (profile: Observed) => ForeignAlgorithm = algorithmOf,
    sign?: (claims: Json, issuer: (typeof foreignIssuers)[ForeignAlgorithm]) => string,
  ): Send =>
  (verifier, machine, profile) => {
    const issuer = foreignIssuers[choose(profile)]
    const vc = { ...(machine.payload['vc'] as Json), issuer: issuer.id }
    const claims = change({ ...machine.payload, iss: issuer.id, vc })
    return requestToken(verifier, {
      ...machine,
      credential: sign ? sign(claims, issuer) : issuer.sign(claims),
    })
  }
const inVc = (change: (vc: Json) => Json) =>
  credential((claims) => ({ ...claims, vc: change(claims['vc'] as Json) }))
const without = (name: string) => (object: Json) => ({ ...object, [name]: undefined })
const withMandator = (organizationIdentifier: string) => (vc: Json) => {
  const subject = vc['credentialSubject'] as { mandate: { mandator: Json } }
  const { mandate } = subject
  const mandator = { ...mandate.mandator, organizationIdentifier }
  return { ...vc, credentialSubject: { ...subject, mandate: { ...mandate, mandator } } }
}
const whileDown =
  (list: 'status' | 'issuers'): Send =>
  (verifier, machine) => {
    verifier.fail(list, 'refuse')
    return requestToken(verifier, machine)
  }

const rows: Readonly<Record<string, readonly [Send, Answer]>> = {
  'a good request': [sending({}), GRANTED],
  'no client_id': [sendForm({ client_id: undefined }), INVALID_REQUEST],
  'client_id twice': [twice('client_id'), INVALID_REQUEST],
  'client_assertion twice': [twice('client_assertion'), INVALID_REQUEST],
  'no grant_type': [
    sendForm({ grant_type: undefined }),
    '400 {"error_description":"OAuth 2.0 Parameter: grant_type","error":"invalid_request","error_uri":"https://datatracker.ietf.org/doc/html/rfc6749#section-5.2"}',
  ],
  'an unsupported grant': [sendForm({ grant_type: 'password' }), EMPTY_403],
  'an unknown refresh token': [
    sendForm({ grant_type: 'refresh_token', refresh_token: 'x' }),
    EMPTY_403,
  ],
  'a missing code': [sendForm({ grant_type: 'authorization_code' }), EMPTY_403],

  'an assertion that expired 61 s ago': [
    assertion({ iat: NOW - 200, exp: NOW - 61 }),
    INVALID_CLIENT,
  ],
  'an exp that is not after iat': [assertion({ iat: NOW + 60, exp: NOW + 60 }), INVALID_CLIENT],
  'an exp as a string': [assertion({ exp: String(NOW + 60) }), INVALID_CLIENT],
  'no exp': [assertion({ exp: undefined }), INVALID_CLIENT],
  'an assertion that expired 59 s ago': [assertion({ iat: NOW - 200, exp: NOW - 59 }), EMPTY_403],
  'an assertion that expires now': [assertion({ iat: NOW - 200, exp: NOW }), EMPTY_403],
  'an exp with a fraction': [assertion({ exp: NOW + 60.5 }), EMPTY_403],
  'an nbf 61 s ahead': [assertion({ nbf: NOW + 61 }), INVALID_CLIENT],
  'an nbf 59 s ahead': [assertion({ nbf: NOW + 59 }), GRANTED],
  'an nbf in milliseconds': [assertion({ nbf: START }), INVALID_CLIENT],
  'iat and exp in milliseconds': [assertion({ iat: START, exp: START + 60_000 }), GRANTED],
  'a jti that is a number': [assertion({ jti: 1 }), INVALID_CLIENT],
  'no jti': [assertion({ jti: undefined }), EMPTY_403],
  'a blank jti': [assertion({ jti: ' ' }), EMPTY_403],
  'typ client-authentication+jwt': [
    assertionHeader({ typ: 'client-authentication+jwt' }),
    INVALID_CLIENT,
  ],
  'another typ': [assertionHeader({ typ: 'at+jwt' }), INVALID_CLIENT],
  'no typ': [assertionHeader({ typ: undefined }), GRANTED],
  'an aud in an array': [audience((issuer) => [issuer]), EMPTY_403],
  'the token endpoint as aud': [audience((issuer) => `${issuer}/oidc/token`), EMPTY_403],
  'another aud': [audience(() => 'https://other.example.com'), INVALID_CLIENT],
  'an aud with a slash at its end': [audience((issuer) => `${issuer}/`), INVALID_CLIENT],

  'a vp_token that is the JWT itself': [encodedVp((jwt) => jwt), EMPTY_403],
  'a vp_token in base64url without padding': [
    encodedVp((jwt) => Buffer.from(jwt).toString('base64url')),
    GRANTED,
  ],
  'a vp_token in lines, as MIME has them': [
    encodedVp((jwt) => Buffer.from(jwt).toString('base64').replace(/.{76}/g, '$&\r\n')),
    EMPTY_403,
  ],

  'a credential of an Issuer elsewhere, by its certificate': [credential(), GRANTED],
  'a credential without x5c': [
    credential(undefined, undefined, (claims, { key }) => signJwt({ typ: 'JWT' }, claims, key)),
    EMPTY_403,
  ],
  'a credential whose certificate names another organisation': [
    credential((claims) => ({
      ...claims,
      vc: { ...(claims['vc'] as Json), issuer: 'did:elsi:VATES-Q0000000J' },
    })),
    EMPTY_403,
  ],
  'a credential signed with RSA': [
    credential(undefined, () => 'RS256'),
    { dome: GRANTED, 'eudistack-2': GRANTED, 'eudistack-3.0': EMPTY_403 },
  ],
  'a credential signed with EC': [
    credential(undefined, () => 'ES256'),
    { dome: EMPTY_403, 'eudistack-2': EMPTY_403, 'eudistack-3.0': GRANTED },
  ],
  'a mandator on no list': [inVc(withMandator('VATES-N0000000N')), EMPTY_403],
  'a mandator on the list': [inVc(withMandator('VATES-E0000000E')), GRANTED],
  'no validFrom': [inVc(without('validFrom')), EMPTY_403],
  'no validUntil': [inVc(without('validUntil')), EMPTY_403],
  'no cnf': [
    credential(without('cnf')),
    { dome: GRANTED, 'eudistack-2': GRANTED, 'eudistack-3.0': EMPTY_403 },
  ],
  'a cnf with a kid alone': [
    (verifier, machine, profile) =>
      credential((claims) => ({ ...claims, cnf: { kid: machine.did } }))(
        verifier,
        machine,
        profile,
      ),
    { dome: GRANTED, 'eudistack-2': GRANTED, 'eudistack-3.0': EMPTY_403 },
  ],
  'a list of revoked credentials out of reach': [whileDown('status'), EMPTY_403],
}

describe.each(OBSERVED)('%s answers', (profile) => {
  const verifier = create({ profile })
  afterEach(() => verifier.heal())

  test.each(Object.entries(rows))('%s', async (_, [send, answer]) => {
    const machine = verifier.issueMachineCredential()
    const expected = typeof answer === 'string' ? answer : answer[profile]
    const response = await send(verifier, machine, profile)
    expect(expected === GRANTED ? String(response.status) : await whole(response)).toBe(expected)
  })

  test('everything in the query of a GET with a page', async () => {
    const form = verifier.tokenRequest(verifier.issueMachineCredential())
    const response = await verifier.fetch(`${verifier.issuer}/oidc/token?${String(form)}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  })

  test('scope, resource, audience and X-Tenant with the token of a request without them', async () => {
    const tenanted = create({ profile, tenant: 'kpmg' })
    const machine = tenanted.issueMachineCredential()
    const plain = await grantedClaims(await requestToken(tenanted, machine))
    const form = { scope: 'x', resource: 'https://x.example', audience: 'https://x.example' }
    const body = tenanted.tokenRequest(machine, { form })
    const asked = await grantedClaims(await postForm(tenanted, body, { 'x-tenant': 'isbe' }))
    expect({ ...asked, jti: plain['jti'] }).toEqual(plain)
  })

  test('the bare origin as aud with 401, below a context path', async () => {
    const below = create({ profile, issuer: 'https://verifier.example.test/verifier' })
    const machine = below.issueMachineCredential()
    const aud = 'https://verifier.example.test'
    expect(await whole(await requestToken(below, machine, { assertion: { aud } }))).toBe(
      INVALID_CLIENT,
    )
    expect((await requestToken(below, machine)).status).toBe(200)
  })

  test('the thirty-first token request of a minute with 429', async () => {
    const limited = create({ profile, rateLimit: true })
    const machine = limited.issueMachineCredential()
    for (let count = 0; count < 30; count++)
      expect((await requestToken(limited, machine)).status).toBe(200)
    const response = await requestToken(limited, machine)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60'])
  })
})

describe('a list of trusted issuers out of reach', () => {
  test.each(['dome', 'eudistack-2'] as const)('ends the connection at %s', async (profile) => {
    const verifier = create({ profile })
    const machine = verifier.issueMachineCredential()
    verifier.fail('issuers', 'refuse', { times: 1 })
    await expect(requestToken(verifier, machine)).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    expect((await requestToken(verifier, machine)).status).toBe(200)
  })

  test('ends the connection over HTTP too, and is an event', async () => {
    const refused: unknown[] = []
    const verifier = await startDevVerifier({
      profile: 'dome',
      events: { tokenRefused: (event) => refused.push(event) },
    })
    const body = verifier.tokenRequest(verifier.issueMachineCredential())
    verifier.fail('issuers', 'status-503')
    const sent = fetch(`${verifier.issuer}/oidc/token`, { method: 'POST', body })
    await expect(sent).rejects.toThrow('fetch failed')
    expect(refused).toEqual([
      expect.objectContaining({
        check: 'issuers-unreachable',
        cause: 'the list of trusted issuers is made to fail',
      }),
    ])
    expect(refused).not.toEqual([expect.objectContaining({ status: expect.anything() as number })])
    await verifier.close()
  })

  test.each([
    ['eudistack-3.0', EMPTY_403],
    ['eudistack-3.3', '400 {"error":"server_error"}'],
    ['fiware', '400 {}'],
  ] as const)('is answered at %s', async (profile, answer) => {
    const verifier = create({ profile })
    verifier.fail('issuers', 'refuse')
    const body = verifier.tokenRequest(verifier.issueMachineCredential())
    const path = profile === 'fiware' ? '/services/my-service/token' : '/oidc/token'
    const response = await verifier.fetch(verifier.issuer + path, { method: 'POST', body })
    expect(await whole(response)).toBe(answer)
  })
})

describe.each(OBSERVED)('the endpoints of %s', (profile) => {
  const verifier = create({ profile })
  const read = (path: string, init?: RequestInit) => verifier.fetch(verifier.issuer + path, init)

  test.each(['/verifier/oidc/jwks', '/oauth2/token', '/', '/verifier/oidc/token'])(
    'answer 403, an empty body and a session cookie at %s',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const response = await read(path, { method })
        expect(await whole(response)).toBe(EMPTY_403)
        expect(response.headers.get('set-cookie')).toMatch(
          /^JSESSIONID=[\dA-F]{32}; Path=\/; HttpOnly$/,
        )
        expect(response.headers.get('cache-control')).toBe(NO_STORE)
      }
    },
  )

  test('publish metadata without registration_endpoint, and less of it for OAuth', async () => {
    const openId = await getJson(verifier, '/.well-known/openid-configuration')
    const oauth = await getJson(verifier, '/.well-known/oauth-authorization-server')
    expect(openId).not.toHaveProperty('registration_endpoint')
    expect(Object.keys(openId).filter((name) => !(name in oauth))).toEqual([
      'userinfo_endpoint',
      'end_session_endpoint',
      'subject_types_supported',
      'id_token_signing_alg_values_supported',
      'scopes_supported',
    ])
    for (const document of [openId, oauth]) {
      const algorithms = document['dpop_signing_alg_values_supported'] as string[] | undefined
      expect(algorithms?.length).toBe(profile === 'eudistack-3.0' ? 9 : undefined)
    }
  })

  test('state their content types, and that nothing may be stored', async () => {
    const token = await requestToken(verifier, verifier.issueMachineCredential())
    expect(token.headers.get('content-type')).toBe('application/json;charset=UTF-8')
    expect([token.headers.get('cache-control'), token.headers.get('pragma')]).toEqual(
      profile === 'eudistack-3.0' ? ['no-store', null] : [NO_STORE, 'no-cache'],
    )
    const jwks = await read('/oidc/jwks')
    expect(jwks.headers.get('content-type')).toBe('application/json;charset=ISO-8859-1')
    for (const { headers } of [jwks, await read('/.well-known/openid-configuration')])
      expect(['cache-control', 'pragma', 'expires'].map((name) => headers.get(name))).toEqual([
        NO_STORE,
        'no-cache',
        '0',
      ])
  })

  test('answer 500 for a DID that is none', async () => {
    expect((await read('/oidc/did/nonsense')).status).toBe(500)
  })

  test('tell of the health of their components before 3.0', async () => {
    const health = await getJson(verifier, '/health')
    expect(health['status']).toBe('UP')
    expect('components' in health).toBe(profile !== 'eudistack-3.0')
  })

  test('know nothing of an access token that they have issued', async () => {
    const machine = verifier.issueMachineCredential()
    const granted = (await (await requestToken(verifier, machine)).json()) as Json
    const token = granted['access_token'] as string
    const form = { grant_type: undefined, token }
    const body = verifier.tokenRequest(machine, { form })
    expect(await whole(await read('/oidc/introspect', { method: 'POST', body }))).toBe(
      '200 {"active":false}',
    )
    const headers = { authorization: `Bearer ${token}` }
    expect((await read('/oidc/userinfo', { headers })).status).toBe(401)
  })

  test('introspect for an authenticated client alone', async () => {
    expect((await read('/oidc/introspect', { method: 'POST' })).status).toBe(401)
  })
})

describe.each(['dome', 'eudistack-3.3'] as const)('%s below a context path', (profile) => {
  const verifier = create({ profile, issuer: 'https://verifier.example.test/verifier' })
  const status = async (path: string) =>
    (await verifier.fetch(`https://verifier.example.test${path}`)).status

  test.each([
    ['/verifier/.well-known/openid-configuration', 200],
    ['/verifier/.well-known/oauth-authorization-server', 200],
    ['/.well-known/oauth-authorization-server/verifier', 404],
    ['/.well-known/openid-configuration/verifier', 404],
    ['/.well-known/openid-configuration', 404],
    ['/oidc/jwks', 404],
    ['/verifiers/oidc/jwks', 404],
    ['/verifier/oauth2/jwks', 403],
  ])('answers %s with %i', async (path, expected) => {
    expect(await status(path)).toBe(expected)
  })
})

describe('fiware', () => {
  const verifier = create({ profile: 'fiware' })
  const read = (path: string, init?: RequestInit) => verifier.fetch(verifier.issuer + path, init)
  const post = (form: URLSearchParams | Record<string, string>, path = '/services/orders/token') =>
    read(path, { method: 'POST', body: new URLSearchParams(form) })
  const request = () => verifier.tokenRequest(verifier.issueMachineCredential())

  test('has metadata for each service and none at the root', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server'])
      expect((await read(`/.well-known/${name}`)).status).toBe(404)
    expect(
      await getJson(verifier, '/services/unknown/.well-known/openid-configuration'),
    ).toMatchObject({
      issuer: verifier.issuer,
      authorization_endpoint: `${verifier.issuer}/api/v1/authorization`,
      token_endpoint: `${verifier.issuer}/services/unknown/token`,
      jwks_uri: `${verifier.issuer}/.well-known/jwks`,
      response_types_supported: ['code'],
      scopes_supported: [],
    })
  })

  test('sends no cache headers and no cookie', async () => {
    for (const path of [
      '/.well-known/jwks',
      '/services/x/.well-known/openid-configuration',
      '/x',
    ]) {
      const { headers } = await read(path)
      expect([headers.get('cache-control'), headers.get('set-cookie')]).toEqual([null, null])
    }
  })

  test('names a key that it was given by its own DID', () => {
    const { privateKey, did } = verifier.issueMachineCredential()
    const [key] = create({ profile: 'fiware', key: privateKey.pkcs8 }).jwks().keys
    expect(key?.['kid']).toBe(did)
  })

  test('has no client_credentials grant', async () => {
    const response = await post({ grant_type: 'client_credentials' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      summary: 'unsupported_grant_type',
      details: expect.any(String) as string,
    })
  })

  test.each(['a.b.c', 'eyJ9', Buffer.from('{}').toString('base64url')])(
    'answers 400 {} where a grant fails, as for the vp_token %s',
    async (vpToken) => {
      expect(await whole(await post({ grant_type: 'vp_token', vp_token: vpToken }))).toBe('400 {}')
    },
  )

  test('states the type of the token that it issues', async () => {
    expect(await (await post(request())).json()).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
  })

  test.each([
    ['the path', '/services/orders/token', {}],
    ['the parameter resource', '/token', { resource: 'orders' }],
  ])(
    'exchanges a presentation for the service of %s, whatever audience says',
    async (_, path, more) => {
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: request().get('vp_token')!,
        subject_token_type: 'urn:eu:oidf:vp_token',
        audience: 'https://other.example.com',
        ...more,
      }
      const response = await post(form, path)
      expect(await grantedClaims(response)).toMatchObject({ aud: ['orders'] })
    },
  )
})

describe('the access token', () => {
  const granted = async (
    profile: Observed,
    options: Parameters<DevVerifier['issueMachineCredential']>[0],
  ) => {
    const verifier = create({ profile })
    const response = await requestToken(verifier, verifier.issueMachineCredential(options))
    return (await grantedClaims(response)) as { sub: string; vc: { credentialSubject: Json } }
  }
  const mandateOf = ({ vc }: { vc: { credentialSubject: Json } }) =>
    vc.credentialSubject['mandate'] as { power: Json[]; mandator: Json; life_span?: Json }

  test('of dome loses the powers, the e-mail and the id of a newer credential', async () => {
    const claims = await granted('dome', { dialect: 'machine-v2-lear' })
    expect(mandateOf(claims).power).toEqual([{}])
    expect(Object.keys(mandateOf(claims).mandator).sort()).toEqual([
      'commonName',
      'country',
      'organization',
      'organizationIdentifier',
      'serialNumber',
    ])
    expect(claims.vc.credentialSubject).not.toHaveProperty('id')
    expect(JSON.stringify(claims)).not.toContain('ProductOffering')
  })

  test('of eudistack-2 keeps a newer credential whole', async () => {
    const claims = await granted('eudistack-2', { dialect: 'machine-v2-lear' })
    expect(mandateOf(claims)).toMatchObject({
      power: [{ domain: 'DOME', function: 'ProductOffering', action: ['Create', 'Update'] }],
      mandator: { id: 'did:elsi:VATES-B12345678', email: 'ada@example.com' },
    })
    expect(claims.sub).toBe(claims.vc.credentialSubject['id'])
  })

  test.each([
    ['dome', { id: 'power-ProductOffering' }],
    ['eudistack-2', {}],
  ] as const)('of %s keeps nothing of trust-framework powers but %j', async (profile, power) => {
    const claims = await granted(profile, { dialect: 'machine-trust-framework' })
    expect(mandateOf(claims)).toMatchObject({ power: [power], life_span: {} })
    expect(mandateOf(claims).power).toEqual([power])
    expect(mandateOf(claims).life_span).toEqual({})
  })

  test.each([
    ['dome', true],
    ['eudistack-2', false],
  ] as const)(
    'of %s writes the powers of the first generation; with their id: %s',
    async (profile, kept) => {
      const [power] = mandateOf(await granted(profile, { dialect: 'machine-v1' })).power
      expect(power).toMatchObject({ tmf_function: 'ProductOffering', tmf_domain: 'DOME' })
      expect('id' in power!).toBe(kept)
    },
  )

  test.each(OBSERVED)('of %s has a header in the order kid, typ, alg', async (profile) => {
    const verifier = create({ profile })
    const response = await requestToken(verifier, verifier.issueMachineCredential())
    const { access_token, expires_in } = (await response.json()) as Record<string, unknown>
    expect(Object.keys(decodeJwt(access_token as string).header)).toEqual(['kid', 'typ', 'alg'])
    expect(expires_in).toBe(profile === 'eudistack-3.0' ? 899 : 3_599)
  })

  test.each(OBSERVED)('has an id_token with a nonce beside it at %s', (profile) => {
    const { claims } = decodeJwt(create({ profile }).mintIdToken())
    expect(claims['nonce']).toEqual(expect.any(String))
  })
})
