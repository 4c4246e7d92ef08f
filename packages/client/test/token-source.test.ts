import { startDevVerifier, type DevVerifierOptions } from '@verifier-guard/dev-verifier'
import { createTokenSource, TokenSourceError, type TokenSourceOptions } from '../src/index.js'
import { bearerOf, closing, failureOf, serve } from './support.js'

const profiles = ['eudistack-3.3', 'eudistack-3.0', 'dome'] as const

const startVerifier = async (options: DevVerifierOptions = {}) =>
  closing(await startDevVerifier(options))

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}

describe('createTokenSource', () => {
  describe.each(profiles)('with a Verifier of the generation %s', (profile) => {
    it('obtains a token that an API can be called with', async () => {
      const verifier = await startVerifier({ profile })
      const { credential, privateKey } = verifier.issueMachineCredential()
      const api = await serve((request, response) => response.end(bearerOf(request)))
      const tokens = closing(
        createTokenSource({
          verifier: verifier.issuer,
          credential,
          privateKey: privateKey.hex,
          allowedOrigins: [api],
        }),
      )
      const token = await tokens.getToken()
      expect(claimsOf(token)).toMatchObject({ iss: verifier.issuer, aud: verifier.issuer })
      expect(await (await tokens.fetch(`${api}/orders`)).text()).toBe(token)
    })

    it.each(['hex', 'jwk', 'pkcs8'] as const)(
      'takes the key as %s and the credential in base64',
      async (form) => {
        const verifier = await startVerifier({ profile })
        const { credential, privateKey } = verifier.issueMachineCredential()
        const base64 = Buffer.from(credential).toString('base64')
        const options = {
          verifier: verifier.issuer,
          credential: base64,
          privateKey: privateKey[form],
        }
        await closing(createTokenSource(options)).ready()
        expect(verifier.requests.token).toBe(1)
      },
    )

    it('finds a key of another credential before anything leaves', async () => {
      const verifier = await startVerifier({ profile })
      const { credential } = verifier.issueMachineCredential()
      const { privateKey } = verifier.issueMachineCredential()
      const tokens = closing(
        createTokenSource({ verifier: verifier.issuer, credential, privateKey: privateKey.hex }),
      )
      expect(await failureOf(tokens.ready())).toMatchObject({
        code: 'key_mismatch',
        kind: 'credential',
        retryable: false,
      })
      expect(verifier.requests).toMatchObject({ discovery: 0, token: 0 })
    })
  })

  it('asks an explicit token endpoint without discovery', async () => {
    const verifier = await startVerifier()
    const { credential, privateKey } = verifier.issueMachineCredential()
    const tokenEndpoint = `${verifier.issuer}/oidc/token`
    await closing(
      createTokenSource({
        verifier: verifier.issuer,
        tokenEndpoint,
        credential,
        privateKey: privateKey.hex,
      }),
    ).ready()
    expect(verifier.requests).toMatchObject({ discovery: 0, token: 1 })
  })

  it('sends the first power domain as tenant, another one on request, none with null', async () => {
    const verifier = await startVerifier()
    const machine = verifier.issueMachineCredential({
      powers: [
        { function: 'Login', action: 'oidc_m2m', domain: 'kpmg' },
        { function: 'Login', action: 'oidc_m2m', domain: 'acme' },
      ],
    })
    const base = {
      verifier: verifier.issuer,
      credential: machine.credential,
      privateKey: machine.privateKey.hex,
    }
    const tokens = closing(createTokenSource(base))
    expect(claimsOf(await tokens.getToken()).tenant).toBe('kpmg')
    expect(claimsOf(await tokens.getToken({ tenant: 'acme' })).tenant).toBe('acme')
    expect(await tokens.getToken({ tenant: 'kpmg' })).toBe(await tokens.getToken())
    expect(verifier.requests.token).toBe(2)
    const refusal = await failureOf(
      closing(createTokenSource({ ...base, tenant: 'other' })).ready(),
    )
    expect(refusal.checklist).toContainEqual(
      expect.objectContaining({ check: 'tenant', verdict: 'failed' }),
    )
    const none = closing(createTokenSource({ ...base, tenant: null }))
    expect(claimsOf(await none.getToken()).tenant).toBeUndefined()
    const token = await tokens.getToken({ tenant: null })
    expect(claimsOf(token).tenant).toBeUndefined()
    expect(tokens.dropToken(token, { tenant: null })).toBe(true)
    expect(await tokens.getToken({ tenant: null })).not.toBe(token)
    expect(await none.getToken({ tenant: null })).toBe(await none.getToken())
  })

  it('presents the credential to no other issuer', async () => {
    const verifier = await startVerifier()
    verifier.fail('discovery', 'wrong-issuer')
    const { credential, privateKey } = verifier.issueMachineCredential()
    const tokens = closing(
      createTokenSource({ verifier: verifier.issuer, credential, privateKey: privateKey.hex }),
    )
    expect(await failureOf(tokens.ready())).toMatchObject({ code: 'issuer_mismatch' })
    expect(verifier.requests.token).toBe(0)
  })

  it('says that the context path may be missing where there are no metadata', async () => {
    const verifier = await startVerifier()
    const { credential, privateKey } = verifier.issueMachineCredential()
    const { origin } = new URL(verifier.issuer)
    const tokens = closing(
      createTokenSource({ verifier: origin, credential, privateKey: privateKey.hex }),
    )
    const error = await failureOf(tokens.ready())
    expect(error).toMatchObject({
      code: 'issuer_mismatch',
      kind: 'configuration',
      retryable: false,
      status: 404,
    })
    expect(error.message).toContain('is the context path missing, for instance /verifier?')
  })

  it('follows no metadata to a token endpoint on another origin', async () => {
    const elsewhere = await serve((_, response) => response.end('{}'))
    const issuer: string = await serve((_, response) =>
      response.end(JSON.stringify({ issuer, token_endpoint: `${elsewhere}/token` })),
    )
    const { credential, privateKey } = (await startVerifier()).issueMachineCredential()
    const tokens = closing(
      createTokenSource({ verifier: issuer, credential, privateKey: privateKey.hex }),
    )
    expect(await failureOf(tokens.ready())).toMatchObject({ code: 'endpoint_not_trusted' })
  })

  it('finds RFC 8414 metadata where OpenID Connect metadata are missing', async () => {
    const asked: string[] = []
    const origin: string = await serve((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/.well-known/oauth-authorization-server/verifier') {
        response.end(
          JSON.stringify({ issuer: `${origin}/verifier`, token_endpoint: `${origin}/token` }),
        )
      } else if (request.url === '/token') {
        response.end(
          JSON.stringify({ access_token: 'opaque', token_type: 'bearer', expires_in: 60 }),
        )
      } else response.writeHead(404).end()
    })
    const { credential, privateKey } = (await startVerifier()).issueMachineCredential()
    const tokens = closing(
      createTokenSource({ verifier: `${origin}/verifier`, credential, privateKey: privateKey.hex }),
    )
    expect(await tokens.getToken()).toBe('opaque')
    expect(asked[0]).toBe('/verifier/.well-known/openid-configuration')
  })
})

