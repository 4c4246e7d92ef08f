import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { decodeJwt as claimsOf, decodeProtectedHeader } from 'jose'
import { generateProof } from 'dpop'
import { createDevVerifier, startDevVerifier, type DevVerifier } from '../src/index.js'
import { generateKeyPair, privateKeyForms, publicJwk, thumbprint } from '../src/keys.js'
import { signJwt, type Json } from '../src/jwt.js'
import { answerOf, getJson, recordRefusals, START } from './support.js'

const API = 'https://orders.example.org'
const SAML_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'

function create(options: Parameters<typeof createDevVerifier>[0] = {}) {
  const { log, events } = recordRefusals()
  const verifier = createDevVerifier({ profile: 'oauth', events, ...options })
  return { log, verifier, machine: verifier.issueMachineCredential() }
}

const post = (verifier: DevVerifier, body: URLSearchParams, headers: Record<string, string> = {}) =>
  verifier.fetch(`${verifier.issuer}/token`, { method: 'POST', body, headers })

const form = (fields: Record<string, string>) =>
  new URLSearchParams({ grant_type: 'client_credentials', ...fields })

async function granted(response: Response) {
  const body = (await response.json()) as Json & { access_token: string }
  return {
    body,
    header: decodeProtectedHeader(body.access_token),
    claims: claimsOf(body.access_token),
  }
}

/** Proofs by another implementation. */
async function prover() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign', 'verify'],
  )
  const jwk = (await crypto.subtle.exportKey('jwk', publicKey)) as Json & { kty: string }
  return {
    jkt: thumbprint(jwk),
    prove: (url: string, nonce?: string) =>
      generateProof({ privateKey, publicKey }, url, 'POST', nonce),
  }
}

