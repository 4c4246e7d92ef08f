import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { channel } from 'node:diagnostics_channel'
import { diag } from '@opentelemetry/api'
import { createTokenSource } from '@verifier-guard/client'
import {
  createResourceServer,
  requiredPower as requiredPowerOf,
  requiredRule,
  systemRuntime,
  type GuardError,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { auth, requiredPower } from '@verifier-guard/express'
import express from 'express'
import request from 'supertest'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { METRICS } from '../src/metrics.js'
import { startTelemetry } from '../src/index.js'
import { collecting } from './collected.js'

const verifier = createDevVerifier()
const { issuer } = verifier
const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const CREATE = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }
const DELETE = { ...CREATE, action: 'Delete' }
const [mayCreate, mayDelete] = [requiredPowerOf(CREATE), requiredPowerOf(DELETE)]

const open: (() => void)[] = []
afterEach(() => open.splice(0).forEach((close) => close()))

/** Telemetry, and a resource server whose clocks the test holds. */
function setUp(options: Partial<ResourceServerOptions> = {}) {
  let passed = 0
  const clocks = {
    now: () => Date.now() + passed,
    monotonic: () => performance.now() + passed,
    warn: () => {},
  }
  const collected = collecting(clocks)
  const server = createResourceServer({
    issuer,
    profile: 'eudistack',
    keySet: { prefetch: false },
    events: { keySetFailed() {}, denied() {} },
    runtime: { ...clocks, fetch: verifier.fetch },
    ...options,
  })
  open.push(collected.stop, server.close)
  const call = (token: string) => server.authenticate(bearing(token)).catch(() => {})
  return {
    ...collected,
    server,
    call,
    clocks,
    pass: (seconds: number) => void (passed += seconds * 1_000),
  }
}

describe('a decision is measured', () => {
  const NAME = 'verifier_guard.authentication.duration'
  const good = { result: 'allowed', scheme: 'Bearer', issuer }

  test('by its result, whether the token was known, and the configured issuer', async () => {
    const { call, series, server } = setUp()
    const token = verifier.mint()
    for (let time = 1; time <= 4; time += 1) await call(token)
    await call(verifier.mintBroken('expired'))
    await server.authenticate({ headers: {} }).catch(() => {})
    expect(await series(NAME)).toEqual([
      { attributes: { ...good, cached: false }, value: 2 },
      { attributes: { ...good, cached: true }, value: 2 },
      {
        attributes: { ...good, cached: false, result: 'denied', 'error.type': 'token_expired' },
        value: 1,
      },
      {
        attributes: { result: 'denied', 'error.type': 'token_missing', issuer: 'other' },
        value: 1,
      },
    ])
  })

  test('as unavailable where nothing could be decided', async () => {
    const { call, series } = setUp({
      runtime: { warn() {}, fetch: () => Promise.reject(new TypeError('fetch failed')) },
    })
    await call(verifier.mint())
    expect(await series(NAME)).toMatchObject([
      { attributes: { result: 'unavailable', 'error.type': 'keys_unavailable', issuer } },
    ])
  })

  test('as allowed where only the requirement refused: the token was good', async () => {
    const { server, series } = setUp()
    await server.authenticate(bearing(verifier.mint()), mayDelete).catch(() => {})
    expect(await series(NAME)).toMatchObject([{ attributes: good }])
  })

  test('as failed where the application itself did', async () => {
    const { server, series } = setUp()
    const broken = {
      headers: {
        get(): never {
          throw new RangeError('a bug')
        },
      },
    }
    await server.authenticate(broken).catch(() => {})
    expect(await series(NAME)).toMatchObject([
      { attributes: { result: 'failed', 'error.type': '_OTHER' } },
    ])
  })

  test('under the template for its tenants, and as other for whoever is not configured', async () => {
    const template = issuer.replace('verifier.', '{tenant}.')
    const { call, series } = setUp({ issuer: template, audience: issuer })
    await call(verifier.mint())
    await call(verifier.mint({ claims: { iss: 'https://invented.example.org' } }))
    expect((await series(NAME)).map(({ attributes }) => attributes['issuer'])).toEqual([
      template,
      'other',
    ])
  })
})

