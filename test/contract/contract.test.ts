import { cases, type Case, type RequestHeaders } from './cases.js'
import { listenToAll, type Driver, type Running } from './application.js'
import { drivers as express } from './drivers/express.js'
import { drivers as fastify } from './drivers/fastify.js'
import { drivers as fetch } from './drivers/fetch.js'
import { drivers as hono } from './drivers/hono.js'
import { drivers as koa } from './drivers/koa.js'
import { drivers as nestjs } from './drivers/nestjs.js'
import { driversOf } from './drivers/listen.js'
import { send } from './send.js'
import { createTable } from './table.js'
import { createWorld, type World } from './world.js'

const all: readonly Driver[] = [...express, ...koa, ...nestjs, ...fastify, ...fetch, ...hono]
const drivers = all.filter(({ unavailable }) => unavailable === undefined)
const table = createTable(cases)

afterAll(listenToAll())
let world: World

beforeAll(async () => {
  // Frameworks print what is no answer of ours: the two errors of the application that the cases
  // provoke.
  jest.spyOn(console, 'error').mockImplementation(() => undefined)
  world = await createWorld()
})
afterAll(() => world.close())
afterAll(() => table.print(all.filter(({ unavailable }) => unavailable !== undefined)))

describe.each(drivers)('$name', (driver) => {
  let app: Running
  beforeAll(async () => {
    app = await driver.start(world.mounts)
  })
  afterAll(() => app.close())

  const applicable = cases.filter(
    ({ request, except }) =>
      !except?.test(driver.name) && !(driver.alwaysGuarded && request?.includes('/unguarded')),
  )
  test.each(applicable)('$rule: $title', async (expected) => {
    table.run(driver, expected)
    const headers = expected.headers?.(world)
    await verify(app, expected, headers)
    // The second time a good token comes from memory, by another way through the adapter.
    await verify(app, expected, headers)
    table.pass(driver, expected)
  })
})

test('a version that does not load is named with the reason, and keeps nobody else from running', () => {
  const [missing] = driversOf('express', ['express-of-tomorrow'], () =>
    Promise.reject(new Error('not reached')),
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
