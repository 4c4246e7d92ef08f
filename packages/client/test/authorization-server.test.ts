import { createResourceServer } from '@verifier-guard/core'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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
const clients = [
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
async function startProvider(signingKey: PrivateJwk) {
  const child = spawn(
    process.execPath,
    [join(__dirname, 'oidc-provider.mjs'), JSON.stringify(clients)],
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
