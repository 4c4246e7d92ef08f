import { randomUUID } from 'node:crypto'
import { createSigner } from '../differential/signer.js'
import { createApi, mint, RESOURCE, START, type Api } from './api.js'
import { createHolder, hash, type ProofFor } from './holder.js'

let api: Api
beforeEach(() => {
  api = createApi()
})
afterEach(() => api.close())

const DPOP_ERROR =
  'DPoP realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is missing or invalid", algs="ES256 EdDSA Ed25519"'
/** What the reason of a refusal names, by the number of the check. */
const NAMED: Readonly<Record<number, RegExp>> = {
  5: /"crit"/,
  6: /"typ"/,
  7: /"alg"/,
  8: /"jwk"/,
  9: /signature/,
  10: /"(jti|htm|htu|iat|ath)"/,
  11: /"htm"/,
  12: /"htu"/,
  13: /"(iat|exp|nbf)"/,
  15: /"ath"/,
}

describe('RFC 9449 §4.3, §7.1: the checks of a proof', () => {
  test('a good proof passes, and the caller has its scheme and its key', async () => {
    const { admission } = await api.send(api.proof())
    expect(admission!.auth!.scheme).toBe('DPoP')
    expect(admission!.auth!.confirmation).toEqual({ jkt: api.holder.jkt })
    expect([...admission!.headers]).toEqual([])
  })

  test.each(['ES256', 'EdDSA', 'Ed25519'])('%s is accepted by default', async (algorithm) => {
    const other = createHolder(algorithm)
    const token = mint({ cnf: { jkt: other.jkt } })
    const dpop = other.proof({ url: `${RESOURCE}/orders`, token, at: api.now() })
    const headers = { authorization: `DPoP ${token}`, dpop }
    expect((await api.ask({ method: 'GET', url: '/orders', headers })).code).toBe('accepted')
  })

  test.each(['ES384', 'ES512', 'PS256', 'PS384', 'PS512'] as const)(
    '%s is accepted once it is allowed, and the challenge says so',
    async (algorithm) => {
      const other = createHolder(algorithm)
      const token = mint({ cnf: { jkt: other.jkt } })
      const dpop = other.proof({ url: `${RESOURCE}/orders`, token, at: api.now() })
      const request = {
        method: 'GET',
        url: '/orders',
        headers: { authorization: `DPoP ${token}`, dpop },
      }
      expect((await api.ask(request)).code).toBe('dpop_proof_invalid')
      const generous = createApi({ dpop: { algorithms: [algorithm] } })
      expect((await generous.ask(request)).code).toBe('accepted')
      const { challenges } = await generous.ask({ headers: {} })
      expect(challenges).toEqual(['Bearer realm="api"', `DPoP realm="api", algs="${algorithm}"`])
      generous.close()
    },
  )

  test.each<[number, string, Partial<ProofFor>]>([
    [5, 'a critical extension', { header: { crit: ['a'], a: 1 } }],
    [6, 'no "typ"', { header: { typ: undefined } }],
    [6, 'another "typ"', { header: { typ: 'JWT' } }],
    [6, '"typ" in other letters', { header: { typ: 'DPoP+jwt' } }],
    [7, 'no "alg"', { header: { alg: undefined } }],
    [7, '"alg" none', { header: { alg: 'none' } }],
    [7, 'a symmetric "alg"', { header: { alg: 'HS256' } }],
    [7, '"alg" RS256', { header: { alg: 'RS256' } }],
    [8, 'a "jwk" for another "alg"', { header: { alg: 'EdDSA' } }],
    [8, 'no "jwk"', { header: { jwk: undefined } }],
    [8, '"jwk" as a text', { header: { jwk: 'key' } }],
    [8, '"jwk" as a list', { header: { jwk: [{}] } }],
    [8, '"jwk" null', { header: { jwk: null } }],
    [8, 'an empty "jwk"', { header: { jwk: {} } }],
    [8, 'a symmetric "jwk"', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    [8, 'a point off its curve', { header: { jwk: { ...createHolder().jwk, y: 'A'.repeat(43) } } }],
    [
      8,
      '"jwk" with a number for a coordinate',
      { header: { jwk: { ...createHolder().jwk, x: 1 } } },
    ],
    [9, 'the "jwk" of another key', { header: { jwk: createHolder().jwk } }],
    [10, 'no "jti"', { claims: { jti: undefined } }],
    [10, 'an empty "jti"', { claims: { jti: '' } }],
    [10, '"jti" as a number', { claims: { jti: 1 } }],
    [10, 'an endless "jti"', { claims: { jti: 'a'.repeat(257) } }],
    [10, 'no "htm"', { claims: { htm: undefined } }],
    [10, 'no "htu"', { claims: { htu: undefined } }],
    [10, 'no "iat"', { claims: { iat: undefined } }],
    [10, '"iat" as a text', { claims: { iat: `${START}` } }],
    [10, 'no "ath"', { claims: { ath: undefined } }],
    [11, 'another method', { method: 'POST' }],
    [11, 'the method in small letters', { method: 'get' }],
    [12, 'another path', { url: `${RESOURCE}/others` }],
    [12, 'another host', { url: 'https://evil.example.org/orders' }],
    [12, 'another scheme', { url: 'http://api.example.org/orders' }],
    [12, 'another port', { url: 'https://api.example.org:8443/orders' }],
    [12, 'user information', { url: 'https://a@api.example.org/orders' }],
    [12, 'a path alone', { url: '/orders' }],
    [13, '"iat" 61 seconds ago', { at: START - 61 }],
    [13, '"iat" 11 seconds ahead', { at: START + 11 }],
    [13, '"iat" an hour ago', { at: START - 3_600 }],
    [13, '"exp" that has passed', { claims: { exp: START - 11 } }],
    [13, '"exp" as a text', { claims: { exp: 'never' } }],
    [13, '"nbf" to come', { claims: { nbf: START + 11 } }],
    [15, 'the hash of another token', { claims: { ath: hash('another') } }],
    [15, 'the hash with padding', { claims: { ath: `${hash('another')}=` } }],
  ])('no. %d: %s is refused', async (no, _title, what) => {
    // A client that was good before, whose key is at hand, makes no difference.
    expect((await api.send(api.proof())).code).toBe('accepted')
    const refused = await api.send(api.proof(what))
    expect(refused).toMatchObject({ code: 'dpop_proof_invalid', status: 401 })
    expect(refused.error!.reason.expected).toMatch(NAMED[no]!)
    expect(refused.challenges).toEqual([DPOP_ERROR])
    expect((await api.send(api.proof())).code).toBe('accepted')
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['no JWS', 'proof'],
    ['two parts', 'e30.e30'],
    ['dots', '..'],
    ['padding', `${Buffer.from('{"typ":"dpop+jwt"}').toString('base64')}=.e30.AA`],
    ['JSON', '{}'],
    ['more than 4096 characters', 'e30.e30.'.padEnd(4_097, 'A')],
  ])('no. 5: %s in place of a proof is refused', async (_, proof) => {
    const { status, challenges } = await api.send(proof)
    expect([status, challenges]).toEqual([401, [DPOP_ERROR]])
  })

  test('no. 5: a member named twice is refused', async () => {
    const { jwk, token: sign } = createSigner('ES256')
    const header = JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk })
    const { code, error } = await api.send(sign(header, '{"jti":"a","jti":"b"}'))
    expect(code).toBe('dpop_proof_invalid')
    expect(error!.reason.actual).toBe('an object with a member named twice')
  })

  test('no. 8: the private key is refused, though it signed the proof', async () => {
    const { code, error } = await api.send(api.proof({ header: { jwk: api.holder.privateJwk } }))
    expect(code).toBe('dpop_proof_invalid')
    expect(error!.reason.actual).toBe('one of which it has the private member d')
  })

  test('no. 8: an RSA key below 2048 bits is refused', async () => {
    const lenient = createApi({ dpop: { algorithms: ['PS256'] } })
    const jwk = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 0xff).toString('base64url') }
    const { code, error } = await lenient.send(lenient.proof({ header: { alg: 'PS256', jwk } }))
    expect(code).toBe('dpop_proof_invalid')
    expect(error!.reason.actual).toMatch(/1024 bits/)
    lenient.close()
  })

  test('no. 16: a good proof by another key is refused as the token is', async () => {
    const dpop = createHolder().proof({
      url: `${RESOURCE}/orders`,
      token: api.token,
      at: api.now(),
    })
    const refused = await api.send(dpop)
    expect(refused).toMatchObject({ code: 'dpop_key_mismatch', status: 401 })
    expect(refused.challenges).toEqual([
      'Bearer realm="api"',
      'DPoP realm="api", error="invalid_token", error_description="The access token is invalid", algs="ES256 EdDSA Ed25519"',
    ])
  })

  test('no. 17: a proof passes once', async () => {
    const proof = api.proof()
    expect((await api.send(proof)).code).toBe('accepted')
    expect(await api.send(proof)).toMatchObject({ code: 'dpop_proof_replayed', status: 401 })
  })

  test('no. 17: a "jti" passes once, whatever else the proof says', async () => {
    const claims = { jti: randomUUID() }
    expect((await api.send(api.proof({ claims }))).code).toBe('accepted')
    const second = await api.send(api.proof({ claims, url: `${RESOURCE}/others` }), {
      url: '/others',
    })
    expect(second.code).toBe('dpop_proof_replayed')
  })

  test('no. 17: the "jti" of one client is another one\'s to use', async () => {
    const claims = { jti: randomUUID() }
    const other = createHolder()
    const token = mint({ cnf: { jkt: other.jkt } })
    const dpop = other.proof({ url: `${RESOURCE}/orders`, token, at: api.now(), claims })
    const headers = { authorization: `DPoP ${token}`, dpop }
    expect((await api.send(api.proof({ claims }))).code).toBe('accepted')
    expect((await api.ask({ method: 'GET', url: '/orders', headers })).code).toBe('accepted')
  })

  test('no. 17 comes last: a proof that is refused uses nothing up', async () => {
    const claims = { jti: randomUUID() }
    for (const what of [{ url: `${RESOURCE}/others` }, { method: 'POST' }, { at: START - 99 }])
      expect((await api.send(api.proof({ claims, ...what }))).code).toBe('dpop_proof_invalid')
    expect((await api.send(api.proof({ claims }))).code).toBe('accepted')
  })

  test('a proof is remembered for as long as it would pass, by a clock that is not stepped', async () => {
    const proof = api.proof({ at: api.now() + 10 })
    expect((await api.send(proof)).code).toBe('accepted')
    api.pass(70)
    expect((await api.send(proof)).code).toBe('dpop_proof_replayed')
    api.pass(1)
    expect((await api.send(proof)).code).toBe('dpop_proof_invalid')
  })

  test.each<[string, Partial<ProofFor>]>([
    ['60 seconds old', { at: START - 60 }],
    ['10 seconds ahead', { at: START + 10 }],
    ['with members that no one knows', { claims: { a: 1 }, header: { b: 2, kid: 'k', jku: 'u' } }],
    ['with "exp" and "nbf" that hold', { claims: { exp: START + 60, nbf: START - 60 } }],
    ['with a query and a fragment in "htu"', { url: `${RESOURCE}/orders?a=1#b` }],
    ['with scheme and host in capitals', { url: 'HTTPS://API.EXAMPLE.ORG/orders' }],
    ['with the default port', { url: 'https://api.example.org:443/orders' }],
  ])('a proof %s is accepted', async (_, what) => {
    expect((await api.send(api.proof(what))).code).toBe('accepted')
  })

  test('a query of the request is no part of what "htu" states', async () => {
    expect((await api.send(api.proof(), { url: '/orders?page=2' })).code).toBe('accepted')
  })

  test('the expected and the found origin stand in the event, without path and query', async () => {
    await api.send(api.proof({ url: 'https://internal:3000/orders?key=s3cret' }))
    const [, event] = api.events.at(-1)!
    expect(event).toMatchObject({
      code: 'dpop_proof_invalid',
      check: 'proof',
      expected:
        'a DPoP proof with "htu" at "https://api.example.org", with the path of the request',
      actual: '"https://internal:3000"',
    })
    await api.send(api.proof({ url: 'https://api.example.org/users/ada@example.org' }))
    expect(api.events.at(-1)![1]).toMatchObject({ actual: 'another path there' })
  })

  test('the difference of clocks stands in the event', async () => {
    await api.send(api.proof({ at: START - 200 }))
    expect(api.events.at(-1)![1]).toMatchObject({
      actual: 'one 200 seconds behind the clock of this server',
    })
  })
})

