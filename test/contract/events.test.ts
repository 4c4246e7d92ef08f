import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { createDevVerifier, type MintOptions } from '@verifier-guard/dev-verifier'
import { systemRuntime, type GuardEvents } from '@verifier-guard/core'
import type { Application, Driver, Route } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

const verifier = createDevVerifier()
const runtime = { ...systemRuntime, fetch: verifier.fetch }

type Event = Partial<GuardEvents['allowed'] & GuardEvents['denied']> & { readonly name: string }

/** Whose the tokens of these tests are. */
const partner = { issuer: verifier.issuer, clientId: expect.stringMatching(/^did:key:/) as string }
const organization = { organizationIdentifier: 'VATES-B12345678', kind: 'machine' as const }
const whose = { ...partner, ...organization }

/** A lookup whose answer is a mistake in the configuration, which no start can find. */
const misconfigured = (issuer: string) => ({ issuer, profile: 'unheard-of' as 'eudistack' })

function applicationOf(record: (event: Event) => void, nests: boolean): Application {
  const optionsOf = (guard: string, more = {}) => ({
    issuer: verifier.issuer,
    profile: 'eudistack' as const,
    runtime,
    realm: guard,
    events: {
      allowed: (event: GuardEvents['allowed']) => record({ name: `${guard} allowed`, ...event }),
      denied: (event: GuardEvents['denied']) => record({ name: `${guard} denied`, ...event }),
    },
    ...more,
  })
  const routes: readonly Route[] = [
    { method: 'get', path: '/me', handle: () => 'me' },
    {
      method: 'get',
      path: '/scoped',
      requirement: ({ requiredScopes }) => requiredScopes('orders:read'),
      handle: () => 'scoped',
    },
    { method: 'get', path: '/orders/:id', handle: () => 'an order' },
    { method: 'get', path: '/silent', silent: true },
    { method: 'get', path: '/stream', stream: systemRuntime },
    {
      method: 'get',
      path: '/broken',
      handle: () => {
        throw new Error('the application itself failed')
      },
    },
  ]
  const within: readonly Route[] = [
    { method: 'get', path: '/inner', options: optionsOf('inner'), handle: () => 'inner' },
    {
      method: 'get',
      path: '/misconfigured',
      options: optionsOf('inner', { issuer: misconfigured }),
      handle: () => 'inner',
    },
    {
      method: 'get',
      path: '/elsewhere',
      options: optionsOf('inner', { audience: 'https://other.example.org' }),
      handle: () => 'inner',
    },
  ]
  return {
    mounts: [
      { path: '/api', options: optionsOf('outer'), routes: [...routes, ...(nests ? within : [])] },
      {
        path: '/optional',
        options: optionsOf('outer'),
        authOptions: { optional: true },
        routes,
      },
    ],
  }
}

interface Row {
  readonly title: string
  readonly path: string
  readonly token?: MintOptions | null
  readonly status: number
  readonly event: Omit<Event, 'fingerprint'>
  readonly needs?: 'nested' | 'routes'
}

