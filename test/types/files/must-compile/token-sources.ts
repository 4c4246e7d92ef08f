import { createTokenSource, type TokenSourceOptions } from '@verifier-guard/client'

const verifier = 'https://verifier.example.org'
const authorizationServer = 'https://auth.example.org'
const signer = { alg: 'ES256', sign: (bytes: Uint8Array) => bytes } as const

export const settings: readonly TokenSourceOptions[] = [
  { verifier, credential: 'credential', privateKey: 'key' },
  {
    verifier,
    credential: 'credential',
    signer,
    tenant: null,
    allowedOrigins: ['https://orders.example.org'],
  },
  {
    authorizationServer,
    clientId: 'orders',
    privateKey: 'key',
    passphrase: 'secret',
    algorithm: 'RS256',
  },
  { authorizationServer, clientId: 'orders', signer, scope: 'orders:read' },
  {
    authorizationServer,
    clientId: 'orders',
    clientSecret: 'secret',
    audience: 'https://orders.example.org',
  },
]
export const tokens = settings.map((options) => createTokenSource(options))
