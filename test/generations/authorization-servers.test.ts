import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  createResourceServer,
  type AuthContext,
  type ErrorCode,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { createSigner } from '../differential/signer.js'
import { root } from '../docs/snippets.js'

type Claims = Readonly<Record<string, unknown>>

/** A token by its claims and, where it is not `JWT`, its header. */
interface Token {
  readonly claims: Claims
  readonly header?: object
  /** Settings that this token needs, beside those of its server. */
  readonly more?: Partial<ResourceServerOptions>
}

interface AuthorizationServer {
  /** The section of the page that says how to set up the guard for it. */
  readonly section: string
  /** Path of the issuer; an address is taken as it is, with keys from elsewhere. */
  readonly issuer: string
  readonly settings: Omit<ResourceServerOptions, 'issuer' | 'jwksUri' | 'keys'>
  readonly accepted: Readonly<Record<string, Token & { readonly auth: Partial<AuthContext> }>>
  readonly refused: Readonly<Record<string, Token & { readonly code: ErrorCode }>>
}

const now = Math.floor(Date.now() / 1_000)
const times = { iat: now, exp: now + 3_600 }
/** What the servers write of a session into id_tokens, and some into access tokens too. */
const session = { auth_time: now, acr: '1', sid: '4f3c' }

const guid = (digit: string) =>
  `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`
const TENANT = guid('1')
const API = guid('2')
const APP = guid('3')
const entra2 = { aio: 'E2Zg', oid: guid('4'), rh: '0.AAA', sub: 'pairwise', tid: TENANT, uti: 'Vn' }
const entraUser = { name: 'Jo Doe', preferred_username: 'jo@example.org' }
const withoutType = { typ: undefined }

