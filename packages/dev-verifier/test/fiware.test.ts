import { decodeJwt } from '../src/jwt.js'
import { createDevVerifier, type DevVerifier } from '../src/index.js'
import { getJson, recordRefusals } from './support.js'

const send = (
  verifier: DevVerifier,
  form: URLSearchParams,
  path = '/services/orders/token',
  headers = {},
): Promise<Response> =>
  verifier.fetch(verifier.issuer + path, { method: 'POST', body: form, headers })

describe('the FIWARE profile', () => {
  const { log, events } = recordRefusals()
  const verifier = createDevVerifier({ profile: 'fiware', events })
  const machine = verifier.issueMachineCredential()

  afterEach(() => {
    log.length = 0
  })

  it('publishes an RSA key without use and alg, and metadata for each service', async () => {
    const { keys } = (await getJson(verifier, '/.well-known/jwks')) as { keys: object[] }
    expect(keys.map((key) => Object.keys(key))).toEqual([['kty', 'kid', 'n', 'e']])
    expect(
      await getJson(verifier, '/services/my-service/.well-known/openid-configuration'),
    ).toMatchObject({
      token_endpoint: `${verifier.issuer}/services/my-service/token`,
      id_token_signing_alg_values_supported: ['RS256'],
    })
  })

  it('names the algorithm of the key it was given', async () => {
    const { privateKey } = verifier.issueMachineCredential()
    const other = createDevVerifier({ profile: 'fiware', key: privateKey.jwk })
    const metadata = await getJson(other, '/services/orders/.well-known/openid-configuration')
    expect(metadata['id_token_signing_alg_values_supported']).toEqual(['ES256'])
    expect(decodeJwt(other.mint()).header).toMatchObject({ alg: 'ES256' })
  })

  it.each([
    ['the path', '/services/orders/token', {}],
    ['the header client_id', '/token', { client_id: 'orders' }],
  ])('gives a token for the service named by %s', async (_, path, headers) => {
    const response = await send(verifier, verifier.tokenRequest(machine), path, headers)
    const body = (await response.json()) as { access_token: string; id_token: string }
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 1800,
      id_token: body.access_token,
    })
    const { header, claims } = decodeJwt(body.access_token)
    expect(header).toMatchObject({ alg: 'RS256', typ: 'JWT' })
    expect(Object.keys(claims)).toEqual([
      'iss',
      'aud',
      'sub',
      'iat',
      'exp',
      'nonce',
      'verifiableCredential',
    ])
    expect(claims).toMatchObject({ iss: verifier.issuer, aud: ['orders'], sub: machine.did })
  })

  it.each([
    ['no grant_type', { grant_type: undefined }, 'no_grant_type_provided'],
    ['another grant_type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['no vp_token', { vp_token: undefined }, 'no_token_provided'],
  ])('answers a summary to %s', async (_, form, summary) => {
    const response = await send(verifier, verifier.tokenRequest(machine, { form }))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ summary })
    expect(log).toHaveLength(1)
  })

  it('refuses a revoked credential', async () => {
    const revoked = verifier.issueMachineCredential({ revoked: true })
    expect((await send(verifier, verifier.tokenRequest(revoked))).status).toBe(400)
    expect(log).toEqual([expect.stringContaining('revoked')])
  })
})
