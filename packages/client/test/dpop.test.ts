import { startDevVerifier, type DevVerifierOptions } from '@verifier-guard/dev-verifier'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair as joseKeys } from 'jose'
import { createTokenSource, type ProofSigner, type TokenSourceOptions } from '../src/index.js'
import { startBoundApi } from './bound-api.js'
import { closing, failureOf, holdRuntime, record, serve, type HeldRuntime } from './support.js'

interface Setting {
  readonly server?: DevVerifierOptions
  readonly client?: Partial<Pick<TokenSourceOptions, 'dpop' | 'events' | 'runtime' | 'tries'>>
  readonly origins?: readonly string[]
}

/** A source of bound tokens, and the server that gives them. */
async function connect({ server = {}, client = {}, origins = [] }: Setting = {}) {
  const verifier = closing(await startDevVerifier({ profile: 'oauth', ...server }))
  const { did, privateKey } = verifier.issueMachineCredential()
  const make = (more: Setting['client'] = {}) =>
    closing(
      createTokenSource({
        authorizationServer: verifier.issuer,
        clientId: did,
        privateKey: privateKey.hex,
        resource: 'https://orders.example.org',
        allowedOrigins: origins,
        dpop: true,
        ...client,
        ...more,
      }),
    )
  return { verifier, tokens: make(), make }
}

const jktOf = (token: string) => decodeJwt<{ cnf?: { jkt?: string } }>(token).cnf?.jkt

async function proofSigner(alg: 'ES256' | 'EdDSA' = 'ES256'): Promise<ProofSigner> {
  const { privateKey, publicKey } = await joseKeys(alg)
  const { kty = '', crv, x, y } = await exportJWK(publicKey)
  const algorithm = alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' }
  return {
    alg,
    jwk: { kty, crv, x, ...(y !== undefined && { y }) },
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, new Uint8Array(bytes))),
  }
}

describe('a source of bound tokens', () => {
  it('gets a token that is bound to its key, and proves it at each call', async () => {
    const api = await startBoundApi()
    const { tokens } = await connect({ origins: [api.origin] })
    for (const method of ['GET', 'post', 'PATCH', 'HEAD'])
      expect((await tokens.fetch(`${api.origin}/orders?page=2#top`, { method })).status).toBe(200)
    expect(api.refused).toEqual([])
    expect(api.seen.map(({ proof }) => proof.htm)).toEqual(['GET', 'POST', 'PATCH', 'HEAD'])
    expect(new Set(api.seen.map(({ proof }) => proof.jti)).size).toBe(4)
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(1)
    expect(api.seen[0]?.proof.htu).toBe(`${api.origin}/orders`)
  })

  it('sends a Request, with its own fields and body', async () => {
    const api = await startBoundApi()
    const { tokens } = await connect({ origins: [api.origin] })
    const request = new Request(api.origin, { method: 'PUT', body: 'x', headers: { dpop: 'mine' } })
    expect((await tokens.fetch(request)).status).toBe(200)
    expect(api.seen[0]).toMatchObject({ body: 'x', proof: { htm: 'PUT' } })
  })

  it('says of a request of any client which fields it needs', async () => {
    const api = await startBoundApi({ nonce: () => 'n1' })
    const { tokens } = await connect({ origins: [api.origin] })
    const target = { url: `${api.origin}/orders`, method: 'DELETE' }
    const send = async () => {
      const { authorization, dpop = '' } = await tokens.authorize(target)
      const answer = await fetch(target.url, { ...target, headers: { authorization, dpop } })
      return {
        status: answer.status,
        next: tokens.noteAnswer({ ...target, authorization }, answer),
      }
    }
    expect(await send()).toEqual({ status: 401, next: 'proof' })
    expect(await send()).toEqual({ status: 200, next: undefined })
    await expect(tokens.authorize({ url: 'https://other.example.org' })).rejects.toMatchObject({
      code: 'origin_not_allowed',
    })
  })

  it('renews its token for the same key', async () => {
    const api = await startBoundApi({
      answer: (count, response) => {
        if (count === 1)
          response.writeHead(401, { 'www-authenticate': 'DPoP error="invalid_token"' })
        response.end()
      },
    })
    const { tokens } = await connect({ origins: [api.origin] })
    expect((await tokens.fetch(api.origin, { method: 'POST', body: 'x' })).status).toBe(200)
    const [first, second] = api.seen
    expect(first!.authorization).not.toBe(second!.authorization)
    expect(first!.jkt).toBe(second!.jkt)
    expect(second!.body).toBe('x')
  })

  it('refuses a server that binds nothing', async () => {
    const { verifier, tokens } = await connect()
    verifier.fail('token', 'wrong-token-type')
    const error = await failureOf(tokens.getToken())
    expect(error).toMatchObject({ code: 'token_not_bound', kind: 'refused', retryable: false })
    expect(error.message).toMatch(
      /^expected a token from .* bound to the key of "dpop", found "Bearer"/,
    )
  })

  it('refuses a token that is bound to another key', async () => {
    const access_token = (await connect()).verifier.mint({ claims: { cnf: { jkt: 'another' } } })
    const body = { access_token, token_type: 'DPoP', expires_in: 900 }
    const fetch = () => Promise.resolve(Response.json(body))
    const { make } = await connect()
    const tokens = make({
      runtime: { fetch },
      tokenEndpoint: 'https://login.example.org/t',
    } as object)
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'token_not_bound' })
  })

  it('refuses a bound token that it did not ask for', async () => {
    const { verifier, make } = await connect()
    const tokens = make({ dpop: undefined } as object)
    verifier.fail('token', 'wrong-token-type')
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'unusable_answer' })
  })

  it('follows no redirect with a proof', async () => {
    const api = await startBoundApi({
      answer: (_, response, { url }) =>
        void response.writeHead(url === '/' ? 302 : 200, { location: '/moved' }).end(),
    })
    const { tokens } = await connect({ origins: [api.origin] })
    for (const input of [api.origin, new Request(api.origin)])
      expect((await tokens.fetch(input)).status).toBe(302)
    expect(api.seen).toHaveLength(2)
    await expect(tokens.fetch(api.origin, { redirect: 'error' })).rejects.toThrow('fetch failed')
  })
})

