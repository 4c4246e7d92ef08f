import { createResourceServer } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { decodeJwt } from 'jose'
import { createKeyPair } from '../../../test/key-pair.js'
import {
  createTokenSource,
  type ClientSecretOptions,
  type KeyOptions,
  type PrivateJwk,
} from '../src/index.js'
import { closing, failureOf } from './support.js'

const AUDIENCE = 'https://orders.example.org'
const SECRET = 'a secret: with + and %'

const keyPair = (kid: string) => {
  const { privateKey, publicKey } = createKeyPair('ec', { namedCurve: 'P-256' })
  const common = { kid, use: 'sig', alg: 'ES256' }
  return {
    private: { ...privateKey.export({ format: 'jwk' }), ...common } as unknown as PrivateJwk,
    public: { ...publicKey.export({ format: 'jwk' }), ...common },
  }
}

const clientKey = keyPair('client-key')
const rsa = createKeyPair('rsa', { modulusLength: 2048 })

const registration = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  id_token_signed_response_alg: 'ES256',
}
const authority = createDevVerifier()
const certificate = authority.issueCertificate('by-certificate')

const clients = [
  {
    ...registration,
    client_id: 'by-certificate',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: {
      keys: [
        {
          ...createPublicKey(certificate.certificate).export({ format: 'jwk' }),
          x5c: [certificate.certificate.replace(/-----[^-]+-----|\s/g, '')],
        },
      ],
    },
  },
  {
    ...registration,
    client_id: 'bound',
    token_endpoint_auth_method: 'private_key_jwt',
    dpop_bound_access_tokens: true,
    jwks: { keys: [clientKey.public] },
  },
  {
    ...registration,
    client_id: 'by-key',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [clientKey.public] },
  },
  {
    ...registration,
    client_id: 'by-rsa-key',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'PS256',
    jwks: { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), alg: 'PS256', use: 'sig' }] },
  },
  {
    ...registration,
    client_id: 'by:secret',
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    ...registration,
    client_id: 'posts-secret',
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_post',
  },
]

/**
 * oidc-provider, which is certified for OpenID Connect; it signs with the key given, and goes away
 * and comes back with another one.
 */
