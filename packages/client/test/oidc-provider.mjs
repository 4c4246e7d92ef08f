// A certified authorization server in a process of its own. It takes its clients as JSON, and what
// it listens with: `tls` a key and a certificate, `nonces` whether proofs need one. It takes a line
// with its keys each time it is to start anew, `null` to be away; it prints its issuer once that is
// done. Its port stays its own all the while.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createInterface } from 'node:readline'
import Provider from 'oidc-provider'

const away = (request) => void request.socket.destroy()
let answer = away
const { tls, nonces } = JSON.parse(process.argv[3] ?? '{}')
const listener = (request, response) => answer(request, response)
const server = tls
  ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener)
  : createServer(listener)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`

const configuration = {
  clients: JSON.parse(process.argv[2]),
  scopes: ['orders:read', 'orders:write'],
  clientAuthMethods: [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    'self_signed_tls_client_auth',
  ],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'PS256', 'EdDSA', 'RS256'] },
  features: {
    clientCredentials: { enabled: true },
    dPoP: {
      enabled: true,
      ...(nonces && { nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true }),
    },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      getCertificate: ({ socket }) => socket.getPeerX509Certificate?.()?.toString(),
    },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, audience) => ({
        scope: 'orders:read orders:write',
        audience,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const keys = JSON.parse(line)
  answer =
    keys === null ? away : new Provider(issuer, { ...configuration, jwks: { keys } }).callback()
  console.log(issuer)
}
