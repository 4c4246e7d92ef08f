import { request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { startDevVerifier, type DevVerifier, type ListenOptions } from '../src/index.js'
import { recordRefusals } from './support.js'

/** What a listening Verifier answers to a request with this header `Host`. */
function ask(port: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: '127.0.0.1', port, path: '/verifier/oidc/jwks', headers: { host } },
      (response) => {
        void text(response).then((body) => resolve({ status: response.statusCode!, body }))
      },
    )
    outgoing.on('error', reject).end()
  })
}

describe.each<[string, ListenOptions, readonly string[], readonly string[]]>([
  [
    'by default',
    {},
    ['127.0.0.1:PORT', 'localhost:PORT', 'LOCALHOST', 'localhost.:80', '[::1]:9000', '127.8.8.8'],
    [
      'rebound.example.com:PORT',
      'localhost.example.com',
      '127.0.0.1.example.com',
      'verifier:PORT',
      '192.0.2.1:PORT',
      '0.0.0.0',
    ],
  ],
  [
    'with an issuer of another name',
    { issuer: 'http://verifier:8082/verifier' },
    ['verifier:8082', 'verifier', 'Verifier:9000', 'localhost:PORT'],
    ['kpmg.verifier', 'verifier.example.com', 'otherverifier'],
  ],
  [
    'with issuerFromRequest',
    { issuerFromRequest: true, issuer: 'http://dev.example.net/verifier' },
    ['kpmg.localhost:PORT', 'dev.example.net', 'kpmg.dev.example.net'],
    ['kpmg.example.net', 'evildev.example.net', 'kpmg.localhost.example.com'],
  ],
  [
    'on every address',
    { host: '0.0.0.0', force: true },
    ['127.0.0.1:PORT', 'localhost:PORT', '0.0.0.0:PORT'],
    ['verifier:PORT', '192.0.2.1'],
  ],
])('%s, a listening Verifier', (_, options, own, others) => {
  const { log, events } = recordRefusals()
  let verifier: DevVerifier
  let port: string
  beforeAll(async () => {
    // The issuer need not name the port where it listens.
    const { port: free, close } = await listenOnce(options)
    await close()
    port = free
    verifier = await startDevVerifier({ ...options, events, port: Number(port) })
  })
  afterAll(() => verifier.close())
  beforeEach(() => void (log.length = 0))

  test.each(own)('answers for the host %s', async (host) => {
    expect(await ask(port, host.replace('PORT', port))).toMatchObject({ status: 200 })
    expect(log).toEqual([])
  })

  test.each(others)('answers 421 for the host %s, and says what to do', async (host) => {
    const { status, body } = await ask(port, host.replace('PORT', port))
    expect(status).toBe(421)
    expect(body).toMatch(/^Expected the header Host to name localhost.* option issuer/)
    expect(log).toEqual([expect.stringMatching(/^misdirected-request: Expected the header Host/)])
  })
})

/** A Verifier whose port is free again once it is closed. */
async function listenOnce({ host, force }: ListenOptions) {
  const verifier = await startDevVerifier({ ...(host && { host }), ...(force && { force }) })
  return { port: new URL(verifier.issuer).port, close: () => verifier.close() }
}
