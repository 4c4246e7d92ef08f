import { createApi, mint, RESOURCE } from './api.js'
import { createHolder } from './holder.js'

const ALGS = 'algs="ES256 EdDSA Ed25519"'

describe('RFC 9449 §7.1: what a request without credentials is told', () => {
  test.each([
    ['allowed', ['Bearer realm="api"', `DPoP realm="api", ${ALGS}`]],
    ['required', [`DPoP realm="api", ${ALGS}`]],
    ['disabled', ['Bearer realm="api"']],
  ] as const)('mode %s', async (mode, challenges) => {
    const api = createApi({ dpop: { mode } })
    expect(await api.ask({ headers: {} })).toMatchObject({ status: 401, challenges })
    api.close()
  })

  test('without "resource", no proof can be checked, and none is asked for', async () => {
    const api = createApi({ resource: undefined } as object)
    const { challenges } = await api.ask({ headers: {} })
    expect(challenges).toEqual(['Bearer realm="api"'])
    const refused = await api.send(api.proof())
    expect(refused).toMatchObject({ code: 'token_missing', challenges: ['Bearer realm="api"'] })
    expect(refused.error!.reason.hint).toMatch(/"resource"/)
    const bearer = await api.ask({ headers: { authorization: `Bearer ${api.token}` } })
    expect(bearer.code).toBe('token_bound')
    expect(bearer.error!.reason.hint).toMatch(/"resource"/)
    api.close()
  })
})

describe('an error stands in the challenge of the scheme that was used', () => {
  const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  test('an expired bearer token', async () => {
    const api = createApi()
    const { challenges } = await api.ask(bearing(mint({ exp: 1 })))
    expect(challenges).toEqual([
      'Bearer realm="api", error="invalid_token", error_description="The access token expired"',
      `DPoP realm="api", ${ALGS}`,
    ])
    api.close()
  })

  test('a bearer token where bound ones are required', async () => {
    const api = createApi({ dpop: { mode: 'required' } })
    const { code, challenges } = await api.ask(bearing(mint()))
    expect(code).toBe('token_not_bound')
    expect(challenges).toEqual([
      `DPoP realm="api", error="invalid_token", error_description="The access token is invalid", ${ALGS}`,
    ])
    api.close()
  })

  test('a right that is missing: the used scheme alone, with the scope', async () => {
    const { requiredScopes } = await import('@verifier-guard/core')
    const api = createApi()
    const headers = { authorization: `DPoP ${api.token}`, dpop: api.proof() }
    const request = { method: 'GET', url: '/orders', headers }
    const refused = api.resourceServer.authenticate(request, requiredScopes('orders:read'))
    await expect(refused).rejects.toMatchObject({
      status: 403,
      headers: {
        'WWW-Authenticate': `DPoP realm="api", error="insufficient_scope", error_description="The access token does not grant this request", scope="orders:read", ${ALGS}`,
      },
    })
    api.close()
  })

  test('requiredBinding: a DPoP challenge where the token has no key, and no more', async () => {
    const { requiredBinding } = await import('@verifier-guard/core')
    const api = createApi()
    const asked = (kind: 'dpop' | 'certificate' | 'any') =>
      api.resourceServer.authenticate(bearing(mint()), requiredBinding(kind))
    await expect(asked('dpop')).rejects.toMatchObject({
      code: 'token_not_bound',
      status: 401,
      headers: { 'WWW-Authenticate': expect.stringMatching(/^DPoP .*invalid_token/) as unknown },
    })
    await expect(asked('any')).rejects.toMatchObject({ code: 'token_not_bound' })
    await expect(asked('certificate')).rejects.toMatchObject({ code: 'token_not_bound' })
    const headers = { authorization: `DPoP ${api.token}`, dpop: api.proof() }
    const bound = { method: 'GET', url: '/orders', headers }
    await api.resourceServer.authenticate(bound, requiredBinding('any'))
    const caller = await api.resourceServer.authenticate(bound, requiredBinding('dpop'))
    expect(caller.scheme).toBe('DPoP')
    await expect(
      api.resourceServer.authenticate(bound, requiredBinding('certificate')),
    ).rejects.toMatchObject({ code: 'token_not_bound' })
    expect(() => requiredBinding('mtls' as 'any')).toThrow(/found "mtls"/)
    api.close()
  })
})

describe('optional authentication', () => {
  test.each(['allowed', 'required', 'disabled'] as const)(
    'mode %s: no credentials pass, and a DPoP scheme with a bad proof does not',
    async (mode) => {
      const api = createApi({ dpop: { mode } })
      const optional = { optional: true }
      expect((await api.resourceServer.admit({ headers: {} }, optional)).auth).toBeUndefined()
      const headers = { authorization: `DPoP ${api.token}`, dpop: 'e30.e30.AA' }
      const request = { method: 'GET', url: '/orders', headers }
      await expect(api.resourceServer.admit(request, optional)).rejects.toMatchObject({
        status: 401,
      })
      api.close()
    },
  )
})

describe('a token alone', () => {
  test('is refused where it is bound, also after a good request', async () => {
    const api = createApi()
    for (let time = 0; time < 3; time += 1) await api.send(api.proof())
    const alone = api.resourceServer.verifyAccessToken(api.token)
    await expect(alone).rejects.toMatchObject({
      code: 'token_bound',
      reason: { hint: expect.stringMatching(/authenticate\(request\)/) as unknown },
    })
    expect((await api.resourceServer.verifyAccessToken(mint())).scheme).toBe('Bearer')
    api.close()
  })

  test('is refused where bound ones are required', async () => {
    const api = createApi({ dpop: { mode: 'required' } })
    await expect(api.resourceServer.verifyAccessToken(mint())).rejects.toMatchObject({
      code: 'token_not_bound',
    })
    api.close()
  })
})

describe('several addresses', () => {
  test('a proof for any of them passes', async () => {
    const api = createApi({ resource: [RESOURCE, 'https://orders.example.org/v1'] })
    const urls = [`${RESOURCE}/orders`, 'https://orders.example.org/v1/orders']
    for (const url of urls) expect((await api.send(api.proof({ url }))).code).toBe('accepted')
    const url = 'https://orders.example.org/orders'
    expect((await api.send(api.proof({ url }))).code).toBe('dpop_proof_invalid')
    api.close()
  })

  test('Host and X-Forwarded-* say nothing', async () => {
    const api = createApi()
    const dpop = api.proof({ url: 'https://evil.example.org/orders' })
    const outcome = await api.ask({
      method: 'GET',
      url: '/orders',
      headers: {
        authorization: `DPoP ${api.token}`,
        dpop,
        host: 'evil.example.org',
        'x-forwarded-host': 'evil.example.org',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example.org;proto=https',
      },
    })
    expect(outcome.code).toBe('dpop_proof_invalid')
    api.close()
  })
})

test('the key in a credential is that of its holder, and binds no token', async () => {
  const api = createApi()
  const token = mint({ vc: { cnf: { jkt: createHolder().jkt } } })
  expect((await api.ask({ headers: { authorization: `Bearer ${token}` } })).code).toBe('accepted')
  api.close()
})