describe('the profile oauth', () => {
  it('states true metadata at both places', async () => {
    const { verifier } = create()
    for (const name of ['oauth-authorization-server', 'openid-configuration'])
      expect(await getJson(verifier, `/.well-known/${name}`)).toMatchObject({
        issuer: verifier.issuer,
        token_endpoint: `${verifier.issuer}/token`,
        jwks_uri: `${verifier.issuer}/jwks`,
        grant_types_supported: ['client_credentials'],
        tls_client_certificate_bound_access_tokens: false,
      })
    expect(await getJson(verifier, '/jwks')).toEqual(verifier.jwks())
  })

  it('grants a token as in RFC 9068, for the API that was asked for', async () => {
    const { verifier, machine } = create()
    const body = verifier.tokenRequest(machine, { form: { resource: API, scope: 'orders:read' } })
    const { body: answer, header, claims } = await granted(await post(verifier, body))
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'orders:read' })
    expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(Object.keys(claims)).toEqual([
      'iss',
      'aud',
      'sub',
      'client_id',
      'jti',
      'iat',
      'exp',
      'scope',
    ])
    expect(claims).toMatchObject({ aud: API, sub: machine.did, client_id: machine.did })
  })

  it('mints tokens of the same form', () => {
    const { verifier } = create({ service: API })
    const token = verifier.mint({ scope: 'orders:read' })
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt' })
    expect(claimsOf(token)).toMatchObject({
      aud: API,
      client_id: 'my-client',
      scope: 'orders:read',
    })
    expect(decodeProtectedHeader(verifier.mintIdToken()).typ).toBe('JWT')
  })

  it.each(['JWT', 'client-authentication+jwt', undefined])(
    'takes an assertion of the type %s',
    async (typ) => {
      const { verifier, machine } = create()
      const body = verifier.tokenRequest(machine, { assertionHeader: { typ } })
      expect((await post(verifier, body)).status).toBe(200)
    },
  )

  it.each<[string, Parameters<DevVerifier['tokenRequest']>[1], string]>([
    ['of another type', { assertionHeader: { typ: 'at+jwt' } }, 'assertion-type'],
    [
      'for another server',
      { assertion: { aud: 'https://other.example.org' } },
      'assertion-audience',
    ],
    [
      'by another key',
      { assertionKey: privateKeyForms(generateKeyPair()).hex },
      'assertion-signature',
    ],
    ['that has expired', { lifetime: -120 }, 'assertion-expired'],
  ])('refuses an assertion %s', async (_, options, check) => {
    const { log, verifier, machine } = create()
    const response = await post(verifier, verifier.tokenRequest(machine, options))
    expect(await answerOf(response)).toBe('401 invalid_client')
    expect(log).toEqual([expect.stringMatching(`^${check}: `)])
  })

  const changed = (change: (body: URLSearchParams) => void) => {
    const { log, verifier, machine } = create()
    const body = verifier.tokenRequest(machine)
    change(body)
    return { log, answer: post(verifier, body) }
  }

  it.each<[string, (body: URLSearchParams) => void]>([
    ['without its type', (body) => body.delete('client_assertion_type')],
    ['of SAML', (body) => body.set('client_assertion_type', SAML_ASSERTION)],
  ])('refuses an assertion %s', async (_, change) => {
    const { log, answer } = changed(change)
    expect(await answerOf(await answer)).toBe('401 invalid_client')
    expect(log).toEqual([expect.stringMatching('^no-client-authentication: ')])
  })

  it.each([
    'grant_type',
    'client_id',
    'client_assertion',
    'client_assertion_type',
    'client_secret',
    'scope',
  ])('refuses a form that holds %s twice', async (name) => {
    const { log, answer } = changed((body) => {
      if (!body.has(name)) body.append(name, 'x')
      body.append(name, body.get(name)!)
    })
    expect(await answerOf(await answer)).toBe('400 invalid_request')
    expect(log).toEqual([expect.stringMatching(`^repeated-parameter: .*${name}`)])
  })

  it('logs a name of the form on one line, and no long one', async () => {
    const name = `\u001b]0;x\u0007\n${'a'.repeat(60)}`
    const { log, answer } = changed((body) => {
      for (const value of ['1', '2']) body.append(name, value)
    })
    expect(await answerOf(await answer)).toBe('400 invalid_request')
    expect(log).toEqual([expect.stringMatching(/^repeated-parameter: [ -~]+$/)])
    expect(log[0]).not.toContain('aaaa')
  })

  it.each(['resource', 'audience'])('takes a form that holds %s twice', async (name) => {
    const { answer } = changed((body) => {
      for (const api of ['a', 'b']) body.append(name, `https://${api}.example.org`)
    })
    expect((await answer).status).toBe(200)
  })

  it('refuses an assertion that it has seen before', async () => {
    const { verifier, machine } = create()
    const body = verifier.tokenRequest(machine)
    expect((await post(verifier, body)).status).toBe(200)
    expect(await answerOf(await post(verifier, body))).toBe('401 invalid_client')
  })

  it.each(['ES384', 'PS256', 'EdDSA'] as const)(
    'takes an assertion of a client registered with a key for %s, which need not be named',
    async (algorithm) => {
      const pair = generateKeyPair(algorithm)
      const { verifier } = create({ clients: [{ clientId: 'orders', jwk: publicJwk(pair) }] })
      const now = Math.floor(Date.now() / 1_000)
      const claims = { iss: 'orders', sub: 'orders', aud: verifier.issuer, jti: '1', exp: now + 60 }
      const fields = {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: signJwt({ typ: 'JWT', kid: 'any' }, claims, pair),
      }
      expect((await granted(await post(verifier, form(fields)))).claims.client_id).toBe('orders')
    },
  )

  const secret = 'a secret: with + and %'
  const basic = (id: string, given: string) => {
    const [one, other] = [id, given].map((part) =>
      new URLSearchParams({ '': part }).toString().slice(1),
    )
    return { authorization: `Basic ${btoa(`${one}:${other}`)}` }
  }
  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['in the header', {}, basic('shop', secret), '200'],
    ['in the form', { client_id: 'shop', client_secret: secret }, {}, '200'],
    ['that is wrong', { client_id: 'shop', client_secret: 'x' }, {}, '401 invalid_client'],
    ['of a client without one', {}, basic('keyed', secret), '401 invalid_client'],
    ['of a client that it does not know', {}, basic('other', secret), '401 invalid_client'],
    ['that is missing', { client_id: 'shop' }, {}, '401 invalid_client'],
    ['without a client', {}, {}, '400 invalid_request'],
  ])('answers to a secret %s', async (_, fields, headers, expected) => {
    const { verifier } = create({ clients: [{ clientId: 'shop', secret }, { clientId: 'keyed' }] })
    const response = await post(verifier, form(fields), headers)
    expect((await answerOf(response)).replace(/^200.*/, '200')).toBe(expected)
  })

  it('binds a token to the key of the proof', async () => {
    const { verifier, machine } = create()
    const { jkt, prove } = await prover()
    const dpop = await prove(`${verifier.issuer}/token`)
    const { body, claims } = await granted(
      await post(verifier, verifier.tokenRequest(machine), { dpop }),
    )
    expect(body.token_type).toBe('DPoP')
    expect(claims.cnf).toEqual({ jkt })
  })

  it.each([
    'wrong-typ',
    'wrong-method',
    'other-path',
    'old',
    'private-jwk',
    'foreign-signature',
  ] as const)('refuses a proof that is broken: %s', async (name) => {
    const { verifier, machine } = create()
    const url = `${verifier.issuer}/token`
    const { dpop } = verifier.mintBrokenProof(name, { url, method: 'POST' })
    const response = await post(verifier, verifier.tokenRequest(machine), { dpop: dpop.join() })
    expect(await answerOf(response)).toBe('400 invalid_dpop_proof')
  })

  it('refuses two proofs, and one for the second time', async () => {
    const { log, verifier, machine } = create()
    const { prove } = await prover()
    const dpop = await prove(`${verifier.issuer}/token`)
    const send = (field: string) => post(verifier, verifier.tokenRequest(machine), { dpop: field })
    expect(await answerOf(await send(`${dpop}, ${dpop}`))).toBe('400 invalid_dpop_proof')
    expect((await send(dpop)).status).toBe(200)
    expect(await answerOf(await send(dpop))).toBe('400 invalid_dpop_proof')
    expect(log.map((line) => line.split(':')[0])).toEqual(['proof-malformed', 'proof-replayed'])
  })

  it('demands its nonce with demandNonces, and refuses the one of before', async () => {
    const { verifier, machine } = create({ demandNonces: true })
    const { prove } = await prover()
    const send = async (nonce?: string) => {
      const dpop = await prove(`${verifier.issuer}/token`, nonce)
      return post(verifier, verifier.tokenRequest(machine), { dpop })
    }
    const first = await send()
    const nonce = first.headers.get('dpop-nonce')!
    expect(await answerOf(first)).toBe('400 use_dpop_nonce')
    expect((await send(nonce)).headers.get('dpop-nonce')).toBe(nonce)
    const next = verifier.rotateNonce()
    expect(await answerOf(await send(nonce))).toBe('400 use_dpop_nonce')
    expect((await send(next)).status).toBe(200)
  })

  it('gives tokens without a proof, also where proofs need a nonce', async () => {
    const { verifier, machine } = create({ demandNonces: true })
    expect((await post(verifier, verifier.tokenRequest(machine))).status).toBe(200)
  })

  it('is the only one to demand nonces', () => {
    expect(() => createDevVerifier({ demandNonces: true })).toThrow(
      'Expected demandNonces with the profile oauth, which alone binds tokens; found "eudistack-3.3".',
    )
    expect(create().verifier.rotateNonce()).toBeUndefined()
  })

  it('answers 404 to a path that it does not have', async () => {
    const { verifier } = create()
    expect((await verifier.fetch(`${verifier.issuer}/oidc/token`, { method: 'POST' })).status).toBe(
      404,
    )
  })
})