const SERVERS: readonly AuthorizationServer[] = [
  {
    section: 'Keycloak',
    issuer: '/realms/shop',
    settings: { audience: 'orders' },
    accepted: {
      "a user's token": {
        claims: {
          ...session,
          jti: 'onrtac:1',
          typ: 'Bearer',
          azp: 'portal',
          sub: 'u',
          aud: ['orders', 'account'],
          scope: 'openid orders',
        },
        auth: { clientId: 'portal', scopes: ['openid', 'orders'] },
      },
      "a service account's token": {
        claims: {
          jti: 'trrtcc:1',
          typ: 'Bearer',
          azp: 'shop',
          client_id: 'shop',
          sub: 'u',
          aud: 'orders',
          acr: '1',
          scope: 'orders',
        },
        auth: { clientId: 'shop' },
      },
      'a lightweight token, which has no audience': {
        claims: { jti: '1', typ: 'Bearer', azp: 'portal', sid: '4f3c', scope: 'openid' },
        more: { audience: null, clientIds: ['portal'] },
        auth: { clientId: 'portal' },
      },
      "a user's token as at+jwt, which names its client in azp alone": {
        claims: { ...session, jti: '1', azp: 'portal', sub: 'u', aud: 'orders', scope: 'openid' },
        header: { typ: 'at+jwt' },
        more: { profile: 'rfc9068' },
        auth: { clientId: 'portal' },
      },
    },
    refused: {
      'an id_token, with the audience of the API by a mapper': {
        claims: {
          ...session,
          jti: '1',
          typ: 'ID',
          azp: 'portal',
          sub: 'u',
          aud: ['portal', 'orders'],
        },
        code: 'token_type_not_accepted',
      },
      'a token without the audience mapper': {
        claims: { jti: '1', typ: 'Bearer', azp: 'portal', sub: 'u', scope: 'openid' },
        code: 'claim_invalid',
      },
      "another client's lightweight token": {
        claims: { jti: '1', typ: 'Bearer', azp: 'other', sid: '4f3c', scope: 'openid' },
        more: { audience: null, clientIds: ['portal'] },
        code: 'audience_mismatch',
      },
    },
  },
  {
    section: 'Auth0',
    issuer: '/',
    settings: { audience: 'https://orders.example.org' },
    accepted: {
      "a user's token": {
        claims: {
          sub: 'auth0|1',
          aud: ['https://orders.example.org', 'https://example.auth0.com/userinfo'],
          azp: 'portal',
          scope: 'openid orders:read',
        },
        auth: { clientId: 'portal', scopes: ['openid', 'orders:read'] },
      },
      "a machine's token": {
        claims: {
          sub: 'shop@clients',
          aud: 'https://orders.example.org',
          azp: 'shop',
          gty: 'client-credentials',
          scope: 'orders:read',
        },
        auth: { clientId: 'shop' },
      },
      "a machine's token without any permission": {
        claims: {
          sub: 'shop@clients',
          aud: 'https://orders.example.org',
          azp: 'shop',
          gty: 'client-credentials',
        },
        auth: { clientId: 'shop', scopes: [] },
      },
    },
    refused: {
      'an id_token': {
        claims: {
          sub: 'auth0|1',
          aud: 'https://orders.example.org',
          nickname: 'jo',
          sid: 's',
          nonce: 'n',
        },
        code: 'token_type_not_accepted',
      },
      'an id_token that was issued to another app of the same owner': {
        claims: {
          sub: 'auth0|1',
          aud: 'https://orders.example.org',
          azp: 'portal',
          email: 'jo@example.org',
        },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'Microsoft Entra ID, tokens of version 2.0',
    issuer: `/${TENANT}/v2.0`,
    settings: { audience: API },
    accepted: {
      "a user's token": {
        claims: {
          ...entra2,
          ...entraUser,
          aud: API,
          azp: APP,
          azpacr: '0',
          scp: 'orders.read',
          ver: '2.0',
        },
        auth: { clientId: APP, scopes: ['orders.read'] },
      },
      "a user's token for an API that is its own client": {
        claims: {
          ...entra2,
          ...entraUser,
          aud: API,
          azp: API,
          azpacr: '0',
          scp: 'orders.read',
          sid: 's',
          ver: '2.0',
        },
        auth: { clientId: API },
      },
      "an app's token with a role": {
        claims: {
          ...entra2,
          aud: API,
          azp: APP,
          azpacr: '1',
          roles: ['Orders.Read.All'],
          ver: '2.0',
        },
        auth: { clientId: APP, scopes: [] },
      },
      "an app's token without any": {
        claims: { ...entra2, aud: API, azp: APP, azpacr: '1', ver: '2.0' },
        auth: { clientId: APP },
      },
    },
    refused: {
      'an id_token for the same app registration, with a role': {
        claims: {
          ...entra2,
          ...entraUser,
          aud: API,
          nonce: 'n',
          roles: ['Orders.Read.All'],
          ver: '2.0',
        },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'Microsoft Entra ID, tokens of version 1.0',
    issuer: `https://sts.example.org/${TENANT}/`,
    settings: { audience: 'api://orders' },
    accepted: {
      "a user's token": {
        claims: {
          ...entra2,
          acr: '1',
          amr: ['pwd'],
          appid: APP,
          appidacr: '0',
          aud: 'api://orders',
          scp: 'orders.read',
          ver: '1.0',
        },
        auth: { clientId: APP, scopes: ['orders.read'] },
      },
      "an app's token": {
        claims: { ...entra2, appid: APP, appidacr: '1', aud: 'api://orders', ver: '1.0' },
        auth: { clientId: APP },
      },
    },
    refused: {
      'an id_token': {
        claims: {
          ...entra2,
          amr: ['pwd'],
          aud: 'api://orders',
          unique_name: 'jo@example.org',
          ver: '1.0',
        },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'Amazon Cognito',
    issuer: '/eu-west-1_Example01',
    settings: { audience: null, clientIds: ['portal', 'shop'] },
    accepted: {
      "a machine's token": {
        claims: {
          sub: 'shop',
          token_use: 'access',
          scope: 'orders/read',
          auth_time: now,
          version: 2,
          jti: '1',
          client_id: 'shop',
        },
        header: withoutType,
        auth: { clientId: 'shop', scopes: ['orders/read'] },
      },
      "a user's token": {
        claims: {
          sub: 'u',
          token_use: 'access',
          scope: 'openid',
          auth_time: now,
          origin_jti: '2',
          event_id: '3',
          username: 'jo',
          jti: '1',
          client_id: 'portal',
        },
        header: withoutType,
        auth: { clientId: 'portal' },
      },
    },
    refused: {
      'an id_token': {
        claims: {
          sub: 'u',
          aud: 'portal',
          token_use: 'id',
          auth_time: now,
          jti: '1',
          email: 'jo@example.org',
        },
        header: withoutType,
        code: 'token_type_not_accepted',
      },
      "another client's token": {
        claims: {
          sub: 'other',
          token_use: 'access',
          scope: 'orders/read',
          auth_time: now,
          jti: '1',
          client_id: 'other',
        },
        header: withoutType,
        code: 'audience_mismatch',
      },
    },
  },
  {
    section: 'Okta',
    issuer: '/oauth2/default',
    settings: { audience: 'api://default' },
    accepted: {
      "a user's token": {
        claims: {
          ver: 1,
          jti: 'AT.1',
          aud: 'api://default',
          cid: 'portal',
          uid: 'u',
          scp: ['openid', 'orders'],
          auth_time: now,
          sub: 'jo@example.org',
        },
        header: withoutType,
        auth: { clientId: 'portal', scopes: ['openid', 'orders'] },
      },
      "a machine's token": {
        claims: {
          ver: 1,
          jti: 'AT.1',
          aud: 'api://default',
          cid: 'shop',
          scp: ['orders'],
          sub: 'shop',
        },
        header: withoutType,
        auth: { clientId: 'shop' },
      },
    },
    refused: {
      'an id_token': {
        claims: {
          ver: 1,
          jti: 'ID.1',
          aud: 'api://default',
          amr: ['pwd'],
          idp: 'i',
          auth_time: now,
          at_hash: 'x',
          sub: 'u',
        },
        header: withoutType,
        code: 'token_type_not_accepted',
      },
      'a token of the org authorization server, which is for Okta alone': {
        claims: {
          ver: 1,
          jti: 'AT.1',
          aud: 'api://default',
          cid: 'portal',
          scp: ['openid'],
          sub: 'u',
        },
        header: { typ: 'application/okta-internal-at+jwt' },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'Zitadel',
    issuer: '/zitadel',
    settings: { audience: '123456789@shop' },
    accepted: {
      "a user's token": {
        claims: {
          sub: '1',
          aud: ['987@shop', '123456789@shop'],
          client_id: '987@shop',
          jti: 'V2_1',
          nbf: now,
        },
        auth: { clientId: '987@shop' },
      },
    },
    refused: {
      'an id_token, which names the project too': {
        claims: {
          ...session,
          amr: ['pwd'],
          sub: '1',
          aud: ['987@shop', '123456789@shop'],
          azp: '987@shop',
          client_id: '987@shop',
          at_hash: 'x',
        },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'authentik',
    issuer: '/application/o/orders/',
    settings: { audience: 'orders-client', idTokens: { lack: 'uid' } },
    accepted: {
      "a user's token": {
        claims: {
          ...session,
          amr: ['pwd'],
          sub: 'u',
          aud: 'orders-client',
          azp: 'orders-client',
          uid: 'a',
          nonce: 'n',
          c_hash: 'x',
        },
        auth: { clientId: 'orders-client' },
      },
    },
    refused: {
      'an id_token': {
        claims: { ...session, amr: ['pwd'], sub: 'u', aud: 'orders-client', nonce: 'n' },
        code: 'token_type_not_accepted',
      },
    },
  },
  {
    section: 'AD FS',
    issuer: 'http://adfs.example.org/adfs/services/trust',
    settings: { audience: 'microsoft:identityserver:orders' },
    accepted: {
      "a user's token": {
        claims: {
          aud: 'microsoft:identityserver:orders',
          apptype: 'Public',
          appid: APP,
          authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
          auth_time: '2026-11-28T08:00:00.000Z',
          ver: '1.0',
          scp: 'openid',
          sub: 'x',
        },
        auth: { clientId: APP, scopes: ['openid'] },
      },
    },
    refused: {
      'an id_token': {
        claims: {
          aud: 'microsoft:identityserver:orders',
          auth_time: now,
          unique_name: 'jo',
          sid: 's',
          sub: 'x',
        },
        code: 'token_type_not_accepted',
      },
    },
  },
]

const signer = createSigner('RS256')
const key = { ...signer.jwk, kid: 'k1', use: 'sig' }
let http: Server
let origin: string

/** Publishes the metadata of whatever issuer is asked for, and one key set. */
beforeAll(async () => {
  const suffix = '/.well-known/openid-configuration'
  http = createServer(({ url = '' }, response) => {
    const path = url.slice(0, -suffix.length)
    const server = SERVERS.find(({ issuer }) => issuer.replace(/\/$/, '') === path)
    const body = url.endsWith(suffix)
      ? { issuer: `${origin}${server?.issuer}`, jwks_uri: `${origin}/keys` }
      : { keys: [key] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})
afterAll(() => http.close())

async function verify(server: AuthorizationServer, token: Token): Promise<AuthContext> {
  const isAddress = /^https?:/.test(server.issuer)
  const issuer = isAddress ? server.issuer : origin + server.issuer
  const resourceServer = createResourceServer({
    issuer,
    ...(isAddress && { jwksUri: `${origin}/keys` }),
    runtime: { warn: () => {} },
    ...server.settings,
    ...token.more,
  } as ResourceServerOptions)
  const header = JSON.stringify({ alg: 'RS256', kid: 'k1', typ: 'JWT', ...token.header })
  const claims = JSON.stringify({ iss: issuer, ...times, ...token.claims })
  try {
    return await resourceServer.verifyAccessToken(signer.token(header, claims))
  } finally {
    resourceServer.close()
  }
}

describe.each(SERVERS)('$section', (server) => {
  test.each(Object.entries(server.accepted))('%s is accepted', async (_, token) => {
    expect(await verify(server, token)).toMatchObject({ kind: 'none', ...token.auth })
  })

  test.each(Object.entries(server.refused))('%s is refused', async (_, token) => {
    await expect(verify(server, token)).rejects.toMatchObject({ code: token.code, status: 401 })
  })
})

test('the page of settings has a section for each of them', () => {
  const page = readFileSync(join(root, 'packages/core/docs/authorization-servers.md'), 'utf8')
  const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
  expect(sections).toEqual(expect.arrayContaining(SERVERS.map(({ section }) => section)))
})
