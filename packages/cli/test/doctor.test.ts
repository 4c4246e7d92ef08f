import { createPrivateKey } from 'node:crypto'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { SEALS } from '../../core/test/fixtures/certificates.js'
import { command, type Ran, type World } from './support.js'

interface Finding {
  readonly name: string
  readonly mark: string
  readonly found: string
  readonly cure?: string
}

interface Report {
  readonly healthy: boolean
  readonly findings: readonly Finding[]
  readonly meanings: readonly object[]
}

let verifier: DevVerifier
const servers: Server[] = []

beforeEach(async () => {
  verifier = await startDevVerifier()
})
afterEach(async () => {
  await verifier.close()
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
const serve = (answer: RequestListener) => listen(createHttpServer(answer))

async function doctor(flags: string, world?: World): Promise<Ran & { report: Report }> {
  const ran = await command(`doctor --json ${flags}`, world)
  const report = (ran.out === '' ? {} : JSON.parse(ran.out)) as Report
  return { ...ran, report }
}

/** What is not good, by name. */
const faults = ({ findings }: Report) =>
  Object.fromEntries(
    findings.filter(({ mark }) => mark !== 'good').map(({ name, found }) => [name, found]),
  )

test('a healthy Verifier has no fault, and the options are said in words', async () => {
  const { exit, report } = await doctor(`--issuer ${verifier.issuer} --profile eudistack`)
  expect(faults(report)).toEqual({})
  expect([exit, report.healthy]).toEqual([0, true])
  expect(report.findings.map(({ name }) => name)).toEqual([
    ...['options', 'proxy', 'header size', 'tls', 'metadata', 'algorithms stated', 'addresses'],
    ...['keys', 'clock'],
  ])
  expect(report.meanings.length).toBeGreaterThan(8)
})

test('the report for people says what is accepted and refused', async () => {
  const { out } = await command(`doctor --issuer ${verifier.issuer} --profile eudistack`)
  expect(out).toContain(`accepts tokens whose "iss" is exactly ${verifier.issuer}`)
  expect(out).toContain('No fault was found.')
})

describe('a planted fault is found, with its cure', () => {
  const flags = (issuer = verifier.issuer) => `--issuer ${issuer} --profile eudistack`

  test('1. a slash too many in the issuer', async () => {
    const { exit, report } = await doctor(flags(`${verifier.issuer}/`))
    expect(exit).toBe(1)
    expect(faults(report)['issuer']).toBe(verifier.issuer)
    expect(report.findings.find(({ name }) => name === 'issuer')?.cure).toMatch(/slash/)
  })

  test('2. the context path is missing', async () => {
    const { exit, report } = await doctor(flags(new URL(verifier.issuer).origin))
    expect(exit).toBe(1)
    expect(faults(report)['metadata']).toMatch(/404 from/)
    expect(report.findings.find(({ name }) => name === 'metadata')?.cure).toContain('/verifier')
  })

  test('3. nothing listens there', async () => {
    const closed = await startDevVerifier()
    await closed.close()
    const { exit, report } = await doctor(flags(closed.issuer))
    expect(exit).toBe(3)
    expect(faults(report)['metadata']).toMatch(/connection failed/)
  })

  test.each([
    ['behind', -120_000, 1],
    ['ahead', 120_000, 1],
    ['ahead', 12_000, 0],
  ])('4. the clock is %s by %i ms', async (where, offset, status) => {
    const { exit, report } = await doctor(flags(), { now: () => Date.now() + offset })
    expect(exit).toBe(status)
    expect(faults(report)['clock']).toContain(where)
  })

  test('5. no key fits the algorithms', async () => {
    const files = {
      'api.json': JSON.stringify({
        issuer: verifier.issuer,
        profile: 'eudistack',
        algorithms: ['RS256'],
      }),
    }
    const { exit, report } = await doctor('--config api.json', { files })
    expect(exit).toBe(1)
    expect(faults(report)['keys']).toContain('RS256')
  })

  test.each<[object, string | undefined]>([
    [{}, undefined],
    [{ resource: 'https://api.example.org' }, 'the memory of each process'],
    [{ resource: 'https://api.example.org', dpop: { mode: 'required' } }, 'the memory of each'],
    [{ resource: 'https://api.example.org', dpop: { mode: 'disabled' } }, undefined],
  ])('used proofs in the memory of a process: %j', async (more, found) => {
    const options = { issuer: verifier.issuer, profile: 'eudistack', ...more }
    const files = { 'api.json': JSON.stringify(options) }
    const { exit, report } = await doctor('--config api.json', { files })
    expect(exit).toBe(0)
    expect(faults(report)['used proofs']).toEqual(found && expect.stringContaining(found))
  })

  test('keys that all issuers share count for an issuer with settings of its own', async () => {
    const issuer = { issuer: verifier.issuer, audience: 'api' }
    const jwksUri = `${verifier.issuer}/nowhere`
    const files = { 'api.json': JSON.stringify({ issuer, jwksUri }) }
    const { report } = await doctor('--config api.json', { files })
    expect(faults(report)['keys']).toContain('/nowhere')
  })

  test('6. the key set is at an address inside a private network', async () => {
    verifier.fail('discovery', 'foreign-jwks-uri')
    const fetch = (url: string | URL | Request, init?: RequestInit) =>
      (url as string).startsWith(verifier.issuer)
        ? globalThis.fetch(url, init)
        : Promise.reject(new TypeError('fetch failed'))
    const { exit, report } = await doctor(flags(), { fetch })
    expect(exit).not.toBe(0)
    expect(faults(report)['addresses']).toContain("can't be reached")
  })

  test('7. another Verifier answers', async () => {
    verifier.fail('discovery', 'wrong-issuer')
    const { exit, report } = await doctor(flags())
    expect(exit).toBe(1)
    expect(faults(report)['issuer']).toBe('https://other-verifier.example.com')
  })

  test('8. a maintenance page answers', async () => {
    verifier.fail('discovery', 'html')
    const { exit, report } = await doctor(flags())
    expect(exit).toBe(1)
    expect(faults(report)['metadata']).toContain('text/html')
  })

  test('9. the certificate is by an authority that this machine does not trust', async () => {
    const { certificate, key } = SEALS.leaf
    const host = await listen(
      createHttpsServer({
        cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`,
        key: createPrivateKey({ key, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }),
      }),
    )
    const { exit, report } = await doctor(flags(`https://${host}/verifier`))
    expect(exit).not.toBe(0)
    expect(faults(report)['tls']).toMatch(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE/)
    expect(report.findings.find(({ name }) => name === 'tls')?.cure).toContain(
      'NODE_EXTRA_CA_CERTS',
    )
  })

  test.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'another host name'],
    ['CERT_HAS_EXPIRED', 'renew'],
    ['CERT_NOT_YET_VALID', 'clock'],
    ['CERT_SIGNATURE_FAILURE', 'replaced'],
  ])('9. a certificate with the fault %s gets its own cure', async (problem, cure) => {
    const tls = () => Promise.resolve({ problem, chain: [{ subject: 'other', validTo: 0 }] })
    const { report } = await doctor(flags('https://127.0.0.1:9/verifier'), { tls })
    const found = report.findings.find(({ name }) => name === 'tls')
    expect(found?.cure).toContain(cure)
    expect(found?.cure).not.toContain('NODE_EXTRA_CA_CERTS')
  })

  test('9. the certificate of an IPv6 address is looked at', async () => {
    const asked: unknown[] = []
    const tls = (...place: unknown[]) => {
      asked.push(place)
      return Promise.resolve({ problem: undefined, chain: [{ subject: 'v', validTo: Infinity }] })
    }
    await doctor(flags('https://[::1]:9/verifier'), { tls })
    expect(asked).toEqual([['::1', 9]])
  })

  test('10. plain http is spoken on the https port', async () => {
    const host = await serve((_, response) => response.end())
    const { exit, report } = await doctor(flags(`https://${host}/verifier`))
    expect(exit).toBe(3)
    expect(faults(report)['tls']).toBeDefined()
  })

  test('11. a proxy is set that Node does not use', async () => {
    const env = { HTTPS_PROXY: 'http://proxy.example.org:3128' }
    const { exit, report } = await doctor(flags(), { env })
    expect(exit).toBe(0)
    expect(faults(report)['proxy']).toContain('HTTPS_PROXY')
  })

  // https://nodejs.org/api/cli.html#node_use_env_proxy1
  test.each([
    ['20.20.2', 'HTTPS_PROXY', 'fetch ignores on Node 20.20.2'],
    ['22.20.0', 'http_proxy', 'fetch ignores on Node 22.20.0'],
    ['22.21.0', 'HTTPS_PROXY', undefined],
    ['23.11.0', 'HTTPS_PROXY', 'fetch ignores on Node 23.11.0'],
    ['24.0.0', 'HTTPS_PROXY', undefined],
    ['26.1.0', 'HTTP_PROXY', undefined],
    ['24.0.0', 'ALL_PROXY', 'ALL_PROXY, which'],
  ])('11. NODE_USE_ENV_PROXY=1 on Node %s with %s: %j', async (nodeVersion, name, found) => {
    const env = { [name]: 'http://proxy.example.org:3128', NODE_USE_ENV_PROXY: '1' }
    const { report } = await doctor(flags(), { env, nodeVersion })
    expect(faults(report)['proxy']).toEqual(found && expect.stringContaining(found))
  })

  test('12. the address inside the network states another issuer', async () => {
    const inside = await serve((_, response) =>
      response.end(JSON.stringify({ issuer: 'http://verifier:8080/verifier' })),
    )
    const { exit, report } = await doctor(`${flags()} --inside http://${inside}/verifier`)
    expect(exit).toBe(1)
    expect(faults(report)['inside address']).toBe('http://verifier:8080/verifier')
  })

  test('12. the address inside is looked for wherever metadata can be', async () => {
    const inside = await serve((request, response) => {
      const isThere = request.url === '/.well-known/oauth-authorization-server/verifier'
      response.statusCode = isThere ? 200 : 404
      response.end(isThere ? JSON.stringify({ issuer: verifier.issuer }) : '')
    })
    const { report } = await doctor(`${flags()} --inside http://${inside}/verifier`)
    expect(faults(report)).toEqual({})
  })

  test('12. nothing is stated inside', async () => {
    const inside = await serve((_, response) => {
      response.statusCode = 404
      response.end()
    })
    const { exit, report } = await doctor(`${flags()} --inside http://${inside}/verifier`)
    expect(exit).toBe(1)
    expect(faults(report)['inside address']).toContain('404')
  })

  test.each(['verifier', 'verifier:8080/verifier', 'file:///etc'])(
    '12. the address inside is no address: %s',
    async (inside) => {
      const { exit, err } = await doctor(`${flags()} --inside ${inside}`)
      expect(exit).toBe(2)
      expect(err).toContain('--inside')
    },
  )

  test.each([
    ['refuse', 3],
    ['hang', 3],
    ['status-500', 1],
    ['html', 1],
  ] as const)('18. keys that fail with %s exit with %i', async (fault, status) => {
    verifier.fail('jwks', fault)
    const options = { issuer: verifier.issuer, profile: 'eudistack', keySet: { timeout: 0.5 } }
    const files = { 'api.json': JSON.stringify(options) }
    const { exit, report } = await doctor('--config api.json', { files })
    expect(faults(report)['keys']).toBeDefined()
    expect(exit).toBe(status)
  })

  test('13. any audience is accepted', async () => {
    const files = { 'api.json': JSON.stringify({ issuer: verifier.issuer, audience: null }) }
    const { exit, report } = await doctor('--config api.json', { files })
    expect(exit).toBe(0)
    expect(faults(report)['options']).toMatch(/audience is null/)
  })

  test('14. a token is too long for Node, or for nginx', async () => {
    const token = verifier.mint({ claims: { note: 'x'.repeat(8_000) } })
    const world = { files: { 'token.txt': token } }
    const nginx = await doctor(`${flags()} --token token.txt`, world)
    expect(faults(nginx.report)['header size']).toMatch(/bytes/)
    const node = await doctor(`${flags()} --token token.txt`, { ...world, maxHeaderSize: 8_192 })
    expect(node.exit).toBe(1)
  })

  test('15. plain http beyond this machine, unless it is allowed', async () => {
    const { exit, err } = await doctor(flags('http://verifier.example.org/verifier'))
    expect(exit).toBe(2)
    expect(err).toContain('allowInsecureHttp')
  })

  test('16. a key that is published cannot be used', async () => {
    verifier.addKeys([{ kty: 'RSA', kid: 'other', n: 'AA', e: 'AQAB' }])
    const { exit, report } = await doctor(flags())
    expect(exit).toBe(0)
    expect(faults(report)['ignored key']).toContain('other')
  })

  test('17. the Verifier redirects', async () => {
    verifier.fail('discovery', 'redirect')
    const { exit, report } = await doctor(flags())
    expect(exit).toBe(1)
    expect(faults(report)['metadata']).toContain('redirects')
  })
})

test('a token is explained beside the rest', async () => {
  const files = { 'token.txt': verifier.mintBroken('expired') }
  const { exit, report } = await doctor(
    `--issuer ${verifier.issuer} --profile eudistack --token token.txt`,
    { files },
  )
  expect(exit).toBe(1)
  expect(faults(report)['token: expiry']).toBeDefined()
})

test('several issuers are each examined, with settings of their own', async () => {
  const files = {
    'api.json': JSON.stringify({
      issuer: [
        { issuer: verifier.issuer, profile: 'eudistack' },
        { issuer: 'https://held.example.org', audience: 'api', keys: verifier.jwks() },
      ],
    }),
  }
  const { exit, report } = await doctor('--config api.json', { files })
  expect(faults(report)).toEqual({})
  expect(exit).toBe(0)
  expect(report.findings.filter(({ name }) => name === 'keys')).toHaveLength(2)
})

test('without anything to check it says so', async () => {
  const { exit, err } = await command('doctor')
  expect(exit).toBe(2)
  expect(err).toContain('--config or --issuer')
})
