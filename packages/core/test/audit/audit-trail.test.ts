import { Writable } from 'node:stream'
import { auth, requiredPower } from '@verifier-guard/express'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import express from 'express'
import pino from 'pino'
import request from 'supertest'
import { createApi } from '../../../../test/dpop/api.js'
import { createHolder } from '../../../../test/dpop/holder.js'
import { auditTrail, type AuditEntry, type AuditTrailOptions } from '../../src/audit/audit-trail.js'
import { createResourceServer, type ResourceServerOptions } from '../../src/index.js'

const verifier = createDevVerifier()
const CREATE = { domain: 'DOME', function: 'ProductOffering', action: 'Create' }
const NOW = Date.parse('2026-11-28T12:00:00.250Z')

const open: (() => void)[] = []
afterEach(() => open.splice(0).forEach((close) => close()))

/** An API that writes an audit trail, and what was written. */
function start(
  options: Partial<AuditTrailOptions> = {},
  serverOptions: Partial<ResourceServerOptions> = {},
) {
  const entries: AuditEntry[] = []
  const warnings: string[] = []
  const audit = auditTrail({
    write: (entry) => void entries.push(entry),
    runtime: { now: () => NOW, warn: (message) => void warnings.push(message) },
    ...options,
  })
  const server = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    events: { ...audit.events, keySetFailed() {} },
    runtime: { fetch: verifier.fetch },
    ...serverOptions,
  })
  open.push(server.close)
  const app = express()
  app.use(auth(server))
  app.post('/offers/:id', requiredPower(CREATE), (_req, res) => void res.sendStatus(204))
  const post = (token: string, headers: Record<string, string> = {}) =>
    request(app)
      .post('/offers/7?secret=1')
      .set({ authorization: `Bearer ${token}`, ...headers })
  return { entries, warnings, audit, post }
}

const mandator = { organizationIdentifier: 'VATES-B12345678' }