async function startProvider(signingKey: PrivateJwk, listening: object = {}) {
  const child = spawn(
    process.execPath,
    [join(__dirname, 'oidc-provider.mjs'), JSON.stringify(clients), JSON.stringify(listening)],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  closing({ close: () => void child.kill() })
  const lines = createInterface({ input: child.stdout })
  const tell = async (keys: readonly PrivateJwk[] | null) => {
    child.stdin.write(`${JSON.stringify(keys)}\n`)
    const [issuer] = (await once(lines, 'line')) as [string]
    return issuer
  }
  return {
    issuer: await tell([signingKey]),
    leave: () => tell(null),
    comeBack: (signingKey: PrivateJwk) => tell([signingKey]),
  }
}

type Authentication =
  (KeyOptions & { clientId: string }) | Omit<ClientSecretOptions, 'authorizationServer'>

function connect(authorizationServer: string, authentication: Authentication) {
  const request = { resource: AUDIENCE, scope: 'orders:read' }
  return closing(createTokenSource({ authorizationServer, ...request, ...authentication }))
}

describe('another authorization server than a Verifier', () => {
  it.each<[string, Authentication]>([
    ['private_key_jwt with ES256', { clientId: 'by-key', privateKey: clientKey.private }],
    [
      'private_key_jwt with PS256',
      {
        clientId: 'by-rsa-key',
        privateKey: rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
        algorithm: 'PS256',
      },
    ],
    ['client_secret_basic', { clientId: 'by:secret', clientSecret: SECRET }],
    [
      'client_secret_post',
      {
        clientId: 'posts-secret',
        clientSecret: SECRET,
        clientAuthentication: 'client_secret_post',
      },
    ],
  ])(
    'gives tokens for %s, which a resource server of the profile rfc9068 accepts',
    async (_, authentication) => {
      const { issuer } = await startProvider(keyPair('k1').private)
      const resourceServer = closing(
        createResourceServer({ issuer, audience: AUDIENCE, profile: 'rfc9068' }),
      )
      const token = await connect(issuer, authentication).getToken()
      const auth = await resourceServer.verifyAccessToken(token)
      expect(auth).toMatchObject({
        issuer,
        clientId: authentication.clientId,
        scopes: ['orders:read'],
        mandate: undefined,
      })
    },
  )

  it('changes its key, and clients and APIs go on', async () => {
    const { issuer, leave, comeBack } = await startProvider(keyPair('k1').private)
    const resourceServer = closing(
      createResourceServer({ issuer, audience: AUDIENCE, profile: 'rfc9068' }),
    )
    const tokens = connect(issuer, { clientId: 'by-key', privateKey: clientKey.private })
    const first = await tokens.getToken()
    expect((await resourceServer.verifyAccessToken(first)).header.kid).toBe('k1')
    await leave()
    expect(await tokens.getToken()).toBe(first)
    await comeBack(keyPair('k2').private)
    tokens.dropToken(first)
    expect((await resourceServer.verifyAccessToken(await tokens.getToken())).header.kid).toBe('k2')
    await expect(resourceServer.verifyAccessToken(first)).rejects.toMatchObject({
      code: 'key_unknown',
    })
  })

  it('refuses a client it does not know, and the error says what to look at', async () => {
    const { issuer } = await startProvider(keyPair('k1').private)
    const stranger = connect(issuer, { clientId: 'stranger', privateKey: clientKey.private })
    const error = await failureOf(stranger.getToken())
    expect(error).toMatchObject({
      code: 'token_request_refused',
      oauthError: 'invalid_client',
      status: 401,
    })
    expect(error.checklist.map(({ check }) => check)).toEqual(['clock', 'audience', 'registration'])
    expect(error.message).not.toContain(SECRET)
  })
})

describe('bound tokens of another authorization server', () => {
  const claimsOf = (token: string) => decodeJwt<{ cnf?: object; client_id?: string }>(token)

  it.each([
    ['without nonces', {}],
    ['with nonces', { nonces: true }],
  ])('are bound to the key of proofs, %s', async (_, listening) => {
    const { issuer } = await startProvider(keyPair('k1').private, listening)
    const options = { clientId: 'bound', privateKey: clientKey.private }
    const tokens = connect(issuer, { ...options, dpop: true } as Authentication)
    expect(claimsOf(await tokens.getToken())).toMatchObject({
      client_id: 'bound',
      cnf: { jkt: expect.stringMatching(/^[\w-]{43}$/) as string },
    })
  })

  it('are not given to a client without a proof, and the error says why', async () => {
    const { issuer } = await startProvider(keyPair('k1').private)
    const tokens = connect(issuer, { clientId: 'bound', privateKey: clientKey.private })
    const error = await failureOf(tokens.getToken())
    expect(error).toMatchObject({ code: 'token_request_refused', status: 400 })
    expect(error.checklist[0]).toMatchObject({ check: 'binding', verdict: 'unknown' })
  })

  it('are bound to the certificate of a client that is known by it alone', async () => {
    const { certificate: cert, privateKey: key } = authority.issueCertificate('127.0.0.1')
    const { issuer } = await startProvider(keyPair('k1').private, { tls: { cert, key } })
    const mtls = {
      cert: certificate.certificate,
      key: certificate.privateKey,
      ca: authority.credentialIssuer.certificateAuthorities,
    }
    const tokens = connect(issuer, {
      clientId: 'by-certificate',
      mtls,
    } as unknown as Authentication)
    expect(claimsOf(await tokens.getToken())).toMatchObject({
      client_id: 'by-certificate',
      cnf: { 'x5t#S256': certificate.thumbprint },
    })
  })

  it('are given for an assertion of the type of RFC 10070', async () => {
    const { issuer } = await startProvider(keyPair('k1').private)
    const options = { clientId: 'by-key', privateKey: clientKey.private }
    const tokens = connect(issuer, {
      ...options,
      assertionType: 'client-authentication+jwt',
    } as Authentication)
    expect(claimsOf(await tokens.getToken())).toMatchObject({ client_id: 'by-key' })
  })
})
