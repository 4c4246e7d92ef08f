import { systemRuntime } from '@verifier-guard/core'
import { mint, RESOURCE, START, trust } from '../dpop/api.js'
import { createHolder } from '../dpop/holder.js'
import { heard, type Application, type Running } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

let elapsed = 0
const options = {
  ...trust,
  resource: RESOURCE,
  dpop: { nonce: { secrets: ['a-secret-that-all-instances-share-0001'], lifetime: 300 } },
  runtime: { ...systemRuntime, now: () => (START + elapsed) * 1_000 },
  events: heard,
}
const holder = createHolder()
const token = mint({ cnf: { jkt: holder.jkt }, scope: 'orders:read' })

const applicationOf = (nests: boolean): Application => ({
  mounts: [
    {
      path: '/api',
      options,
      routes: [
        { method: 'get', path: '/me', handle: () => 'me' },
        {
          method: 'get',
          path: '/admin',
          requirement: ({ requiredScopes }) => requiredScopes('orders:admin'),
          handle: () => 'admin',
        },
        ...(nests
          ? [{ method: 'get', path: '/inner', options, handle: () => 'inner' } as const]
          : []),
      ],
    },
  ],
})

// RFC 9449 §8.2: a new nonce may come with any answer, and only one may.
describe.each(driversFor('nonces'))('$name', (driver) => {
  const nests = !driver.lacks?.includes('nested')
  let app: Running
  beforeAll(async () => {
    app = await driver.build(applicationOf(nests))
  })
  beforeEach(() => {
    elapsed = 0
  })
  afterAll(() => app.close())

  async function ask(path: string, nonce?: string) {
    const url = `${RESOURCE}${path}`
    const at = START + elapsed
    const dpop = holder.proof({ url, token, at, ...(nonce !== undefined && { nonce }) })
    return send(app.url + path, 'GET', { authorization: `DPoP ${token}`, dpop })
  }

  async function askLate(path: string) {
    const { status, headers } = await ask(path)
    expect(status).toBe(401)
    const { 'dpop-nonce': nonce } = headers
    elapsed = 200
    const late = await ask(path, nonce as string)
    return { status: late.status, nonce: late.headers['dpop-nonce'], headers: late.headers }
  }

  test.each<[string, string, number]>([
    ['a success', '/api/me', 200],
    ['a refusal by a later requirement', '/api/admin', 403],
    ...(nests ? [['nested guards', '/api/inner', 200] as [string, string, number]] : []),
  ])('the new nonce comes once with %s', async (_, path, expected) => {
    const { status, nonce, headers } = await askLate(path)
    expect(status).toBe(expected)
    expect(nonce).toMatch(/^[\da-z]+\.[\w-]{22}$/)
    expect(headers['cache-control']).toContain('no-store')
    expect((await ask('/api/me', nonce as string)).status).toBe(200)
  })
})
