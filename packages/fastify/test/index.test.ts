import { channel } from 'node:diagnostics_channel'
import { systemRuntime } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import {
  auth,
  authOf,
  GuardError,
  requiredScopes,
  type GuardedRequest,
} from '@verifier-guard/fastify'
import fastify5, { type FastifyInstance, type FastifyPluginCallback } from 'fastify'
import fastify4 from 'fastify4'

const verifier = createDevVerifier()
const options = {
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { ...systemRuntime, fetch: verifier.fetch },
  // Its tests refuse on purpose.
  events: { denied: () => {} },
} as const
const bearer = (scope = '') => ({ authorization: `Bearer ${verifier.mint({ scope })}` })
const forged = { authorization: `Bearer ${verifier.mintBroken('wrong-issuer')}` }
const misconfigured = {
  error: 'server_error',
  error_description: 'The server is not configured correctly',
}
const invalid = { error: 'invalid_token', error_description: 'The access token is invalid' }

describe.each([
  ['fastify 4', fastify4 as unknown as typeof fastify5],
  ['fastify 5', fastify5],
])('%s', (_, fastify) => {
  const asked = requiredScopes('offers:write')
  const create = (build: (app: FastifyInstance) => unknown) => {
    const app = fastify()
    build(app)
    return app
  }
  const guarded = (build: (scope: FastifyInstance) => unknown) =>
    create(
      (app) =>
        void app.register(auth(options)).register((scope, _, done) => (build(scope), done())),
    )
  const statusOf = async (app: FastifyInstance, headers = {}, url = '/') =>
    (await app.inject({ url, headers })).statusCode

  describe('a route that asks for something', () => {
    const stated = {
      'in its config': { config: { auth: asked } },
      'as onRequest': { onRequest: asked },
      'as preHandler': { preHandler: asked },
    }

    test.each(Object.entries(stated))('%s: is decided on behind a guard', async (_, route) => {
      const app = guarded((scope) => scope.get('/', route, () => 'in'))
      expect(await statusOf(app)).toBe(401)
      expect(await statusOf(app, bearer())).toBe(403)
      expect(await statusOf(app, bearer('offers:write'))).toBe(200)
    })

    const within =
      (build: (scope: FastifyInstance) => unknown): FastifyPluginCallback =>
      (scope, _, done) => (build(scope), done())

    test.each(Object.entries(stated))(
      '%s: is closed without one, once a guard stands somewhere',
      async (_, route) => {
        const app = create((app) => {
          app.register(within((scope) => scope.register(auth(options))))
          app.register(within((scope) => scope.get('/beside', route, () => 'in')))
          app.register(
            within((scope) => scope.get('/deep', route, () => 'in')),
            { prefix: '/and' },
          )
          app.after(() => app.get('/own', route, () => 'in'))
        })
        for (const url of ['/beside', '/and/deep', '/own']) {
          const { statusCode, body } = await app.inject({ url, headers: bearer('offers:write') })
          expect({ statusCode, body: JSON.parse(body) as unknown }).toEqual({
            statusCode: 500,
            body: misconfigured,
          })
        }
      },
    )

    test.each(['onRequest', 'preHandler'])(
      'as %s: is closed where no guard stands at all',
      async (place) => {
        const app = create((app) => app.get('/', { [place]: asked }, () => 'in'))
        expect(await statusOf(app, bearer('offers:write'))).toBe(500)
      },
    )

    test('keeps the hooks that it has', async () => {
      const seen: string[] = []
      const hook = (name: string) => (_: unknown, __: unknown, done: () => void) => (
        seen.push(name),
        done()
      )
      const app = guarded((scope) =>
        scope.get('/', { config: { auth: asked }, onRequest: [hook('a'), hook('b')] }, () => 'in'),
      )
      expect(await statusOf(app, bearer('offers:write'))).toBe(200)
      expect(seen).toEqual(['a', 'b'])
    })

    test.each([['a string'], [null], [true]])('by %p in its config is refused', async (wrong) => {
      const app = guarded((scope) =>
        scope.get('/', { config: { auth: wrong } as object }, () => 'in'),
      )
      expect(await statusOf(app, bearer())).toBe(500)
    })
  })

  test('an application without a guard is as if this package were not there', async () => {
    expect(channel('fastify.initialization').hasSubscribers).toBe(false)
    const app = create((app) => app.get('/', (request) => authOf(request).clientId))
    // What Fastify makes of any error of an application.
    expect((await app.inject('/')).json()).toEqual({
      statusCode: 500,
      code: 'invalid_configuration',
      error: 'Internal Server Error',
      message: expect.stringContaining('put auth({ … }) ahead of the route') as unknown,
    })
  })

  test('config of other libraries is theirs where no guard stands', async () => {
    expect(
      await statusOf(
        create((app) => app.get('/', { config: { auth: 'jwt' } as object }, () => 'in')),
      ),
    ).toBe(200)
  })

  describe('another plugin that decorates requests with "auth"', () => {
    const answer = (request: GuardedRequest) => ({
      theirs: request.auth as unknown,
      ours: authOf(request).kind,
    })
    const ask = async (app: FastifyInstance) =>
      (await app.inject({ url: '/', headers: bearer() })).json<unknown>()

    test('before the guard keeps its own', async () => {
      const app = create((app) => {
        app.decorateRequest('auth', { getter: () => 'theirs' } as never)
        app.register(auth(options)).get('/', answer)
      })
      expect(await ask(app)).toEqual({ theirs: 'theirs', ours: 'machine' })
    })

    test('after the guard keeps its own', async () => {
      const app = create((app) => {
        app.register(auth(options)).after(() => {
          app.decorateRequest('auth', 'theirs' as never)
          app.get('/', answer)
        })
      })
      expect(await ask(app)).toEqual({ theirs: 'theirs', ours: 'machine' })
    })

    test('within a scope of its own leaves ours to the others', async () => {
      const app = guarded((scope) => {
        scope.register(
          (inner, _, done) => (inner.decorateRequest('auth', 'theirs' as never), done()),
        )
        scope.get('/', (request: GuardedRequest) => ({ same: request.auth === authOf(request) }))
      })
      expect(await ask(app)).toEqual({ same: true })
    })
  })

  describe('a refusal', () => {
    const ask = async (app: FastifyInstance) => {
      const { statusCode, headers, body } = await app.inject({ url: '/', headers: forged })
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="api", error="invalid_token"/)
      return {
        status: statusCode,
        type: headers['content-type'],
        body: JSON.parse(body) as unknown,
      }
    }
    const standard = { status: 401, type: 'application/json; charset=utf-8', body: invalid }

    test('is answered where the application does not', async () => {
      expect(await ask(guarded((scope) => scope.get('/', () => 'in')))).toEqual(standard)
    })

    test('is answered the same where error handlers pass it on, and each of them gets the error itself', async () => {
      const seen: unknown[] = []
      const app = create((app) => {
        app.setErrorHandler((error, _, reply) => (seen.push(error), reply.send(error)))
        app.register((scope, _, done) => {
          scope.setErrorHandler((error) => {
            seen.push(error)
            throw error
          })
          scope.register(auth(options)).get('/', () => 'in')
          done()
        })
      })
      expect(await ask(app)).toEqual(standard)
      expect(seen).toEqual([expect.any(GuardError), expect.any(GuardError)])
      expect(seen[0]).toMatchObject({ code: 'issuer_not_trusted' })
    })

    test.each([
      [
        'sends',
        (_: unknown, __: unknown, reply: { send(body: unknown): unknown }) =>
          void reply.send({ own: true }),
      ],
      ['returns', () => Promise.resolve({ own: true })],
    ])('is left to an error handler that %s an answer', async (_, handler) => {
      const app = create((app) => {
        app.setErrorHandler(handler as never)
        app.register(auth(options)).get('/', () => 'in')
      })
      expect(await ask(app)).toEqual({ ...standard, body: { own: true } })
    })

    test('fits a response schema that describes it, and survives one that does not', async () => {
      for (const name of ['error_description', 'another']) {
        const schema = {
          type: 'object',
          required: [name],
          properties: { [name]: { type: 'string' } },
        }
        const app = guarded((scope) =>
          scope.get('/', { schema: { response: { 401: schema } } }, () => 'in'),
        )
        expect(await ask(app)).toEqual(standard)
      }
    })

    test('reaches onError hooks and the log, as every error does', async () => {
      const seen: unknown[] = []
      const app = guarded((scope) => {
        scope.addHook('onError', (_, __, error, done) => (seen.push(error), done()))
        scope.get('/', () => 'in')
      })
      await ask(app)
      expect(seen).toEqual([expect.any(GuardError)])
    })
  })

  describe('one line at the start says what is open', () => {
    const open = { config: { auth: false } } as object

    /** What an application logs until it is ready. */
    const linesOf = async (build: (app: FastifyInstance) => unknown) => {
      const lines: { level: number; msg: string }[] = []
      const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0])
      const app = fastify({ logger: { stream: { write } } })
      await build(app)
      await app.ready()
      await app.close()
      return lines.map(({ level, msg }) => `${level === 40 ? 'warn' : 'info'} ${msg}`)
    }
    const ADVICE =
      'Register auth() in the scope of each, and state config: { auth: false } on what stays open'

    test('of routes stated before and after a guard, deep and shallow', async () => {
      const lines = await linesOf(async (app) => {
        app.get('/health', () => 'up')
        app.all('/help/:page', () => 'help')
        await app.register(
          (api, _, done) => {
            api.get('/early', () => 'in')
            api.register(auth(options))
            api.register((deep, _, done) => (deep.post('/deep/*', () => 'in'), done()))
            api.after(() => api.get('/prices', open, () => 'in'))
            done()
          },
          { prefix: '/api' },
        )
        app.get('/status', open, () => 'up')
        app.get('/heap', { onRequest: [(_, __, done) => done()] }, () => 'up')
        app.get('/health/deep', { constraints: { version: '1.0.0' } }, () => 'up')
      })
      expect(lines).toEqual([
        expect.stringMatching(/^warn verifier-guard: 2 guarded, 2 public, \d+ open: [^.]+\. /),
      ])
      for (const one of ['GET /health,', 'GET /help/:page', 'GET /heap', 'GET /health/deep'])
        expect(lines[0]).toContain(one)
      expect(lines[0]).toContain(ADVICE)
    })

    test('with every open route by its method and path', async () => {
      const lines = await linesOf((app) => {
        app.register((api, _, done) => (api.register(auth(options)), done()))
        app.get('/heap', { onRequest: [(_, __, done) => done()] }, () => 'up')
        app.post('/heap', () => 'up')
        app.get('/health/:deep', { constraints: { version: '1.0.0' } }, () => 'up')
        app.get('/files/*', () => 'up')
        app.options('*', () => 'up')
      })
      expect(lines).toEqual([
        `warn verifier-guard: 0 guarded, 4 open: GET /heap, POST /heap, GET /health/:deep, GET /files/*. ${ADVICE}`,
      ])
    })

    test('of a version that nothing states as public, beside one that is', async () => {
      const v1 = { constraints: { version: '1.0.0' }, config: { auth: false } } as const
      const lines = await linesOf((app) => {
        app.register(async (api) => {
          await api.register(auth(options))
          api.get('/v', v1, () => 'up')
        })
        app.get('/v', () => 'forgotten')
      })
      expect(lines).toEqual([
        expect.stringMatching(/^warn verifier-guard: .*open: (GET \/v, )?GET \/v\. /),
      ])
    })

    test('of a scope beside that of the guard, and of one that was loaded before it', async () => {
      const lines = await linesOf((app) => {
        app.register((beside, _, done) => (beside.get('/beside', () => 'in'), done()))
        app.register((api, _, done) => {
          api.register((early, _, done) => (early.get('/early', () => 'in'), done()))
          api.register(auth(options)).get('/own', () => 'in')
          done()
        })
      })
      expect(lines).toEqual([`warn verifier-guard: 2 guarded, 1 open: GET /beside. ${ADVICE}`])
    })

    test('once for several guards, and optional ones by their name', async () => {
      const lines = await linesOf((app) => {
        app.register((one, _, done) => {
          one.register(auth(options, { optional: true })).get('/one', () => 'in')
          one.register(
            (both, _, done) => (both.register(auth(options)).get('/both', () => 'in'), done()),
          )
          done()
        })
        app.register(
          (other, _, done) => (other.register(auth(options)).get('/other', () => 'in'), done()),
        )
      })
      expect(lines).toEqual(['info verifier-guard: 2 guarded, 1 optional'])
    })

    test('and no start fails for it, whatever the application has printed of its routes', async () => {
      const routerOptions = { buildPrettyMeta: () => undefined }
      const app = fastify({ routerOptions } as object)
      app.register(auth(options)).get('/', () => 'in')
      expect(await statusOf(app)).toBe(401)
    })

    test('and nothing without a guard', async () => {
      expect(await linesOf((app) => app.get('/', () => 'in'))).toEqual([])
    })
  })

  test("the handler's own error is Fastify's to answer", async () => {
    const app = guarded((scope) => scope.get('/', () => Promise.reject(new Error('own'))))
    const answer = await app.inject({ url: '/', headers: bearer() })
    expect(answer.json()).toMatchObject({ statusCode: 500, message: 'own' })
  })
})