describe('RFC 9449 §4.3 no. 1: one field, one proof', () => {
  test.each([
    [
      'as Node lists them',
      (a: string, b: string) => ({ headers: {}, rawHeaders: ['DPoP', a, 'dpop', b] }),
    ],
    ['as a list', (a: string, b: string) => ({ headers: { dpop: [a, b] } })],
    ['joined as web Headers do', (a: string, b: string) => ({ headers: { dpop: `${a}, ${b}` } })],
    ['in two spellings', (a: string, b: string) => ({ headers: { dpop: a, DPoP: b } })],
  ])('two proofs %s are refused, before the token is looked at', async (_, made) => {
    const { headers, rawHeaders = [] } = made(api.proof(), api.proof()) as {
      headers: Record<string, string>
      rawHeaders?: string[]
    }
    const authorization = 'DPoP not.a.token'
    const raw = rawHeaders.length > 0 && {
      rawHeaders: ['Authorization', authorization, ...rawHeaders],
    }
    const outcome = await api.ask({
      method: 'GET',
      url: '/orders',
      headers: { authorization, ...headers },
      ...raw,
    })
    expect(outcome).toMatchObject({ code: 'dpop_proof_invalid', status: 401 })
  })

  test('RFC 9449 §7.2: two schemes are malformed, and every challenge says so', async () => {
    const authorization = `Bearer ${api.token}, DPoP ${api.token}`
    const { status, challenges } = await api.ask({ headers: { authorization } })
    expect(status).toBe(400)
    expect(challenges).toEqual([
      expect.stringMatching(/^Bearer .*error="invalid_request"/),
      expect.stringMatching(/^DPoP .*error="invalid_request".*algs=/),
    ])
  })
})

describe('one request may be decided on several times', () => {
  test('its proof is used up once, however late it is asked again', async () => {
    const request = {
      method: 'GET',
      url: '/orders',
      headers: { authorization: `DPoP ${api.token}`, dpop: api.proof() },
    }
    expect((await api.ask(request)).code).toBe('accepted')
    api.pass(600)
    expect((await api.ask(request)).code).toBe('accepted')
    expect((await api.ask({ ...request })).code).toBe('dpop_proof_invalid')
  })

  test('an object that is used again for another request needs another proof', async () => {
    const request = {
      method: 'GET',
      url: '/orders',
      headers: { authorization: `DPoP ${api.token}`, dpop: api.proof() },
    }
    expect((await api.ask(request)).code).toBe('accepted')
    request.url = '/others'
    expect((await api.ask(request)).code).toBe('dpop_proof_invalid')
  })
})
