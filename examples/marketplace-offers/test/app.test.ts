import {
  startDevVerifier,
  type DevVerifier,
  type IssuedCredential,
} from '@verifier-guard/dev-verifier'
import { createTokenSource } from '@verifier-guard/client'
import type { Express } from 'express'
import request from 'supertest'
import { createApp } from '../src/app.js'

describe('the offers API', () => {
  let verifier: DevVerifier
  let app: Express
  beforeAll(async () => {
    verifier = await startDevVerifier()
    const { statusLists: url, keys } = verifier.credentialIssuer
    app = createApp({
      issuer: verifier.issuer,
      profile: 'eudistack',
      status: { lists: [{ url, keys: { keys: [...keys.keys] } }], maxAge: 1 },
    })
  })
  afterAll(() => verifier.close())

  const power = (domain: string, ...action: string[]) => ({
    type: 'domain',
    domain,
    function: 'ProductOffering',
    action,
  })
  const bearer = (tenant: string, ...powers: ReturnType<typeof power>[]) =>
    `Bearer ${verifier.mint({ tenant, powers })}`

  test('takes offers of each tenant, and keeps them apart', async () => {
    const acme = bearer('acme', power('acme', 'Create'))
    expect(
      (
        await request(app)
          .post('/tenants/acme/offers')
          .set('authorization', acme)
          .send({ name: 'chairs' })
      ).status,
    ).toBe(201)
    expect(
      (await request(app).get('/tenants/acme/offers').set('authorization', acme)).body,
    ).toHaveLength(1)

    const other = bearer('other', power('other', 'Create'))
    expect(
      (await request(app).get('/tenants/other/offers').set('authorization', other)).body,
    ).toEqual([])
    expect(
      (await request(app).get('/tenants/acme/offers').set('authorization', other)).status,
    ).toBe(403)
  })

  test.each([
    ['a power for another tenant', 'acme', [power('other', 'Create')]],
    ['a token of another tenant with a power for this one', 'other', [power('acme', 'Create')]],
    [
      'the actions spread over two powers',
      'acme',
      [power('acme', 'Update'), { ...power('acme', 'Create'), function: 'Onboarding' }],
    ],
    ['no power at all', 'acme', [power('acme')]],
  ])('does not let %s create an offer', async (_, tenant, powers) => {
    const refused = await request(app)
      .post('/tenants/acme/offers')
      .set('authorization', bearer(tenant, ...powers))
      .send({ name: 'chairs' })
    expect(refused.status).toBe(403)
    expect(refused.headers['www-authenticate']).toContain('insufficient_scope')
  })

  test('lets the operator look everywhere, and create nowhere', async () => {
    const operator = bearer('dome', {
      type: 'organization',
      domain: 'DOME',
      function: 'System',
      action: ['Administration'],
    })
    expect(
      (await request(app).get('/tenants/acme/offers').set('authorization', operator)).status,
    ).toBe(200)
    expect(
      (
        await request(app)
          .post('/tenants/acme/offers')
          .set('authorization', operator)
          .send({ name: 'x' })
      ).status,
    ).toBe(403)
  })

  test('a machine whose credential is revoked can not publish any more, though its token is still good', async () => {
    const machine = verifier.issueMachineCredential({
      powers: [power('globex', 'Create', 'Update')],
      tenant: 'globex',
    })
    const authorization = `Bearer ${await tokenOf(machine)}`
    await request(app)
      .post('/tenants/globex/offers')
      .set('authorization', authorization)
      .send({ name: 'desks' })
      .expect(201)
    await request(app)
      .put('/tenants/globex/offers/1/publication')
      .set('authorization', authorization)
      .expect(200)

    machine.revoke()
    const { statusLists: url, keys } = verifier.credentialIssuer
    const later = createApp({
      issuer: verifier.issuer,
      profile: 'eudistack',
      status: { lists: [{ url, keys }] },
    })
    const refused = await request(later)
      .put('/tenants/globex/offers/1/publication')
      .set('authorization', authorization)
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toContain('invalid_token')
    await request(later)
      .get('/tenants/globex/offers')
      .set('authorization', authorization)
      .expect(200)
  })

  async function tokenOf({ credential, privateKey }: IssuedCredential): Promise<string> {
    const tokens = createTokenSource({
      verifier: verifier.issuer,
      credential,
      privateKey: privateKey.hex,
    })
    try {
      return await tokens.getToken()
    } finally {
      tokens.close()
    }
  }
})
