import { createServer } from 'node:https'
import { createTokenSource } from '@verifier-guard/client'
import { createDevVerifier, startDevVerifier } from '@verifier-guard/dev-verifier'
import { Agent, request } from 'undici'
import { createApi } from './api.js'

const SERVICE = 'https://orders.example.org'

/** An authorization server that binds tokens, an API, and a client with a certificate. */
async function start() {
  const own = createDevVerifier().issueCertificate('orders')
  const verifier = await startDevVerifier({
    profile: 'oauth',
    https: true,
    service: SERVICE,
    clients: [{ clientId: 'orders', certificate: own.certificate }],
  })
  const api = createApi({
    issuer: verifier.issuer,
    audience: SERVICE,
    keys: verifier.jwks(),
    certificate: 'socket',
    events: { denied: () => {} },
  })
  const { certificate: cert, privateKey: key } = verifier.issueCertificate('127.0.0.1')
  const tls = { key, cert, requestCert: true, rejectUnauthorized: false }
  const origin = `https://127.0.0.1:${await api.listening(createServer(tls, api.decide))}`
  const ca = [...verifier.credentialIssuer.certificateAuthorities]
  const tokens = createTokenSource({
    authorizationServer: verifier.issuer,
    clientId: 'orders',
    allowedOrigins: [origin],
    mtls: { cert: own.certificate, key: own.privateKey, ca },
  })
  api.ends.unshift(
    () => tokens.close(),
    () => verifier.close(),
  )
  return { ...api, verifier, origin, ca, tokens }
}

test('a client calls with the certificate by which it got its token, and a thief has another', async () => {
  const { verifier, origin, ca, tokens, ends } = await start()
  expect(await (await tokens.fetch(origin)).text()).toBe('accepted')
  expect(await (await tokens.fetch(origin)).text()).toBe('accepted')

  const headers = { authorization: `Bearer ${await tokens.getToken()}` }
  const thief = verifier.issueCertificate('thief')
  const found: string[] = []
  for (const shown of [{}, { cert: thief.certificate, key: thief.privateKey }]) {
    const dispatcher = new Agent({ connect: { ca, ...shown } })
    const { body } = await request(origin, { headers, dispatcher })
    found.push(await body.text())
    await dispatcher.close()
  }
  expect(found).toEqual(['certificate_missing', 'certificate_mismatch'])
  for (const end of ends) await end()
})
