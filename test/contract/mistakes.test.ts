import type { GuardError } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import * as ofExpress from '@verifier-guard/express'
import * as ofFastify from '@verifier-guard/fastify'
import Fastify from 'fastify'
import { heard, type Application, type Call, type Driver, type Mount } from './application.js'
import { driversFor } from './drivers/index.js'
import { send } from './send.js'

const verifier = createDevVerifier()
const runtime = { ...ofExpress.systemRuntime, fetch: verifier.fetch }
const options = { issuer: verifier.issuer, profile: 'eudistack', runtime, events: heard } as const
const bearer = { authorization: `Bearer ${verifier.mint({ tenant: 'kpmg' })}` }

type Read = 'optionalAuthOf' | 'authOf'

const who = (auth: ofExpress.AuthContext | undefined) => auth?.tenant ?? 'anonymous'
const answers = (read: Read) => ({
  method: 'get' as const,
  path: '/who',
  handle: (call: Call) => who(call[read]()),
})

/** What stands before a route that tells who calls: a guard or a requirement, called or not. */
const before = {
  'auth()': (read: Read) => ({ options, routes: [answers(read)] }),
  'auth(), optional': (read: Read) => ({
    options,
    authOptions: { optional: true },
    routes: [answers(read)],
  }),
  auth: (read: Read) => ({ uncalled: true, routes: [answers(read)] }),
  'requiredScopes()': (read: Read) => ({
    routes: [
      { ...answers(read), requirement: ({ requiredScopes }) => requiredScopes('orders:read') },
    ],
  }),
  requiredScopes: (read: Read) => ({
    routes: [{ ...answers(read), requirement: ({ requiredScopes }) => requiredScopes as never }],
  }),
  nothing: (read: Read) => ({ routes: [answers(read)] }),
} satisfies Readonly<Record<string, (read: Read) => Omit<Mount, 'path'>>>
type Before = keyof typeof before

/** One request to an application of its own, and the errors that its framework saw. */
async function ask(driver: Driver, stands: Before, read: Read, headers = {}) {
  const messages: string[] = []
  const application: Application = {
    // The mistake stands beside a guard, as it does in an application.
    mounts: [
      { path: '/guarded', options, routes: [] },
      { path: '/orders', ...before[stands](read) },
    ],
    errors: {
      way: driver.errorWays.passing[0]!,
      answer: (error) => void messages.push((error as Error).message),
    },
  }
  const app = await driver.build(application)
  const { status, body } = await send(`${app.url}/orders/who`, 'GET', headers)
  await app.close()
  return { status, body, messages }
}

// Where the last resorts of Express and Hono tell the operator.
beforeAll(() => void jest.spyOn(console, 'error').mockReturnValue())
afterAll(() => jest.restoreAllMocks())

describe.each(driversFor('mistakes'))('$name', (driver) => {
  const misconfigured = async (stands: Before, read: Read = 'optionalAuthOf') => {
    const { status, body, messages } = await ask(driver, stands, read, bearer)
    expect(status).toBe(500)
    // Nothing of the message, nor of the place in the code.
    expect(body).not.toMatch(/auth|required|optionalAuthOf|orders|\.[jt]s\b/)
    expect(messages).toHaveLength(1)
    return messages[0]
  }

  test.each<Before>(['auth()', 'auth(), optional'])(
    'optionalAuthOf gives the caller behind %s',
    async (stands) => {
      const caller = { status: 200, body: 'kpmg', messages: [] }
      expect(await ask(driver, stands, 'optionalAuthOf', bearer)).toEqual(caller)
    },
  )

  test('optionalAuthOf gives undefined for an anonymous caller', async () => {
    const anonymous = { status: 200, body: 'anonymous', messages: [] }
    expect(await ask(driver, 'auth(), optional', 'optionalAuthOf')).toEqual(anonymous)
  })

  test('authOf points an anonymous caller to optionalAuthOf', async () => {
    const { status, messages } = await ask(driver, 'auth(), optional', 'authOf')
    expect(status).toBe(500)
    expect(messages).toEqual([
      expect.stringContaining('use optionalAuthOf(…), or auth({ … }) without "optional"'),
    ])
  })

  test.each<Read>(['optionalAuthOf', 'authOf'])('%s without a guard is a mistake', async (read) => {
    expect(await misconfigured('nothing', read)).toContain('put auth({ … }) ahead of the route')
  })

  test('a requirement without a guard is a mistake', async () => {
    expect(await misconfigured('requiredScopes()')).toContain('put auth({ … }) ahead of the route')
  })

  test('a requirement and authOf go by what auth() decided, whoever is put in its place', async () => {
    const replaced = { scopes: ['orders:admin'], claims: {}, powers: [], kind: 'machine' }
    const app = await driver.build({
      mounts: [
        {
          path: '/orders',
          options,
          routes: [
            { ...answers('authOf'), replaced },
            {
              ...answers('authOf'),
              path: '/admin',
              replaced,
              requirement: ({ requiredScopes }) => requiredScopes('orders:admin'),
            },
          ],
        },
      ],
    })
    const ask = (path: string) => send(`${app.url}/orders/${path}`, 'GET', bearer)
    expect((await ask('who')).body).toBe('kpmg')
    expect((await ask('admin')).status).toBe(403)
    await app.close()
  })

  test('auth that is not called says so', async () => {
    expect(await misconfigured('auth')).toContain('call it: auth({ … })')
  })

  test('a requirement that is not called says so', async () => {
    expect(await misconfigured('requiredScopes')).toContain('call it: requiredScopes(…)')
  })
})

describe('fastify, besides', () => {
  test('auth called with an instance says so', () => {
    expect(() => ofFastify.auth(Fastify() as never, {})).toThrow('call it: auth({ … })')
  })

  test('auth registered without options is told of those', async () => {
    const app = Fastify().register(ofFastify.auth as never)
    await expect(app.ready()).rejects.toThrow(/expected.*"issuer"/)
  })

  test.each(['register(auth, options)', 'register(auth(options))'])(
    '%s guards, and an error handler that asks for the caller leaves a refusal one',
    async (way) => {
      const app = Fastify()
      if (way === 'register(auth, options)')
        await app.register(ofFastify.auth, { ...options, prefix: '/orders' })
      else await app.register(ofFastify.auth(options))
      app.setErrorHandler((error, request, reply) => {
        const caller = who(ofFastify.optionalAuthOf(request))
        return reply.code((error as GuardError).status).send(`no ${caller}`)
      })
      app.get('/', (request) => who(ofFastify.authOf(request)))
      const { statusCode, body, headers } = await app.inject('/')
      // What it asks for is the refusal again, so that Fastify answers that.
      expect([statusCode, JSON.parse(body)]).toEqual([
        401,
        { error_description: 'An access token is required' },
      ])
      expect(headers['www-authenticate']).toBe('Bearer realm="api"')
      expect((await app.inject({ url: '/', headers: bearer })).body).toBe('kpmg')
      await app.close()
    },
  )

  test('optionalAuthOf gives undefined on a route that its config opens', async () => {
    const app = Fastify().register(ofFastify.auth(options))
    app.register((scope, _, done) => {
      scope.get('/', { config: { auth: false } }, (request) =>
        who(ofFastify.optionalAuthOf(request)),
      )
      done()
    })
    expect((await app.inject('/')).body).toBe('anonymous')
  })
})

test('options with a wrong member are options still', () => {
  expect(() => ofExpress.auth({ ...options, headers: {} } as never)).toThrow(
    'found "headers": check the spelling',
  )
})