describe('a nonce', () => {
  it('is learned at the token endpoint, with a new assertion', async () => {
    const { verifier, tokens } = await connect({ server: { demandNonces: true } })
    const token = await tokens.getToken()
    expect(jktOf(token)).toHaveLength(43)
    expect(verifier.requests.token).toBe(2)
    tokens.dropToken(token)
    await tokens.getToken()
    expect(verifier.requests.token).toBe(3)
    verifier.rotateNonce()
    await tokens.getToken({ scope: 'orders:read' })
    expect(verifier.requests.token).toBe(5)
  })

  it('is learned at the API, with the same token', async () => {
    let nonce = 'n1'
    const api = await startBoundApi({ nonce: () => nonce })
    const { verifier, tokens } = await connect({ origins: [api.origin] })
    const post = async () => (await tokens.fetch(api.origin, { method: 'POST', body: 'x' })).status
    expect(await post()).toBe(200)
    expect(await post()).toBe(200)
    expect(api.refused).toEqual(['nonce'])
    nonce = 'n2'
    expect(await post()).toBe(200)
    expect(api.refused).toEqual(['nonce', 'nonce'])
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(1)
    expect(verifier.requests.token).toBe(1)
  })

  it('of a good answer is used from then on, and none is lost', async () => {
    let count = 0
    const nonces = ['n1', 'n2', 'n3']
    const expected = () => nonces[count]
    const api = await startBoundApi({
      nonce: expected,
      answer: (_, response) => {
        count += 1
        response.setHeader('dpop-nonce', nonces[count] ?? 'n4').end()
      },
    })
    const { tokens } = await connect({ origins: [api.origin] })
    for (let call = 0; call < 3; call += 1)
      expect((await tokens.fetch(api.origin)).status).toBe(200)
    expect(api.refused).toEqual(['nonce'])
  })

  it('is kept for each origin, and that of a server apart from that of an API', async () => {
    const one = await startBoundApi({ nonce: () => 'one' })
    const other = await startBoundApi({ nonce: () => 'other' })
    const { tokens } = await connect({
      server: { demandNonces: true },
      origins: [one.origin, other.origin],
    })
    for (const { origin } of [one, other, one, other])
      expect((await tokens.fetch(origin)).status).toBe(200)
    expect([one.refused, other.refused]).toEqual([['nonce'], ['nonce']])
  })

  it('that nothing satisfies is asked for once more only, and the answer is handed on', async () => {
    let count = 0
    const api = await startBoundApi({ nonce: () => `n${(count += 1)}` })
    const { tokens } = await connect({ origins: [api.origin] })
    expect((await tokens.fetch(api.origin)).status).toBe(401)
    expect(api.refused).toEqual(['nonce', 'nonce'])
  })

  it('that no proof could carry is not taken', async () => {
    const api = await startBoundApi({ nonce: () => 'a "quoted" one' })
    const { tokens } = await connect({ origins: [api.origin] })
    expect((await tokens.fetch(api.origin)).status).toBe(401)
    expect(api.refused).toEqual(['nonce'])
  })

  it('is asked for by a server that gives none: the refusal is handed on', async () => {
    const { make } = await connect()
    const refuse = serve(
      (_, response) =>
        void response
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"error":"use_dpop_nonce"}'),
    )
    const tokens = make({ tokenEndpoint: `${await refuse}/token` } as object)
    expect(await failureOf(tokens.getToken())).toMatchObject({
      code: 'token_request_refused',
      oauthError: 'use_dpop_nonce',
    })
  })
})

