import { createDevVerifier, tokenShapes, type CredentialRequest } from '../src/index.js'
import { decodeJwt, type Json } from '../src/jwt.js'
import { grantedClaims, requestToken, type JAVA_PROFILES, recordRefusals } from './support.js'

const tenantPower = { function: 'Onboarding', action: 'Execute', domain: 'kpmg' }

const granted = async (
  profile: (typeof JAVA_PROFILES)[number],
  credential: CredentialRequest = {},
): Promise<Json> => {
  const verifier = createDevVerifier({
    profile,
    issuer: 'https://kpmg.eudistack.net',
    tenant: 'kpmg',
  })
  const machine = verifier.issueMachineCredential({ powers: [tenantPower], ...credential })
  return { did: machine.did, ...(await grantedClaims(await requestToken(verifier, machine))) }
}

describe('the access token of a machine', () => {
  it('has no vc and no client_id from Verifier 3.0', async () => {
    const { did, jti, iat, exp, ...claims } = await granted('eudistack-3.0')
    expect(claims).toEqual({
      iss: 'https://kpmg.eudistack.net',
      aud: 'https://kpmg.eudistack.net',
      sub: '203.0.113.7',
      scope: 'machine learcredential',
      credential_type: 'learcredential.machine.w3c.3',
      tenant: 'kpmg',
      mandatee: { id: did, domain: 'orders.example.com', ipAddress: '203.0.113.7' },
      mandator: {
        id: 'did:elsi:VATES-B12345678',
        commonName: 'Ada Example',
        country: 'ES',
        email: 'ada@example.com',
        organization: 'Example S.L.',
        organizationIdentifier: 'VATES-B12345678',
        serialNumber: 'IDCES-00000000T',
      },
      power: [{ type: 'domain', domain: 'kpmg', function: 'Onboarding', action: ['Execute'] }],
    })
    expect(jti).toMatch(/^[\da-f-]{36}$/)
    expect((exp as number) - (iat as number)).toBe(900)
  })

  it('has flat claims and the whole credential from Verifier 3.3', async () => {
    const { vc, mandatee, mandator, power, ...claims } = await granted('eudistack-3.3')
    expect(Object.keys(claims).sort()).toEqual(
      [
        'did',
        'iss',
        'aud',
        'sub',
        'jti',
        'iat',
        'exp',
        'scope',
        'credential_type',
        'tenant',
      ].sort(),
    )
    expect(vc).toMatchObject({
      type: ['VerifiableCredential', 'learcredential.machine.w3c.3'],
      issuer: { id: 'did:elsi:VATES-Q0000000J', organizationIdentifier: 'VATES-Q0000000J' },
      credentialSubject: { id: claims['did'], mandate: { mandatee, mandator, power } },
      credentialStatus: {
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: '0',
      },
    })
  })

  it("names the Verifier as client_id and the machine's DID as sub from dome", async () => {
    const { did, vc, jti, iat, exp, ...claims } = await granted('dome')
    const issuer = 'https://kpmg.eudistack.net'
    expect(claims).toEqual({
      iss: issuer,
      aud: issuer,
      sub: did,
      scope: 'machine learcredential',
      client_id: issuer,
    })
    expect((exp as number) - (iat as number)).toBe(3600)
    expect(jti).toBeDefined()
    expect(vc).toMatchObject({
      type: ['LEARCredentialMachine', 'VerifiableCredential'],
      issuer: 'did:elsi:VATES-Q0000000J',
      credentialSubject: {
        mandate: {
          life_span: {
            start_date_time: expect.any(String) as string,
            end_date_time: expect.any(String) as string,
          },
          mandatee: { id: did, serviceName: 'orders', contact: { email: 'jo@example.com' } },
          mandator: { emailAddress: 'ada@example.com' },
          power: [
            {
              tmf_action: ['Execute'],
              tmf_domain: 'kpmg',
              tmf_function: 'Onboarding',
              tmf_type: 'Domain',
            },
          ],
          signer: { organizationIdentifier: 'VATES-Q0000000J' },
        },
      },
    })
  })
})

