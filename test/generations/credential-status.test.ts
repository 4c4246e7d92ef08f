import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTokenSource } from '@verifier-guard/client'
import {
  createDevVerifier,
  startDevVerifier,
  type CredentialRequest,
  type DevVerifier,
  type IssuedCredential,
} from '@verifier-guard/dev-verifier'
import {
  auth,
  createResourceServer,
  requiredPower,
  requiredStatus,
  systemRuntime,
  type GuardEvents,
} from '@verifier-guard/express'
import express from 'express'

/**
 * A machine with its credential, a Verifier, and an API that looks the credential up: all of it
 * over the network of this machine.
 */
describe.each([
  ['bitstring', 'machine-v2'],
  ['bitstring', 'machine-v1'],
  ['token', 'machine-v2'],
  ['token', 'machine-v1'],
] as const)('the status of a credential by a %s list, from a %s', (status, dialect) => {
  let verifier: DevVerifier
  let api: Server
  const denied: GuardEvents['denied'][] = []
  beforeAll(async () => {
    verifier = await startDevVerifier()
    api = await listen(verifier, denied)
  })
  afterAll(async () => {
    api.closeAllConnections()
    api.close()
    await verifier.close()
  })
  const issue = (more: CredentialRequest = {}) =>
    verifier.issueMachineCredential({ dialect, status, ...more })

  test('lets a good one pass, and stops a revoked one whose token is still good', async () => {
    const machine = issue()
    const bystander = issue()
    const [token, other] = [await tokenOf(verifier, machine), await tokenOf(verifier, bystander)]
    machine.revoke()
    expect(await call(api, '/offers', other)).toBe(200)
    expect(await call(api, '/offers', token)).toBe(401)
    expect(denied).toEqual([
      expect.objectContaining({ code: 'credential_revoked', check: 'status' }),
    ])
    expect(await call(api, '/catalogue', token)).toBe(200)
    expect(verifier.requests.status).toBe(1)
  })

  test('gives no new token for a revoked one', async () => {
    await expect(tokenOf(verifier, issue({ revoked: true }))).rejects.toMatchObject({
      code: 'token_request_refused',
    })
  })
})

test('an SD-JWT is looked up too', async () => {
  const verifier = await startDevVerifier()
  const api = await listen(verifier, [])
  for (const status of ['bitstring', 'token'] as const) {
    const machine = verifier.issueMachineCredential({ dialect: 'machine-sd-jwt', status })
    const response = await fetch(`${verifier.issuer}/oidc/token`, {
      method: 'POST',
      body: verifier.tokenRequest(machine),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect(await call(api, '/offers', token)).toBe(200)
  }
  expect(verifier.requests.status).toBe(2)
  api.closeAllConnections()
  api.close()
  await verifier.close()
})

test('a list that can not be had is trouble of the way there: 503, until it can', async () => {
  const verifier = await startDevVerifier()
  const denied: GuardEvents['denied'][] = []
  const api = await listen(verifier, denied)
  const token = await tokenOf(verifier, verifier.issueMachineCredential())
  verifier.fail('status', 'status-500', { times: 1 })
  expect(await call(api, '/offers', token)).toBe(503)
  expect(await call(api, '/catalogue', token)).toBe(200)
  expect(denied).toEqual([expect.objectContaining({ code: 'status_unavailable' })])
  api.closeAllConnections()
  api.close()
  await verifier.close()
})

async function listen(
  { issuer, credentialIssuer }: DevVerifier,
  denied: GuardEvents['denied'][],
): Promise<Server> {
  const app = express()
  const power = requiredPower({ domain: 'DOME', function: 'ProductOffering', action: 'Create' })
  const lists = [{ url: credentialIssuer.statusLists, keys: credentialIssuer.keys }]
  const events = {
    denied: (event: GuardEvents['denied']) => void denied.push(event),
    statusListFailed() {},
  }
  app.use(auth({ issuer, profile: 'eudistack', status: { lists }, events }))
  app.post('/offers', power, requiredStatus(), (_, res) => void res.json({}))
  app.post('/catalogue', power, (_, res) => void res.json({}))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function call(api: Server, path: string, token: string): Promise<number> {
  const { port } = api.address() as AddressInfo
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers })).status
}

async function tokenOf(
  { issuer }: DevVerifier,
  { credential, privateKey }: IssuedCredential,
): Promise<string> {
  const tokens = createTokenSource({ verifier: issuer, credential, privateKey: privateKey.hex })
  try {
    return await tokens.getToken()
  } finally {
    tokens.close()
  }
}

/** The lists are signed with the Issuer's key, RSA or EC, and bring its certificate along. */
test.each(['dome', 'eudistack-2', 'eudistack-3.3'] as const)(
  'a list of %s is trusted by the authority that issued its certificate',
  async (profile) => {
    const verifier = createDevVerifier({ profile })
    const { id: organization, statusLists: url, certificateAuthorities } = verifier.credentialIssuer
    const resourceServer = createResourceServer({
      issuer: verifier.issuer,
      profile: profile === 'eudistack-3.3' ? 'eudistack' : 'dome',
      status: { lists: [{ url, organization, certificateAuthorities }] },
      runtime: { ...systemRuntime, fetch: verifier.fetch },
      events: { denied() {} },
    })
    const decide = (options: CredentialRequest) =>
      resourceServer.verifyAccessToken(
        verifier.mint({ status: 'bitstring', ...options }),
        requiredStatus(),
      )
    // First, because the list is fetched once, and kept.
    await expect(decide({ revoked: true })).rejects.toMatchObject({ code: 'credential_revoked' })
    await expect(decide({})).resolves.toMatchObject({ kind: 'machine' })
    resourceServer.close()
  },
)