describe('a clock that is wrong', () => {
  const minutes = 5 * 60_000
  const wrong = (ahead: number): { server: HeldRuntime; client: HeldRuntime } => {
    const start = Date.parse('2026-11-28T12:00:00Z')
    return { server: holdRuntime(start + ahead), client: holdRuntime(start) }
  }

  it.each([minutes, -minutes])(
    'is learned from an API that is %i ms ahead, once',
    async (ahead) => {
      const { client } = wrong(0)
      const { recorded, events } = record()
      const api = await startBoundApi({ ahead, now: client.now })
      const { tokens } = await connect({
        server: { runtime: { now: client.now } },
        client: { runtime: client, events },
        origins: [api.origin],
      })
      for (let call = 0; call < 3; call += 1)
        expect((await tokens.fetch(api.origin)).status).toBe(200)
      expect(api.refused).toEqual(['time'])
      const learned = recorded.filter(({ event }) => event === 'clockLearned')
      expect(learned).toEqual([
        expect.objectContaining({ origin: api.origin, offset: -ahead / 1_000 }),
      ])
    },
  )

  it('is learned by all calls that were refused for it at once', async () => {
    const { client } = wrong(0)
    const { recorded, events } = record()
    const api = await startBoundApi({ ahead: minutes, now: client.now })
    const { tokens } = await connect({
      server: { runtime: { now: client.now } },
      client: { runtime: client, events },
      origins: [api.origin],
    })
    const answers = await Promise.all([1, 2, 3].map(() => tokens.fetch(api.origin)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(recorded.filter(({ event }) => event === 'clockLearned')).toHaveLength(1)
  })

  it('is learned anew when it is put right', async () => {
    const { client } = wrong(0)
    let ahead = minutes
    const { recorded, events } = record()
    const api = await startBoundApi({ now: () => client.now() + ahead })
    const { tokens } = await connect({
      server: { runtime: { now: client.now } },
      client: { runtime: client, events },
      origins: [api.origin],
    })
    expect((await tokens.fetch(api.origin)).status).toBe(200)
    ahead = 0
    expect((await tokens.fetch(api.origin)).status).toBe(200)
    expect(recorded.filter(({ event }) => event === 'clockLearned')).toHaveLength(2)
  })

  it('is not to blame where the clocks agree', async () => {
    const { client } = wrong(0)
    const api = await startBoundApi({
      now: client.now,
      answer: (_, response) =>
        void response
          .writeHead(401, { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' })
          .end(),
    })
    const { tokens } = await connect({
      server: { runtime: { now: client.now } },
      client: { runtime: client },
      origins: [api.origin],
    })
    expect((await tokens.fetch(api.origin)).status).toBe(401)
    expect(api.seen).toHaveLength(1)
  })
})

describe('the key of proofs', () => {
  it('is another one for each source, and stays the same as long as it lives', async () => {
    const { tokens, make } = await connect()
    const first = await tokens.getToken()
    tokens.dropToken(first)
    const second = await tokens.getToken()
    expect(second).not.toBe(first)
    expect(jktOf(second)).toBe(jktOf(first))
    expect(jktOf(await make().getToken())).not.toBe(jktOf(first))
  })

  it.each(['ES256', 'EdDSA'] as const)('may be handed in, for %s', async (alg) => {
    const signer = await proofSigner(alg)
    const { tokens, make } = await connect({ client: { dpop: { signer } } })
    const [first, second] = [await tokens.getToken(), await make().getToken()]
    expect(second).not.toBe(first)
    expect(jktOf(second)).toBe(jktOf(first))
  })

  it('is never sent nor shown: proofs and sources hold its public half alone', async () => {
    const api = await startBoundApi()
    const { tokens } = await connect({ origins: [api.origin] })
    const { dpop = '' } = await tokens.authorize({ url: api.origin })
    const { jwk, ...header } = decodeProtectedHeader(dpop)
    expect(Object.keys(jwk!)).toEqual(['kty', 'crv', 'x', 'y'])
    expect(header).toEqual({ alg: 'ES256', typ: 'dpop+jwt' })
  })

  it('whose signer fails stops the request before it leaves', async () => {
    const signer: ProofSigner = {
      ...(await proofSigner()),
      sign: () => Promise.reject(new Error('away')),
    }
    const { verifier, tokens } = await connect({ client: { dpop: { signer }, tries: 1 } })
    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'signer_failed' })
    expect(verifier.requests.token).toBe(0)
  })
})

describe('the option dpop', () => {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }
  const sign = () => new Uint8Array(64)
  it.each<[string, unknown, RegExp]>([
    ['false', false, /^expected true or { signer } as "dpop", found a boolean/],
    ['a text', 'true', /^expected true or { signer } as "dpop", found a text/],
    ['an object without a signer', {}, /^expected true or { signer } as "dpop"/],
    ['another member', { signer: { alg: 'ES256', sign, jwk }, key: 1 }, /no members but signer/],
    ['a signer without a key', { signer: { alg: 'ES256', sign } }, /"dpop.signer.jwk", found none/],
    [
      'a private key',
      { signer: { alg: 'ES256', sign, jwk: { ...jwk, d: 'secret' } } },
      /a public key as/,
    ],
    [
      'an algorithm of secrets',
      { signer: { alg: 'HS256', sign, jwk } },
      /a "dpop.signer" with "alg"/,
    ],
  ])('does not start with %s', async (_, dpop, message) => {
    const create = () =>
      createTokenSource({
        authorizationServer: 'https://login.example.org',
        clientId: 'me',
        clientSecret: 's',
        dpop: dpop as true,
      })
    const error = await failureOf(create)
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('secret')
  })
})