describe('tenants', () => {
  const machineFor = { powers: [tenantPower] }

  it.each([
    ['the header X-Tenant', 'https://other.eudistack.net/verifier', { 'x-tenant': 'KPMG' }],
    ['the first host label', 'https://kpmg.eudistack.net/verifier', {}],
  ])('are named by %s', async (_, issuer, headers: Record<string, string>) => {
    const verifier = createDevVerifier({ issuer, issuerFromRequest: true })
    const body = verifier.tokenRequest(verifier.issueMachineCredential(machineFor))
    const claims = await grantedClaims(
      await verifier.fetch(`${issuer}/oidc/token`, { method: 'POST', body, headers }),
    )
    expect(claims).toMatchObject({ iss: issuer, aud: issuer, tenant: 'kpmg' })
  })

  it('keep out a machine without a power for them, unless it is registered', async () => {
    const { log, events } = recordRefusals()
    const options = { tenant: 'isbe', events }
    const verifier = createDevVerifier(options)
    const machine = verifier.issueMachineCredential(machineFor)
    expect(await (await requestToken(verifier, machine)).json()).toEqual({
      error: 'invalid_client',
    })
    expect(log).toEqual([
      expect.stringContaining('no power of the credential is for the tenant "isbe"'),
    ])

    const registered = createDevVerifier({
      ...options,
      clients: [{ clientId: 'orders', did: machine.did, tenant: 'acme' }],
    })
    const theirs = registered.issueMachineCredential({
      ...machineFor,
      key: machine.privateKey.pkcs8,
    })
    const form = { client_id: 'orders' }
    const response = await requestToken(registered, theirs, {
      form,
      assertion: { iss: 'orders', sub: 'orders' },
    })
    expect(await grantedClaims(response)).toMatchObject({ tenant: 'acme' })
  })

  it('have each their own issuer when it comes from the request', async () => {
    const verifier = createDevVerifier({ profile: 'eudistack-3.0', issuerFromRequest: true })
    const url = 'https://isbe.eudistack.net/.well-known/openid-configuration'
    expect(await (await verifier.fetch(url)).json()).toMatchObject({
      issuer: 'https://isbe.eudistack.net',
    })
  })
})

describe('mint', () => {
  const verifier = createDevVerifier()
  const claimsOf = (token: string): Json => decodeJwt(token).claims

  it.each(Object.entries(tokenShapes))('writes "%s"', (_, shape) => {
    const { header, claims } = decodeJwt(verifier.mint(shape))
    expect(Object.keys(header)).toEqual(['kid', 'typ', 'alg'])
    expect(claims).toMatchObject({ iss: verifier.issuer })
    expect(JSON.stringify(claims)).toContain('ProductOffering')
    expect('vc' in claims).toBe(
      !/^eudistack-3.0|^fiware/.test(shape.profile) &&
        !('placement' in shape && shape.placement === 'verifiable-credential'),
    )
    expect('tenant' in claims).toBe(false)
  })

  it('addresses a user token to the relying party', () => {
    expect(claimsOf(verifier.mint({ kind: 'employee', audience: 'my-app' }))).toMatchObject({
      aud: 'my-app',
      sub: 'jo@example.com',
      scope: 'openid learcredential',
      credential_type: 'learcredential.employee.w3c.4',
    })
  })

  it('replaces and removes claims and header parameters', () => {
    const token = verifier.mint({
      claims: { jti: undefined, extra: 1 },
      header: { typ: 'at+jwt', kid: undefined },
      scope: 'orders:read',
    })
    const { header, claims } = decodeJwt(token)
    expect(header).toEqual({ typ: 'at+jwt', alg: 'ES256' })
    expect(claims).toMatchObject({ extra: 1, scope: 'orders:read' })
    expect(claims).not.toHaveProperty('jti')
  })

  it('writes an id_token without jti and scope, with the credential as text', () => {
    const { header, claims } = decodeJwt(verifier.mintIdToken())
    expect(header['typ']).toBe('JWT')
    expect(claims).toMatchObject({
      acr: '0',
      given_name: 'Jo',
      family_name: 'Doe',
      name: 'Jo Doe',
      email: 'jo@example.com',
    })
    expect(JSON.parse(claims['vc_json'] as string)).toHaveProperty('credentialSubject')
    expect((claims['exp'] as number) - (claims['iat'] as number)).toBe(60)
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['jti']))
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['scope']))
  })
})
