import { createDevVerifier, startDevVerifier } from '@verifier-guard/dev-verifier'
import axios from 'axios'
import { decodeJwt } from 'jose'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { Agent, request } from 'undici'
import { addTokens } from '../src/axios.js'
import { tokenHooks } from '../src/got.js'
import { createTokenSource, type TokenSource, type TokenSourceOptions } from '../src/index.js'
import { tokenInterceptor } from '../src/undici.js'
import { loadGot } from './load-got.js'
import { closing, failureOf } from './support.js'

const got = loadGot()

const client = (name = 'orders') => createDevVerifier().issueCertificate(name)

/** An API with TLS that takes a bound token from the sender of its certificate alone. */
async function startApi(identity: { key: string; cert: string }) {
  const seen: (string | undefined)[] = []
  const server = createServer(
    { ...identity, requestCert: true, rejectUnauthorized: false },
    ({ headers, socket, url }, response) => {
      const { raw } = (socket as TLSSocket).getPeerCertificate()
      const shown = raw && createHash('sha256').update(raw).digest('base64url')
      seen.push(shown)
      const [, token = ''] = (headers.authorization ?? '').split(' ')
      const { cnf } = decodeJwt<{ cnf?: Record<string, string> }>(token)
      if (url === '/moved') response.writeHead(302, { location: '/' }).end()
      else response.writeHead(shown && cnf?.['x5t#S256'] === shown ? 200 : 401).end('answer')
    },
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing({
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

/** A source with a certificate, its server, and an API that the same authority certified. */
async function connect(options: Partial<TokenSourceOptions> = {}) {
  const own = client()
  const verifier = closing(
    await startDevVerifier({
      profile: 'oauth',
      https: true,
      clients: [
        { clientId: 'orders', certificate: own.certificate },
        { clientId: 'shop', secret: 's' },
      ],
    }),
  )
  const server = verifier.issueCertificate('127.0.0.1')
  const api = await startApi({ key: server.privateKey, cert: server.certificate })
  const mtls = {
    cert: own.certificate,
    key: own.privateKey,
    ca: verifier.credentialIssuer.certificateAuthorities,
  }
  const tokens = closing(
    createTokenSource({
      authorizationServer: verifier.issuer,
      clientId: 'orders',
      allowedOrigins: [api.origin],
      mtls,
      ...options,
    } as TokenSourceOptions),
  )
  return { verifier, api, own, mtls, tokens }
}

type Send = (url: string) => Promise<number>

const senders: Readonly<Record<string, (tokens: TokenSource) => Send>> = {
  fetch: (tokens) => async (url) => (await tokens.fetch(url)).status,
  'fetch of a Request': (tokens) => async (url) => (await tokens.fetch(new Request(url))).status,
  undici: (tokens) => {
    const dispatcher = closing(new Agent()).compose(tokenInterceptor(tokens))
    return async (url) => {
      const { statusCode, body } = await request(url, { dispatcher })
      await body.dump()
      return statusCode
    }
  },
  axios: (tokens) => {
    const instance = axios.create({ validateStatus: () => true })
    addTokens(instance, tokens)
    return async (url) => (await instance.get(url)).status
  },
  got: (tokens) => {
    const instance = got.extend({
      hooks: tokenHooks(tokens),
      throwHttpErrors: false,
      retry: { limit: 0 },
    })
    return async (url) => (await instance(url)).statusCode
  },
}

describe('a source with a certificate', () => {
  it('is known by it alone, and gets a token that is bound to it', async () => {
    const { own, tokens } = await connect()
    const { client_id, cnf } = decodeJwt<{ client_id: string; cnf: object }>(
      await tokens.getToken(),
    )
    expect({ client_id, cnf }).toEqual({
      client_id: 'orders',
      cnf: { 'x5t#S256': own.thumbprint },
    })
  })

  it.each([
    ['a secret', { clientId: 'shop', clientSecret: 's' }],
    ['a proof of possession', { dpop: true }],
  ] as const)('shows it beside %s', async (_, options) => {
    const { own, tokens } = await connect(options)
    const { cnf } = decodeJwt<{ cnf: object }>(await tokens.getToken())
    expect(cnf).toMatchObject({ 'x5t#S256': own.thumbprint })
    expect('jkt' in cnf).toBe('dpop' in options)
  })

  it.each(Object.keys(senders))('shows it at each call: %s', async (name) => {
    const { api, own, tokens } = await connect()
    const send = senders[name]!(tokens)
    expect(await send(`${api.origin}/orders`)).toBe(200)
    expect(await send(`${api.origin}/orders`)).toBe(200)
    expect(api.seen).toEqual([own.thumbprint, own.thumbprint])
  })

  it.each(Object.keys(senders))('follows no redirect: %s', async (name) => {
    const { api, tokens } = await connect()
    expect(await senders[name]!(tokens)(`${api.origin}/moved`)).toBe(302)
    expect(api.seen).toHaveLength(1)
  })

  it('shares its connections with no other source', async () => {
    const { verifier, api, mtls, tokens } = await connect()
    const other = closing(
      createTokenSource({
        authorizationServer: verifier.issuer,
        clientId: 'shop',
        clientSecret: 's',
        allowedOrigins: [api.origin],
        mtls: { ...mtls, ...pair() },
      }),
    )
    await tokens.fetch(api.origin)
    await other.fetch(api.origin)
    expect(new Set(api.seen).size).toBe(2)
  })

  it('with another certificate is another source, with other tokens', async () => {
    const { own, tokens, mtls, verifier } = await connect()
    const first = await tokens.getToken()
    const renewed = closing(
      createTokenSource({
        authorizationServer: verifier.issuer,
        clientId: 'shop',
        clientSecret: 's',
        mtls: { ...mtls, ...pair() },
      }),
    )
    const cnf = (token: string) => decodeJwt<{ cnf: Record<string, string> }>(token).cnf['x5t#S256']
    expect(cnf(first)).toBe(own.thumbprint)
    expect(cnf(await renewed.getToken())).not.toBe(own.thumbprint)
  })

  it('shows neither key nor certificate where it is printed', async () => {
    const { tokens } = await connect()
    await tokens.getToken()
    expect(inspect(tokens, { depth: 10, showHidden: true })).not.toMatch(/PRIVATE|CERTIFICATE/)
  })

  it('takes the token endpoint for clients with a certificate, where there is one', async () => {
    const { verifier, mtls } = await connect()
    const asked: string[] = []
    const fetch = (url: string) => {
      asked.push(new URL(url).pathname)
      const { issuer } = verifier
      const metadata = {
        issuer,
        token_endpoint: `${issuer}/token`,
        mtls_endpoint_aliases: { token_endpoint: `${issuer}/mtls/token` },
      }
      const token = { access_token: 't', token_type: 'Bearer', expires_in: 900 }
      return Promise.resolve(Response.json(url.includes('well-known') ? metadata : token))
    }
    const identity = {
      authorizationServer: verifier.issuer,
      clientId: 'orders',
      runtime: { fetch },
    }
    await closing(createTokenSource({ ...identity, mtls })).getToken()
    await closing(createTokenSource({ ...identity, clientSecret: 's' })).getToken()
    expect(asked.filter((path) => path.endsWith('token'))).toEqual(['/mtls/token', '/token'])
  })

  it('hands its dispatcher to a fetch of the application', async () => {
    const { verifier, mtls } = await connect()
    const dispatchers: unknown[] = []
    const fetch = (_: string, init?: object) => {
      dispatchers.push((init as { dispatcher?: unknown }).dispatcher)
      return Promise.resolve(
        Response.json({ access_token: 't', token_type: 'Bearer', expires_in: 9 }),
      )
    }
    const tokens = createTokenSource({
      authorizationServer: verifier.issuer,
      tokenEndpoint: `${verifier.issuer}/token`,
      clientId: 'orders',
      mtls,
      runtime: { fetch },
    })
    await closing(tokens).getToken()
    expect(dispatchers).toEqual([expect.any(Agent)])
  })
})

const pair = () => {
  const { certificate, privateKey } = client('other')
  return { cert: certificate, key: privateKey }
}

describe('the option mtls', () => {
  const create = (mtls: object) => () =>
    createTokenSource({
      authorizationServer: 'https://login.example.org',
      clientId: 'me',
      mtls: mtls as { cert: string; key: string },
    })

  it.each<[string, object | string, RegExp]>([
    ['a text', 'cert', /^expected { cert, key } as "mtls", found a text/],
    ['no key', { cert: 'x' }, /^expected a text as "mtls.key", found none/],
    ['another member', { cert: 'x', key: 'x', pfx: 'x' }, /no members but cert, key, ca in "mtls"/],
    [
      'no certificate',
      { cert: 'secret', key: 'x' },
      /^expected a certificate in PEM as "mtls.cert"/,
    ],
  ])('does not start with %s', async (_, mtls, message) => {
    const error = await failureOf(create(mtls as object))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('secret')
  })

  it('does not start with a key that is none, or of another certificate', async () => {
    const [one, other] = [pair(), pair()]
    expect((await failureOf(create({ ...one, key: 'x' }))).message).toMatch(
      /^expected a private key in PEM as "mtls.key", found something else/,
    )
    expect((await failureOf(create({ ...one, key: other.key }))).message).toMatch(
      /^expected the key of "mtls.cert" as "mtls.key", found another one/,
    )
    expect(create({ cert: Buffer.from(one.cert), key: Buffer.from(one.key) })).not.toThrow()
  })
})
