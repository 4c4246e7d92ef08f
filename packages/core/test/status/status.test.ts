import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createResourceServer, requiredStatus, systemRuntime } from '../../src/index.js'

describe.each([
  ['bitstring', 'machine-v2'],
  ['token', 'machine-sd-jwt'],
] as const)('the %s list of the development Verifier', (status, dialect) => {
  const verifier = createDevVerifier({ profile: 'eudistack-3.3' })
  const runtime = { ...systemRuntime, fetch: verifier.fetch }
  const resourceServer = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    runtime,
  })
  afterAll(async () => {
    resourceServer.close()
    await verifier.close()
  })

  const tokenOf = async (machine: ReturnType<typeof verifier.issueMachineCredential>) => {
    const answer = await verifier.fetch(`${verifier.issuer}/oidc/token`, {
      method: 'POST',
      body: verifier.tokenRequest(machine),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  test('a revoked credential stops a token that is still valid, and no other', async () => {
    const lists = [{ url: verifier.issuer, keys: verifier.credentialIssuer.keys }]
    const machine = verifier.issueMachineCredential({ status, dialect })
    const [token, other] = [
      await tokenOf(machine),
      await tokenOf(verifier.issueMachineCredential({ status, dialect })),
    ]
    const notRevoked = () => requiredStatus({ lists, runtime })
    await expect(resourceServer.verifyAccessToken(token, notRevoked())).resolves.toMatchObject({
      kind: 'machine',
    })
    machine.revoke()
    const refused = resourceServer.verifyAccessToken(token, notRevoked())
    await expect(refused).rejects.toMatchObject({ code: 'credential_revoked', status: 401 })
    await expect(resourceServer.verifyAccessToken(other, notRevoked())).resolves.toMatchObject({
      kind: 'machine',
    })
  })

  test('while the list cannot be had, requests get 503 with Retry-After', async () => {
    const lists = [{ url: verifier.issuer, keys: verifier.credentialIssuer.keys }]
    const token = await tokenOf(verifier.issueMachineCredential({ status, dialect }))
    verifier.fail('status', 'status-500')
    const refused = resourceServer.verifyAccessToken(token, requiredStatus({ lists, runtime }))
    await expect(refused).rejects.toMatchObject({
      code: 'status_unavailable',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    verifier.heal()
  })
})
