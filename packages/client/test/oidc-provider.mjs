// A certified authorization server in a process of its own. It takes its port, clients and keys as JSON, and prints its issuer once it listens.
import Provider from 'oidc-provider'

const { port, clients, jwks } = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  clients,
  jwks,
  scopes: ['orders:read', 'orders:write'],
  clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'PS256', 'EdDSA', 'RS256'] },
  features: {
    clientCredentials: { enabled: true },
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
})

provider.listen(port, '127.0.0.1', () => console.log(issuer))