describe('the options', () => {
  const good = { verifier: 'https://verifier.example.org', credential: 'x', privateKey: '1' }

  it.each<[string, object, string]>([
    ['nothing at all', undefined as unknown as object, 'an object of options, found none'],
    [
      'an option of another name',
      { ...good, allowedOrigin: ['https://api.example.org'] },
      'found "allowedOrigin"',
    ],
    [
      'an option of another way',
      { ...good, clientSecret: 's' },
      'beside "verifier" no options but',
    ],
    [
      'two servers',
      { ...good, authorizationServer: 'https://as.example.org', clientId: 'me' },
      'both',
    ],
    [
      'one origin that is not in a list',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        clientSecret: 's',
        allowedOrigins: 'https://api.example.org',
      },
      'a list of origins',
    ],
    ['no issuer', { credential: 'x' }, 'neither'],
    [
      'http beyond loopback',
      { ...good, verifier: 'http://verifier.example.org' },
      'https in "verifier"',
    ],
    ['a query', { ...good, verifier: 'https://verifier.example.org?a=b' }, 'query'],
    ['no address', { ...good, verifier: 'verifier.example.org' }, 'absolute URL'],
    [
      'a user in the address',
      { ...good, verifier: 'https://me:pw@verifier.example.org' },
      'without user and password',
    ],
    ['an unset credential', { ...good, credential: '' }, 'environment variable'],
    [
      'a token endpoint over http',
      { ...good, tokenEndpoint: 'http://verifier.example.org/token' },
      'tokenEndpoint',
    ],
    [
      'a client without id',
      { authorizationServer: 'https://as.example.org', clientId: '', clientSecret: 's' },
      'clientId',
    ],
    [
      'a client without secret',
      { authorizationServer: 'https://as.example.org', clientId: 'me', clientSecret: '' },
      'clientSecret',
    ],
    [
      'a timeout in milliseconds',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        clientSecret: 's',
        timeout: 5000,
      },
      'milliseconds',
    ],
    [
      'no tries',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        clientSecret: 's',
        tries: 0,
      },
      'tries',
    ],
    [
      'a signer that cannot sign',
      { authorizationServer: 'https://as.example.org', clientId: 'me', signer: { alg: 'HS256' } },
      'signer',
    ],
    [
      'a key and a signer',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        privateKey: '1',
        signer: { alg: 'ES256', sign: () => {} },
      },
      'both',
    ],
    [
      'a key and a secret',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        privateKey: '1',
        clientSecret: 's',
      },
      'beside "clientSecret" no options but',
    ],
    [
      'a passphrase beside a signer',
      {
        ...good,
        privateKey: undefined,
        signer: { alg: 'ES256', sign: () => {} },
        passphrase: 'pw',
      },
      'beside "signer"',
    ],
    [
      'an audience of an assertion that is never made',
      {
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        clientSecret: 's',
        assertionAudience: 'https://as.example.org',
      },
      'found "assertionAudience"',
    ],
    ['a switch that is a text', { ...good, allowInsecureHttp: 'true' }, 'true or false'],
    ['an algorithm of another kind', { ...good, algorithm: 'HS256' }, 'found "HS256"'],
    ['a clock that is no function', { ...good, runtime: { now: 5 } }, '"runtime.now"'],
    ['an empty scope', { ...good, scope: '' }, 'environment variable'],
    ['a text in place of options', 'hunter2' as unknown as object, 'found a text'],
  ])('refuse %s', async (_, options, found) => {
    const error = await failureOf(() => createTokenSource(options as TokenSourceOptions))
    expect(error).toBeInstanceOf(TokenSourceError)
    expect(error).toMatchObject({ code: 'invalid_option', kind: 'configuration' })
    expect(error.message).toContain(found)
    expect(error.message).not.toMatch(/pw|hunter2/)
  })

  it.each([
    ['a trailing slash', 'https://api.example.org/', 'write https://api.example.org'],
    ['a path', 'https://api.example.org/orders', 'write https://api.example.org'],
    ['a path for all', 'https://api.example.org/*', 'name each origin in full'],
    ['all sub-domains', 'https://*.example.org', 'name each origin in full'],
    ['a sub-domain left open', '*.example.org', 'name each origin in full'],
    ['everything', '*', 'name each origin in full'],
    ['a regular expression', 'https://(a|b).example.org', 'name each origin in full'],
    ['another one', 'https://.+\\.example\\.org', 'name each origin in full'],
    ['capitals', 'https://API.example.org', 'write https://api.example.org'],
    ['the port of the scheme', 'https://api.example.org:443', 'write https://api.example.org'],
    ['another alphabet', 'https://münchen.example', 'write https://xn--mnchen-3ya.example'],
    ['a host alone', 'api.example.org', 'an absolute URL'],
    ['plain http', 'http://api.example.org', 'https in "allowedOrigins"'],
    ['a user', 'https://me:pw@api.example.org', 'without user'],
    ['another scheme', 'ftp://api.example.org', 'https in "allowedOrigins"'],
    ['an opaque origin', 'null', 'an absolute URL'],
    ['an empty text', '', 'an absolute URL'],
    ['no text', 5, 'an absolute URL'],
  ])('refuse an allowed origin that would match nothing: %s', async (_, origin, found) => {
    const basis = { authorizationServer: 'https://as.example.org', clientId: 'me' }
    const options = { ...basis, clientSecret: 's', allowedOrigins: ['https://a.org', origin] }
    const error = await failureOf(() => createTokenSource(options as TokenSourceOptions))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain(found)
  })

  it.each([
    ['https://api.example.org', 'https://api.example.org:443/orders?a=b'],
    ['https://api.example.org:8443', 'https://API.example.org:8443/'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/'],
    ['http://[::1]:3000', 'http://[::1]:3000/orders'],
  ])('take the origin %s, for %s', (origin, url) => {
    const tokens = closing(
      createTokenSource({
        authorizationServer: 'https://as.example.org',
        clientId: 'me',
        clientSecret: 's',
        allowedOrigins: [origin],
      }),
    )
    expect(tokens.isAllowed(url)).toBe(true)
    expect(tokens.allowedOrigins).toEqual([origin])
    expect(Object.isFrozen(tokens.allowedOrigins)).toBe(true)
  })

  it('may be there without a value, as they are when they are copied from elsewhere', async () => {
    const verifier = await startVerifier()
    const { credential, privateKey } = verifier.issueMachineCredential()
    const absent = {
      signer: undefined,
      clientSecret: undefined,
      authorizationServer: undefined,
      tries: undefined,
      runtime: { fetch: undefined, now: undefined },
    }
    const options = { ...absent, verifier: verifier.issuer, credential, privateKey: privateKey.hex }
    await closing(createTokenSource(options as unknown as TokenSourceOptions)).ready()
    expect(verifier.requests.token).toBe(1)
  })

  it('refuse an expired credential and one of the future', async () => {
    const verifier = await startVerifier()
    const year = 365 * 24 * 3600 * 1000
    const create = (from: number, to: number) => () => {
      const validity = {
        validFrom: new Date(Date.now() + from),
        validUntil: new Date(Date.now() + to),
      }
      const { credential, privateKey } = verifier.issueMachineCredential(validity)
      createTokenSource({ ...good, credential, privateKey: privateKey.hex })
    }
    expect(await failureOf(create(-year, -1000))).toMatchObject({ code: 'credential_expired' })
    expect(await failureOf(create(year, 2 * year))).toMatchObject({
      code: 'credential_not_yet_valid',
    })
  })
})
