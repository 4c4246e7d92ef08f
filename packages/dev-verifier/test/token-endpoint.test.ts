import { startDevVerifier } from '../src/index.js'
import { decodeJwt } from '../src/jwt.js'

describe.each(['eudistack-3.3', 'eudistack-3.0', 'dome'] as const)('%s', (profile) => {
  it('gives a machine a token over HTTP', async () => {
    const verifier = await startDevVerifier({ profile })
    const machine = verifier.issueMachineCredential()
    const response = await fetch(`${verifier.issuer}/oidc/token`, {
      method: 'POST',
      body: verifier.tokenRequest(machine),
    })
    const body = (await response.json()) as { access_token: string }
    expect(response.status).toBe(200)
    expect(decodeJwt(body.access_token).claims).toMatchObject({ iss: verifier.issuer, aud: verifier.issuer })
    await verifier.close()
  })
})
