import { cases, type Case, type RequestHeaders } from './cases.js'
import type { Running } from './application.js'
import { driversFor, missingFor } from './drivers/index.js'
import { driversOf } from './drivers/versions.js'
import { send } from './send.js'
import { createTable } from './table.js'
import { createWorld, type World } from './world.js'

const table = createTable(cases)

let world: World

beforeAll(async () => {
  // Frameworks print what is no answer of ours: the two errors of the application that the cases
  // provoke.
  jest.spyOn(console, 'error').mockImplementation(() => undefined)
  world = await createWorld()
})
afterAll(() => world.close())
afterAll(() => table.print(missingFor('contract')))

describe.each(driversFor('contract'))('$name', (driver) => {
  const alwaysGuarded = driver.lacks?.includes('unguarded')
  let app: Running
  beforeAll(async () => {
    const mounts = world.mounts.filter(({ options }) => options || !alwaysGuarded)
    app = await driver.build({ mounts })
  })
  afterAll(() => app.close())

  const applicable = cases.filter(
    ({ request, except }) =>
      !except?.test(driver.name) && !(alwaysGuarded && request?.includes('/unguarded')),
  )
  test.each(applicable)('$rule: $title', async (expected) => {
    table.run(driver, expected)
    const headers = expected.headers?.(world)
    // A good token is remembered at its second sight: the third time it comes from memory, by
    // another way through the adapter.
    for (let time = 1; time <= 3; time += 1) await verify(app, expected, headers)
    table.pass(driver, expected)
  })

  const held = { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }
  const orders = [
    ['Bearer', 'DPoP'],
    ['DPoP', 'Bearer'],
  ] as const
  test.each(
    orders.flatMap((order) => [
      { token: 'a bearer token', claims: {}, order, letIn: 'Bearer' },
      { token: 'a bound token', claims: held, order, letIn: 'neither' },
    ]),
  )('$token as $order.0, then as $order.1: passes as $letIn', async ({ claims, order, letIn }) => {
    const token = world.verifier.mint({ claims })
    // Often enough for it to be remembered, however it came first.
    for (const scheme of order.flatMap((scheme) => [scheme, scheme, scheme])) {
      const { status } = await send(`${app.url}/api/me`, 'GET', {
        authorization: `${scheme} ${token}`,
      })
      expect([scheme, status]).toEqual([scheme, scheme === letIn ? 200 : 401])
    }
  })
})

test('a version that does not load is named with the reason, and the others run', () => {
  const [missing] = driversOf(
    'express',
    ['express-of-tomorrow'],
    () => Promise.reject(new Error('not reached')),
    { errorWays: { answering: [], passing: [], missing: [] } },
  )
  expect(missing).toMatchObject({ name: 'express (express-of-tomorrow)' })
  expect(missing!.unavailable).toMatch(
    /^does not load on Node .*Cannot find module 'express-of-tomorrow'/,
  )
})

async function verify(
  app: Running,
  expected: Case,
  sent: RequestHeaders | undefined,
): Promise<void> {
  const [method = '', path = ''] = (expected.request ?? 'GET /api/me').split(' ')
  const { status, headers, body } = await send(app.url + path, method, sent)
  const told = {
    status,
    challenge: headers['www-authenticate'],
    retryAfter: headers['retry-after'],
  }
  expect(told).toEqual({
    status: expected.status,
    challenge: expected.challenge,
    retryAfter: expected.retryAfter ? (expect.stringMatching(/^\d+$/) as unknown) : undefined,
  })
  if (method === 'HEAD') expect(body).toBe('')
  if (status !== 200) expect(body).not.toMatch(/127\.0\.0\.1|detail of|expected|did:key|eyJ/)
  if (expected.body === undefined) return
  expect(headers['content-type']).toMatch(/^application\/json\b/)
  expect(JSON.parse(body)).toEqual(
    typeof expected.body === 'function' ? expected.body(world) : expected.body,
  )
  if (status !== 200) expect(headers['cache-control']).toBe('no-store')
}
