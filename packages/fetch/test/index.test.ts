import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createResourceServer, protect, requiredScopes, systemRuntime } from '../src/index.js'

const verifier = createDevVerifier()
const trust = {
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { ...systemRuntime, fetch: verifier.fetch },
} as const
const request = (token?: string) =>
  new Request(
    'https://orders.example.org/',
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  )

test('hands the caller and whatever the host passes on to the handler', async () => {
  const handler = protect(
    (_, auth, env: { region: string }, id: number) => Response.json([auth.kind, env.region, id]),
    trust,
  )
  expect(await (await handler(request(verifier.mint()), { region: 'eu' }, 7)).json()).toEqual([
    'machine',
    'eu',
    7,
  ])
})

test('one resource server serves many handlers, each with its requirement', async () => {
  const server = createResourceServer(trust)
  const read = protect(() => new Response('read'), server, { requirement: requiredScopes('read') })
  const write = protect(() => new Response('write'), server, {
    requirement: requiredScopes('write'),
  })
  const token = verifier.mint({ scope: 'read' })
  expect((await read(request(token))).status).toBe(200)
  expect((await write(request(token))).status).toBe(403)
})

test('an anonymous request passes where that is asked for, and the handler sees it', async () => {
  const handler = protect((_, auth) => Response.json(auth?.kind ?? null), trust, { optional: true })
  expect(await (await handler(request())).json()).toBeNull()
  expect((await handler(request('rubbish'))).status).toBe(401)
})

test("the handler's own errors stay its own", async () => {
  const handler = protect(() => Promise.reject(new Error('its own')), trust)
  await expect(handler(request(verifier.mint()))).rejects.toThrow('its own')
})

describe('close()', () => {
  test('ends the resource server that protect made: requests that need new keys get 503', async () => {
    const handler = protect(() => new Response(), trust)
    handler.close()
    expect((await handler(request(verifier.mint()))).status).toBe(503)
  })

  test('of a handler whose options come late ends what the first request makes', async () => {
    const handler = protect(
      () => new Response(),
      () => trust,
    )
    handler.close()
    expect((await handler(request(verifier.mint()))).status).toBe(503)
    const used = protect(
      () => new Response(),
      () => trust,
    )
    expect((await used(request(verifier.mint()))).status).toBe(200)
    used.close()
    expect((await used(request(verifier.mint({ claims: { jti: 'another' } })))).status).toBe(503)
  })

  test('leaves a resource server open that was passed', async () => {
    const server = createResourceServer(trust)
    const handler = protect(() => new Response(), server)
    handler.close()
    expect((await handler(request(verifier.mint()))).status).toBe(200)
    server.close()
  })
})

describe('a function in the place of options', () => {
  test('is called with the first request, and once', async () => {
    let calls = 0
    const handler = protect(
      (_, auth) => Response.json(auth.kind),
      () => {
        calls += 1
        return trust
      },
    )
    expect(calls).toBe(0)
    for (let time = 0; time < 2; time += 1)
      expect((await handler(request(verifier.mint()))).status).toBe(200)
    expect((await handler(request())).status).toBe(401)
    expect(calls).toBe(1)
  })

  test('is a mistake with each request where it gives no options, and no handler runs', async () => {
    const ran: number[] = []
    const handler = protect(
      () => (ran.push(1), new Response()),
      () => ({ issuer: process.env['NO_SUCH_ISSUER']!, audience: 'api' }),
    )
    for (let time = 0; time < 2; time += 1)
      await expect(handler(request(verifier.mint()))).rejects.toThrow(/expected "issuer"/)
    expect(ran).toEqual([])
  })
})

test('options before the handler are a mistake that says so', () => {
  expect(() => protect(trust as never, (() => new Response()) as never)).toThrow(
    /a function first: protect\(handler, options\), found an object: put the handler before/,
  )
})
