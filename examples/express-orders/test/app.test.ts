import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import request from 'supertest'
import { createApp } from '../src/app.js'

describe('the orders API', () => {
  let verifier: DevVerifier
  beforeAll(async () => {
    verifier = await startDevVerifier()
  })
  afterAll(() => verifier.close())

  const bearer = (organizationIdentifier: string, ...action: string[]) => {
    const powers = [{ type: 'domain', domain: 'DOME', function: 'Orders', action }]
    return `Bearer ${verifier.mint({ powers, mandator: { organizationIdentifier } })}`
  }

  test('takes an order and shows it to its own organisation only', async () => {
    const app = createApp({ issuer: verifier.issuer, profile: 'eudistack' })
    const ours = bearer('VATES-B12345678', 'Read', 'Create')

    const created = await request(app)
      .post('/orders')
      .set('authorization', ours)
      .send({ item: 'chairs' })
    expect(created.status).toBe(201)
    expect(created.body).toEqual({ id: 1, item: 'chairs', organization: 'VATES-B12345678' })

    expect((await request(app).get('/orders').set('authorization', ours)).body).toHaveLength(1)
    expect(
      (await request(app).get('/orders').set('authorization', bearer('VATES-C00000000', 'Read')))
        .body,
    ).toEqual([])
  })

  test('asks for the power of each route', async () => {
    const app = createApp({ issuer: verifier.issuer, profile: 'eudistack' })
    const refused = await request(app)
      .post('/orders')
      .set('authorization', bearer('VATES-B12345678', 'Read'))
      .send({ item: 'chairs' })
    expect(refused.status).toBe(403)
    expect(refused.body).toEqual({
      error: 'insufficient_scope',
      error_description: expect.any(String) as string,
    })
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope"')
  })

  test('refuses callers whose mandate names no organisation', async () => {
    const app = createApp({ issuer: verifier.issuer, profile: 'eudistack' })
    const without = bearer('', 'Read', 'Create')
    await request(app).get('/orders').set('authorization', without).expect(403)
    await request(app)
      .post('/orders')
      .set('authorization', without)
      .send({ item: 'chairs' })
      .expect(403)
  })

  test('answers a bad order with what it expected, and keeps nothing of it', async () => {
    const app = createApp({ issuer: verifier.issuer, profile: 'eudistack' })
    const ours = bearer('VATES-B12345678', 'Read', 'Create')
    expect((await request(app).post('/orders').set('authorization', ours).send({})).status).toBe(
      400,
    )
    expect((await request(app).get('/orders').set('authorization', ours)).body).toEqual([])
  })

  test('answers its health without a token', async () => {
    await request(createApp({ issuer: verifier.issuer, profile: 'eudistack' }))
      .get('/health')
      .expect(200, { status: 'up' })
  })
})