/** One request, and the one event that it leads to. */
const rows: readonly Row[] = [
  {
    title: 'a request that asks for a valid token alone is allowed',
    path: '/api/me',
    status: 200,
    event: { name: 'outer allowed', ...whose, method: 'GET', cached: false },
  },
  {
    title: 'the route is told by its pattern, never by what was asked',
    path: '/api/orders/7?secret=1',
    status: 200,
    event: { name: 'outer allowed', ...whose, route: '/api/orders/:id' },
    needs: 'routes',
  },
  {
    title: 'a requirement that is met is named',
    path: '/api/scoped',
    token: { scope: 'orders:read' },
    status: 200,
    event: {
      name: 'outer allowed',
      ...whose,
      requirement: expect.stringContaining('orders:read') as string,
    },
  },
  {
    title: 'a requirement that is not met denies, and nothing is allowed before',
    path: '/api/scoped',
    token: { scope: 'orders:write' },
    status: 403,
    event: {
      name: 'outer denied',
      ...whose,
      code: 'scope_missing',
      method: 'GET',
      requirement: expect.stringContaining('orders:read') as string,
    },
  },
  {
    title: 'a request without a token is denied, whosever it is',
    path: '/api/me',
    token: null,
    status: 401,
    event: { name: 'outer denied', code: 'token_missing', method: 'GET' },
  },
  {
    title: 'an expired token is denied, and the event says whose it is',
    path: '/api/me',
    token: { claims: { exp: 1_000 } },
    status: 401,
    event: { name: 'outer denied', ...whose, code: 'token_expired' },
  },
  {
    title: 'an anonymous request is allowed where authentication is optional',
    path: '/optional/me',
    token: null,
    status: 200,
    event: { name: 'outer allowed', cached: false, method: 'GET' },
  },
  {
    title: 'an anonymous request is denied by a requirement',
    path: '/optional/scoped',
    token: null,
    status: 401,
    event: { name: 'outer denied', code: 'token_missing' },
  },
  {
    title: 'a handler that fails was allowed to',
    path: '/api/broken',
    status: 500,
    event: { name: 'outer allowed', ...whose },
  },
  {
    title: 'of nested guards that allow, the innermost tells',
    path: '/api/inner',
    status: 200,
    event: { name: 'inner allowed', ...whose },
    needs: 'nested',
  },
  {
    title: 'of nested guards, the one that refuses tells',
    path: '/api/elsewhere',
    status: 401,
    event: { name: 'inner denied', ...whose, code: 'audience_mismatch' },
    needs: 'nested',
  },
]

beforeAll(() => {
  // Frameworks print the error of the application that a row provokes.
  jest.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterAll(() => jest.restoreAllMocks())

const bearer = (options?: MintOptions) => ({ authorization: `Bearer ${verifier.mint(options)}` })

describe.each(driversFor('events'))('$name', (driver) => {
  const nests = !driver.lacks?.includes('nested')

  test.each(rows.filter(({ needs }) => !(needs && driver.lacks?.includes(needs))))(
    '$title',
    async (row) => {
      const { path, token, status, event } = row
      const { events, app } = await start(driver, nests)
      const headers = token === null ? {} : bearer(token)
      expect((await send(app.url + path, 'GET', headers)).status).toBe(status)
      // Ends every answer.
      await app.close()
      expect(events).toEqual([expect.objectContaining(event)])
    },
  )

  if (nests)
    test('a guard that fails publishes neither, also where one around it has allowed', async () => {
      const { events, app } = await start(driver, nests)
      const { status } = await send(`${app.url}/api/misconfigured`, 'GET', bearer())
      await app.close()
      expect({ status, events }).toEqual({ status: 500, events: [] })
    })

  test('a caller who leaves before the answer is neither', async () => {
    const { events, app } = await start(driver, nests)
    await leave(app.url, app.server!, '/api/silent', 'request')
    await app.close()
    expect(events).toEqual([])
  })

  test('a caller who leaves a stream was allowed', async () => {
    const { events, app } = await start(driver, nests)
    await leave(app.url, app.server!, '/api/stream', 'response')
    await app.close()
    expect(events).toEqual([expect.objectContaining({ name: 'outer allowed', ...whose })])
  })
})

async function start(driver: Driver, nests: boolean) {
  const events: Event[] = []
  const app = await driver.build(applicationOf((event) => void events.push(event), nests))
  return { events, app }
}

/** Hangs up once the server has the request, or the caller the start of the response. */
async function leave(
  url: string,
  server: NonNullable<Awaited<ReturnType<Driver['build']>>['server']>,
  path: string,
  at: 'request' | 'response',
): Promise<void> {
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const sent = get(url + path, { headers: bearer(), agent: false })
  sent.on('error', () => {})
  const [, response] = await arrived
  const closed = once(response, 'close')
  if (at === 'response') await once(sent, 'response')
  // The guard is through by then, in every framework: keys are fetched without a network.
  else for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  sent.destroy()
  await closed
}