describe('a line of the audit trail', () => {
  const known = {
    time: '2026-11-28T12:00:00.250Z',
    method: 'POST',
    route: '/offers/:id',
    issuer: verifier.issuer,
    clientId: expect.stringMatching(/^did:key:/) as string,
    organizationIdentifier: 'VATES-B12345678',
    kind: 'machine',
  }
  const requirement = expect.stringContaining('ProductOffering') as string

  test('says who called which route, and that it was allowed', async () => {
    const { entries, post } = start()
    await post(verifier.mint({ mandator })).expect(204)
    expect(entries).toEqual([{ ...known, result: 'allowed', requirement }])
  })

  test('says why a caller was refused', async () => {
    const { entries, post } = start()
    await post(verifier.mint({ mandator, powers: [] })).expect(403)
    expect(entries).toEqual([
      {
        ...known,
        result: 'denied',
        code: 'power_missing',
        status: 403,
        requirement,
        fingerprint: expect.stringMatching(/^[\w-]{16}$/) as string,
      },
    ])
  })

  test('tells what could not be decided from what was denied', async () => {
    const { entries, post } = start(
      {},
      { runtime: { fetch: () => Promise.reject(new TypeError('fetch failed')) } },
    )
    await post(verifier.mint()).expect(503)
    expect(entries).toMatchObject([
      { result: 'unavailable', code: 'keys_unavailable', status: 503 },
    ])
  })

  test('holds no token, no path, and no person', async () => {
    const { entries, post } = start()
    const person = { firstName: 'Ada', lastName: 'Example', email: 'ada@example.org' }
    const good = verifier.mint({ mandatee: person, claims: { sub: 'ada@example.org' } })
    const bad = verifier.mint({ mandatee: person, powers: [] })
    await post(good)
    await post(bad)
    const written = JSON.stringify(entries)
    expect(entries).toHaveLength(2)
    for (const secret of [good.slice(-20), bad.slice(-20), 'Ada', 'ada@', 'secret', '/offers/7'])
      expect(written).not.toContain(secret)
  })

  test('names of a person what is listed, and nothing else', async () => {
    const { entries, post } = start({ persons: ['subject', 'mandatorCommonName'] })
    const token = verifier.mint({
      mandator: { commonName: 'Ada Example', email: 'ada@example.org' },
      claims: { sub: 'the-subject' },
    })
    await post(token).expect(204)
    await post(verifier.mintBroken('expired')).expect(401)
    expect(entries.map(({ persons }) => persons)).toEqual([
      { subject: 'the-subject', mandatorCommonName: 'Ada Example' },
      undefined,
    ])
    expect(JSON.stringify(entries)).not.toContain('ada@example.org')
  })

  test('has the id that the caller got, which can be that of the trace', async () => {
    const { entries, post } = start({}, { correlationId: 'traceparent' })
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`
    const refused = await post('no-token', { traceparent }).expect(401)
    await post(verifier.mint(), { traceparent }).expect(204)
    expect(refused.body).toMatchObject({ correlation_id: trace })
    expect(entries.map(({ correlationId }) => correlationId)).toEqual([trace, trace])
  })
})

test.each([
  ['that is new', 0],
  ['that is remembered', 2],
])('a stolen bound token %s names no person', async (_, uses) => {
  const entries: AuditEntry[] = []
  const write = (entry: AuditEntry) => void entries.push(entry)
  const { events } = auditTrail({ write, persons: ['subject'] })
  const api = createApi({ events })
  for (let use = 0; use < uses; use += 1) await api.send(api.proof())
  entries.length = 0
  const byThief = createHolder().proof({
    url: 'https://api.example.org/orders',
    token: api.token,
    at: api.now(),
  })
  expect((await api.send(byThief)).code).toBe('dpop_key_mismatch')
  expect(entries).toHaveLength(1)
  expect(entries[0]).toMatchObject({ result: 'denied', issuer: 'https://as.example.org' })
  expect(entries[0]).not.toHaveProperty('persons')
  api.close()
})

describe('the audit trail writes', () => {
  test('lines of JSON to a stream of Node', async () => {
    const chunks: string[] = []
    const stream = new Writable({
      write: (chunk, _encoding, done) => (chunks.push(String(chunk)), done()),
    })
    const { post } = start({ write: stream })
    await post(verifier.mint())
    await post(verifier.mintBroken('expired'))
    const lines = chunks.join('').split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => (JSON.parse(line) as AuditEntry).result)).toEqual([
      'allowed',
      'denied',
    ])
  })

  test('lines to the destination of pino, and entries to its logger', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const logger = pino({ base: null, timestamp: false }, destination)
    const { post } = start({ write: (entry) => logger.info(entry, 'access') })
    await post(verifier.mint())
    await start({ write: destination }).post(verifier.mint())
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 30, msg: 'access', result: 'allowed', route: '/offers/:id' },
      { result: 'allowed', route: '/offers/:id' },
    ])
  })
})

describe('a line that is not written costs no request, and is counted', () => {
  const good = () => verifier.mint()

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('log is full')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('log is away'))],
  ])('where the function %s', async (_, fail) => {
    const entries: AuditEntry[] = []
    let fails = true
    const write = (entry: AuditEntry) => (fails ? fail() : entries.push(entry))
    const { audit, warnings, post } = start({ write })
    for (let time = 1; time <= 3; time += 1) await post(good()).expect(204)
    expect(audit.dropped()).toBe(3)
    fails = false
    await post(good()).expect(204)
    await post(good()).expect(204)
    expect(entries.map(({ dropped }) => dropped)).toEqual([3, undefined])
    expect(warnings).toEqual([expect.stringContaining('The audit trail drops lines')])
  })

  test('where a stream does not keep up: no more lines wait than may', async () => {
    const waiting: (() => void)[] = []
    const stream = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void waiting.push(done),
    })
    const { audit, post } = start({ write: stream, maxPending: 2 })
    for (let time = 1; time <= 5; time += 1) await post(good()).expect(204)
    expect(audit.dropped()).toBe(3)
    while (waiting.length > 0) {
      waiting.shift()!()
      await new Promise(setImmediate)
    }
    await post(good()).expect(204)
    expect(audit.dropped()).toBe(3)
  })

  test('where a stream breaks', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('the disk is full')),
    })
    const { audit, post } = start({ write: stream })
    await post(good()).expect(204)
    await post(good()).expect(204)
    await new Promise(setImmediate)
    expect(audit.dropped()).toBe(2)
  })
})

describe('a wrong option is refused at once', () => {
  test.each<[string, object, RegExp]>([
    ['no target', {}, /"write" as a stream or a function/],
    ['a path in the place of a stream', { write: '/var/log/audit' }, /found "\/var\/log\/audit"/],
    ['a person that is not known', { write() {}, persons: ['phone'] }, /found "phone"/],
    ['a bound that is none', { write() {}, maxPending: 0 }, /"maxPending" as a whole number/],
    ['another name', { write() {}, person: [] }, /found "person"/],
  ])('%s', (_, options, message) => {
    expect(() => auditTrail(options as AuditTrailOptions)).toThrow(message)
  })
})

describe("a listener of one's own that calls the trail", () => {
  async function deny(persons: AuditTrailOptions['persons'] = []) {
    const entries: AuditEntry[] = []
    const heard: string[] = []
    const audit = auditTrail({ write: (entry) => void entries.push(entry), persons })
    const server = createResourceServer({
      issuer: verifier.issuer,
      profile: 'eudistack',
      runtime: { fetch: verifier.fetch },
      events: {
        ...audit.events,
        denied(event) {
          audit.events.denied(event)
          heard.push(event.code)
        },
      },
    })
    open.push(server.close)
    const create = requiredPower(CREATE)
    await server.verifyAccessToken(verifier.mint(), create)
    await server.verifyAccessToken(verifier.mint({ powers: [] }), create).catch(() => {})
    return { entries, heard }
  }

  test('gets each denial, and the trail keeps its lines', async () => {
    const { entries, heard } = await deny()
    expect(heard).toEqual(['power_missing'])
    expect(entries.map(({ result }) => result)).toEqual(['allowed', 'denied'])
  })

  test('hands on no person, who is named of allowed requests alone', async () => {
    const { entries } = await deny(['subject'])
    expect(entries.map(({ persons }) => persons !== undefined)).toEqual([true, false])
  })
})