describe('with TLS', () => {
  let verifier: DevVerifier
  afterEach(() => verifier.close())

  const send = async (path: string, agent: Agent, body?: URLSearchParams) => {
    const request = tlsRequest(verifier.issuer + path, {
      agent,
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    request.end(body?.toString())
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const answer = { status: response.statusCode, body: JSON.parse(await text(response)) as Json }
    agent.destroy()
    return answer
  }
  const connect = (client?: { certificate: string; privateKey: string }) =>
    new Agent({
      ca: [...verifier.credentialIssuer.certificateAuthorities],
      ...(client && { cert: client.certificate, key: client.privateKey }),
    })

  it('binds a token to the certificate of the connection', async () => {
    verifier = await startDevVerifier({ profile: 'oauth', https: true })
    expect(verifier.issuer).toMatch(/^https:\/\/127\.0\.0\.1:/)
    const client = verifier.issueCertificate()
    const form = () => verifier.tokenRequest(verifier.issueMachineCredential())
    const { body } = await send('/token', connect(client), form())
    expect(body['token_type']).toBe('Bearer')
    expect(claimsOf(body['access_token'] as string).cnf).toEqual({ 'x5t#S256': client.thumbprint })
    const without = await send('/token', connect(), form())
    expect(claimsOf(without.body['access_token'] as string)).not.toHaveProperty('cnf')
  })

  it('knows a registered client by its certificate alone', async () => {
    const client = createDevVerifier().issueCertificate('orders')
    const other = createDevVerifier().issueCertificate('other')
    verifier = await startDevVerifier({
      profile: 'oauth',
      https: true,
      clients: [{ clientId: 'orders', certificate: client.certificate }],
    })
    const fields = form({ client_id: 'orders' })
    expect(await send('/token', connect(client), fields)).toMatchObject({ status: 200 })
    for (const agent of [connect(other), connect()])
      expect(await send('/token', agent, fields)).toEqual({
        status: 401,
        body: { error: 'invalid_client' },
      })
    expect(await send('/.well-known/oauth-authorization-server', connect())).toMatchObject({
      body: {
        token_endpoint_auth_methods_supported: expect.arrayContaining([
          'self_signed_tls_client_auth',
        ]) as string[],
        tls_client_certificate_bound_access_tokens: true,
      },
    })
  })
})

describe('a registered client', () => {
  it.each<[string, object]>([
    ['jwk', { jwk: { kty: 'EC' } }],
    ['certificate', { certificate: 'secret text' }],
    ['secret', { secret: '' }],
  ])('is refused with a %s that is none', (name, client) => {
    const start = () =>
      createDevVerifier({ profile: 'oauth', clients: [{ clientId: 'a', ...client }] })
    expect(start).toThrow(new RegExp(`^Expected clients\\[0\\].*|${name}`))
    expect(start).not.toThrow(/secret text/)
  })
})

describe('time', () => {
  it('counts for proofs: 60 s back and 10 s ahead', async () => {
    const { verifier, machine } = create({ runtime: { now: () => START } })
    const now = START / 1_000
    const url = `${verifier.issuer}/token`
    const send = async (iat: number) => {
      const dpop = verifier.mintProof({ url, method: 'POST', claims: { iat } })
      return (await post(verifier, verifier.tokenRequest(machine), { dpop })).status
    }
    expect(await send(now - 60)).toBe(200)
    expect(await send(now + 10)).toBe(200)
    expect(await send(now - 61)).toBe(400)
    expect(await send(now + 11)).toBe(400)
  })
})