describe('a request is counted', () => {
  const NAME = 'verifier_guard.authorization.attempts'

  test('by its result, the requirement, and the code of a denial', async () => {
    const { server, call, series } = setUp()
    const token = verifier.mint()
    await call(token)
    await server.authenticate(bearing(token), mayCreate)
    await server.authenticate(bearing(token), mayDelete).catch(() => {})
    await server.authenticate({ headers: {} }).catch(() => {})
    expect(await series(NAME)).toEqual([
      { attributes: { result: 'allowed' }, value: 1 },
      { attributes: { result: 'allowed', requirement: mayCreate.name }, value: 1 },
      {
        attributes: {
          result: 'denied',
          'error.type': 'power_missing',
          requirement: mayDelete.name,
        },
        value: 1,
      },
      { attributes: { result: 'denied', 'error.type': 'token_missing' }, value: 1 },
    ])
  })

  test('by the route of its framework, once for all guards', async () => {
    const { server, series } = setUp()
    const app = express()
    app.use(auth(server))
    app.get('/orders/:id', requiredPower(CREATE), (_req, res) => void res.sendStatus(204))
    app.delete('/orders/:id', requiredPower(DELETE), (_req, res) => void res.sendStatus(204))
    const authorization = `Bearer ${verifier.mint()}`
    await request(app).get('/orders/7').set({ authorization }).expect(204)
    await request(app).delete('/orders/7').set({ authorization }).expect(403)
    expect(await series(NAME)).toMatchObject([
      { attributes: { result: 'allowed', 'http.route': '/orders/:id' }, value: 1 },
      { attributes: { result: 'denied', 'http.route': '/orders/:id' }, value: 1 },
    ])
  })

  test('as several, where denials are sampled', async () => {
    const { call, series } = setUp({
      sampleDenied: 0.25,
      runtime: { fetch: verifier.fetch, random: () => 0 },
    })
    await call(verifier.mintBroken('expired'))
    expect(await series(NAME)).toMatchObject([{ value: 4 }])
  })

  test('on the server span, with its code and the id that the caller got', async () => {
    const { server, spans, withinServerSpan } = setUp({ correlationId: 'traceparent' })
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` }
    let answer: unknown
    await withinServerSpan(async () => {
      await server.authenticate({ headers }).catch((error: GuardError) => (answer = error.body))
    })
    const { attributes } = spans().find(({ name }) => name === 'GET /orders')!
    expect(attributes).toEqual({
      'verifier_guard.error.type': 'token_missing',
      'verifier_guard.correlation_id': trace,
    })
    expect(answer).toMatchObject({ correlation_id: trace })
  })

  test('under a bounded number of names: those beyond are other', async () => {
    const { series, server } = setUp()
    const token = verifier.mint()
    for (let index = 0; index < 110; index += 1)
      await server.authenticate(
        bearing(token),
        requiredRule(`rule ${index}`, () => true),
      )
    const names = (await series(NAME)).map(({ attributes }) => attributes['requirement'])
    expect(names).toHaveLength(101)
    expect((await series(NAME)).at(-1)).toEqual({
      attributes: { result: 'allowed', requirement: 'other' },
      value: 10,
    })
  })
})

describe('a span', () => {
  test('stands for a decision that waited, and for none from the token cache', async () => {
    const { call, spans, withinServerSpan } = setUp({ signatureThread: 'calling' })
    const token = verifier.mint()
    await withinServerSpan(async () => {
      for (let time = 1; time <= 4; time += 1) await call(token)
    })
    const [decision, server, ...others] = spans()
    expect(others).toEqual([])
    expect(decision).toMatchObject({
      name: 'verifier_guard.authenticate',
      kind: 0,
      attributes: { result: 'allowed', scheme: 'Bearer', cached: false, issuer },
      status: { code: 0 },
      parentSpanContext: { spanId: server!.spanContext().spanId },
    })
    expect(decision!.duration[0]).toBe(0)
  })

  test('is an error where nothing could be decided, and not for a bad token', async () => {
    const { call, spans, pass } = setUp()
    await call(verifier.mintBroken('expired'))
    verifier.fail('jwks', 'status-503')
    pass(100_000)
    await call(verifier.mint())
    verifier.heal()
    expect(
      spans().map(({ attributes, status }) => [attributes['error.type'], status.code]),
    ).toEqual([
      ['token_expired', 0],
      ['keys_unavailable', 2],
    ])
  })
})

describe('what is open is measured', () => {
  test('key sets by age, limits and staleness, and the token cache', async () => {
    const { call, series, metrics, pass } = setUp({ keySet: { maxAge: 60, maxStale: 600 } })
    const token = verifier.mint()
    for (let time = 1; time <= 3; time += 1) await call(token)
    const at = async (name: string) => (await series(`verifier_guard.${name}`))[0]
    expect(await at('key_set.keys')).toEqual({ attributes: { issuer }, value: 1 })
    expect(await at('key_set.max_age')).toEqual({ attributes: { issuer }, value: 60 })
    expect(await at('key_set.max_stale')).toEqual({ attributes: { issuer }, value: 600 })
    expect(await at('key_set.stale')).toEqual({ attributes: { issuer }, value: 0 })
    pass(61)
    expect((await at('key_set.age'))!.value).toBeGreaterThanOrEqual(61)
    expect(await at('key_set.stale')).toEqual({ attributes: { issuer }, value: 1 })
    expect((await metrics())['verifier_guard.token_cache.entries']).toEqual([
      { attributes: {}, value: 1 },
    ])
    expect((await at('token_cache.size'))!.value).toBeGreaterThan(1_000)
  })

  test('of several resource servers with one issuer, the worst counts', async () => {
    const { call, series, pass } = setUp({ keySet: { maxAge: 600 } })
    await call(verifier.mint())
    pass(30)
    const other = createResourceServer({
      issuer,
      profile: 'eudistack',
      runtime: { fetch: verifier.fetch },
    })
    open.push(other.close)
    await other.ready()
    const [age, ...more] = await series('verifier_guard.key_set.age')
    expect(age!.value).toBeGreaterThanOrEqual(30)
    expect(more).toEqual([])
  })

  test('a closed resource server is not', async () => {
    const { call, series, server } = setUp()
    await call(verifier.mint())
    server.close()
    expect(await series('verifier_guard.key_set.age')).toEqual([])
  })
})

describe('what is fetched is measured', () => {
  test('key sets by issuer and failure', async () => {
    const { server, series } = setUp()
    await server.ready()
    const other = createResourceServer({
      issuer: 'https://away.example.org',
      audience: 'orders',
      events: { keySetFailed() {} },
      runtime: { fetch: () => Promise.reject(new TypeError('fetch failed')) },
    })
    open.push(other.close)
    await other.ready().catch(() => {})
    expect(await series('verifier_guard.key_set.fetch.duration')).toEqual([
      { attributes: { issuer }, value: 1 },
      {
        attributes: { issuer: 'https://away.example.org', 'error.type': 'unreachable' },
        value: 1,
      },
    ])
  })

  test('tokens of the client by issuer and failure, and when they end', async () => {
    const { series } = setUp()
    const { credential, privateKey } = verifier.issueMachineCredential()
    const tokens = createTokenSource({
      verifier: issuer,
      credential,
      privateKey: privateKey.hex,
      tries: 1,
      runtime: { fetch: verifier.fetch },
    })
    open.push(tokens.close)
    const token = await tokens.getToken()
    expect(await series('verifier_guard.client.token_request.duration')).toEqual([
      { attributes: { issuer }, value: 1 },
    ])
    const [expires] = await series('verifier_guard.client.token.expires_in')
    expect(expires!.attributes).toEqual({ issuer })
    expect(expires!.value).toBeGreaterThan(0)
    expect((await series('verifier_guard.client.credential.expires_in'))[0]!.value).toBeGreaterThan(
      expires!.value,
    )
    expect(token).toMatch(/^ey/)
  })
})

test('nothing from a token becomes an attribute', async () => {
  const { call, metrics, spans, server } = setUp()
  const secret = 'very-telling-text'
  const token = verifier.mint({
    claims: { jti: secret, sub: secret, tenant: secret, client_id: secret, iss: issuer },
    header: { kid: secret },
  })
  await call(token)
  await call(verifier.mint({ claims: { jti: secret, sub: secret, client_id: secret } }))
  await call(verifier.mint({ claims: { iss: `https://${secret}.example.org`, aud: secret } }))
  await server
    .authenticate(bearing(verifier.mint({ claims: { sub: secret } })), mayDelete)
    .catch(() => {})
  const written = JSON.stringify([await metrics(), spans().map(({ attributes }) => attributes)])
  expect(written).toContain(issuer)
  expect(written).not.toContain(secret)
  expect(written).not.toContain(token.slice(-20))
})

describe('telemetry', () => {
  test('ends with stop()', async () => {
    const { call, series, stop } = setUp()
    await call(verifier.mint())
    stop()
    await call(verifier.mint())
    expect(await series('verifier_guard.authentication.duration')).toMatchObject([{ value: 1 }])
    expect(await series('verifier_guard.key_set.age')).toEqual([])
  })

  test('says so where no metric can leave', () => {
    const warnings: string[] = []
    const warn = (message: string) => void warnings.push(message)
    startTelemetry({ runtime: { ...systemRuntime, warn } }).stop()
    expect(warnings).toEqual([expect.stringContaining('Start the OpenTelemetry SDK first')])
  })

  test('never lets a fault of its own reach the process', () => {
    const { stop } = setUp()
    const logged: unknown[] = []
    const log = (...parameters: unknown[]) => void logged.push(parameters)
    diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} })
    // Not an event that core publishes: the listener reads members of what is none.
    channel('verifier-guard:denied').publish(null)
    diag.disable()
    stop()
    expect(logged).toMatchObject([
      [expect.stringContaining('could not record verifier-guard:denied'), expect.any(TypeError)],
    ])
  })

  test('has a row of the README for each metric', () => {
    const page = readFileSync(join(__dirname, '../README.md'), 'utf8')
    const rows = page
      .split('\n')
      .filter((line) => line.startsWith('| `verifier_guard.'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    expect(rows).toEqual(
      Object.entries(METRICS).map(([name, { kind, unit, attributes, says }]) => [
        `\`${name}\``,
        unit === '' ? kind : `${kind}, \`${unit}\``,
        attributes.map((attribute) => `\`${attribute}\``).join(', ') || 'none',
        says,
      ]),
    )
  })
})
