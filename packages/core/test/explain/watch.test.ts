import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResourceServer, requiredPower, systemRuntime } from '@verifier-guard/core'
import { watchDecisions } from '@verifier-guard/core/explain'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { PART_OF } from '../../src/explain/watch.js'

const SOURCES = join(__dirname, '../../src')
const verifier = createDevVerifier()
const api = createResourceServer({
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { ...systemRuntime, fetch: verifier.fetch, warn: () => {} },
})
let server: Server
let url: string

beforeAll(async () => {
  const watch = watchDecisions()
  server = createServer((request, response) => watch(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const open = (headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) =>
    get(url, { headers }, resolve).once('error', reject),
  )

interface Decision {
  readonly result: string
  readonly code?: string
  readonly cure?: string
  readonly checks: readonly { name: string; verdict: string }[]
}

/** The decision that is shown while something is done. */
async function shown(work: () => Promise<unknown>): Promise<Decision> {
  const stream = await open()
  const decision = new Promise<Decision>((resolve) => {
    stream.setEncoding('utf8').on('data', (text: string) => {
      const line = text.split('\n').find((one) => one.startsWith('data: '))
      if (line !== undefined) resolve(JSON.parse(line.slice('data: '.length)) as Decision)
    })
  })
  await work().catch(() => {})
  const found = await decision
  stream.destroy()
  return found
}

const marks = ({ checks }: Decision) => checks.map(({ verdict }) => verdict[0]).join('')

test('a decision is shown with each check ticked', async () => {
  const decision = await shown(() => api.verifyAccessToken(verifier.mint()))
  expect(decision.result).toBe('allowed')
  expect(marks(decision)).toBe('pppppppp')
})

test.each([
  ['form', 'four-parts', 'pfsssssss'],
  ['signature', 'foreign-key', 'ppppfssss'],
  ['claims', 'expired', 'pppppfsss'],
] as const)(
  'a refusal by %s crosses that check, and what was not asked',
  async (name, broken, all) => {
    const token = verifier.mintBroken(broken)
    const decision = await shown(() => api.verifyAccessToken(token))
    expect(marks(decision)).toBe(all)
    expect(decision.checks.find(({ verdict }) => verdict === 'failed')?.name).toBe(name)
    expect(decision.cure).toBeTruthy()
    expect(JSON.stringify(decision)).not.toContain(token.split('.')[1])
  },
)

test.each([
  ['a proof that no resource server can check', 'DPoP', undefined],
  ['several proofs', 'DPoP', 'one, other'],
])('%s crosses the first check: nothing was read of the token', async (_, scheme, dpop) => {
  const bound = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    ...(dpop !== undefined && { resource: 'https://api.example.org' }),
    runtime: { ...systemRuntime, fetch: verifier.fetch, warn: () => {} },
  })
  const headers = { authorization: `${scheme} ${verifier.mint()}`, ...(dpop && { dpop }) }
  const request = { method: 'GET', url: '/', headers }
  const decision = await shown(() => bound.authenticate(request))
  expect(marks(decision)).toBe('fssssssss')
  bound.close()
})

test('every check that a denial may state is a part of the decision', () => {
  const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(SOURCES, path), 'utf8'))
  const checks = new Set(
    sources.flatMap((text) => [...text.matchAll(/\bcheck: '([a-z-]+)'/g)].map(([, name]) => name!)),
  )
  checks.delete('options')
  expect([...checks].sort()).toEqual(Object.keys(PART_OF).sort())
})

test('a missing power crosses the last check, with the cure', async () => {
  const power = requiredPower({ domain: 'DOME', function: 'Order', action: 'Read' })
  const decision = await shown(() => api.verifyAccessToken(verifier.mint(), power))
  expect(decision.code).toBe('power_missing')
  expect(marks(decision)).toBe('ppppppppf')
})

describe('decisions are shown on this machine alone', () => {
  test.each([
    ['another host, as by DNS rebinding', { host: 'evil.example' }],
    ['a host that only begins like one of this machine', { host: '127.0.0.1.evil.example' }],
    ['a page', { origin: 'http://evil.example' }],
    ['a page, by its site', { 'sec-fetch-site': 'same-origin' }],
    ['a caller behind a proxy', { 'x-forwarded-for': '192.0.2.1' }],
    ['a caller behind a standard proxy', { forwarded: 'for=192.0.2.1' }],
  ])('%s gets 403', async (_, headers) => {
    const answer = await open(headers)
    expect(answer.statusCode).toBe(403)
    answer.resume()
  })

  test('another machine gets 403', () => {
    const answers: number[] = []
    watchDecisions()(
      { headers: { host: '127.0.0.1' }, socket: { remoteAddress: '192.0.2.7' } },
      {
        writeHead: (status) => answers.push(status),
        write: () => {},
        end: () => {},
        on: () => {},
      },
    )
    expect(answers).toEqual([403])
  })

  test('the handler is not made with NODE_ENV=production', () => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      expect(() => watchDecisions()).toThrow('found NODE_ENV=production')
    } finally {
      process.env['NODE_ENV'] = before
    }
  })
})
