import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { createApp } from '../src/app.js'

describe('the offers API', () => {
  let verifier: DevVerifier
  let address: string
  let stop: () => unknown

  beforeAll(async () => {
    verifier = await startDevVerifier()
    const app = createApp({ issuer: verifier.issuer, profile: 'eudistack' })
    address = await app.listen({ host: '127.0.0.1', port: 0 })
    stop = () => app.close()
  })
  afterAll(async () => {
    await stop()
    await verifier.close()
  })

  const bearer = (organizationIdentifier: string, ...action: string[]) => {
    const powers = [{ type: 'domain', domain: 'DOME', function: 'ProductOffering', action }]
    return { authorization: `Bearer ${verifier.mint({ powers, mandator: { organizationIdentifier } })}` }
  }
  const read = (headers: Record<string, string> = {}) => fetch(`${address}/offers`, { headers })
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${address}/offers`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  const write = (name: string, headers?: Record<string, string>) => post(JSON.stringify({ name }), headers)

  test('takes an offer and shows it to its own organisation only', async () => {
    const ours = bearer('VATES-B12345678', 'Read', 'Create')
    const created = await write('chairs', ours)
    expect(created.status).toBe(201)
    expect(await created.json()).toEqual({ name: 'chairs', organization: 'VATES-B12345678' })

    const listed = await read(ours)
    expect(listed.status).toBe(200)
    expect(await listed.json()).toEqual([{ name: 'chairs', organization: 'VATES-B12345678' }])
    expect(await (await read(bearer('VATES-C00000000', 'Read'))).json()).toEqual([])
  })

  test('asks for a token', async () => {
    for (const refused of [await read(), await write('tables')]) {
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  test('asks for the power of each route', async () => {
    const others = [
      await read(bearer('VATES-B12345678', 'Create')),
      await write('tables', bearer('VATES-B12345678', 'Read')),
    ]
    for (const refused of others) {
      expect(refused.status).toBe(403)
      expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
      expect(await refused.json()).toMatchObject({ error: 'insufficient_scope' })
    }
    expect(JSON.stringify(await (await read(bearer('VATES-B12345678', 'Read'))).json())).not.toContain('tables')
  })

  test('answers a bad offer with 400, and keeps nothing of it', async () => {
    const other = bearer('VATES-D11111111', 'Read', 'Create')
    for (const body of ['{}', '{"name":""}', '{']) expect((await post(body, other)).status).toBe(400)
    expect(await (await read(other)).json()).toEqual([])
  })

  test('tells its health to anybody', async () => {
    const health = await fetch(`${address}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({ status: 'up' })
  })
})
