import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createResourceServer, probes, systemRuntime } from '../src/index.js'

const verifier = createDevVerifier()

function start() {
  let passed = 0
  const resourceServer = createResourceServer({
    issuer: verifier.issuer,
    profile: 'eudistack',
    keySet: { prefetch: false, maxAge: 60, maxStale: 600 },
    events: { keySetFailed() {} },
    runtime: {
      fetch: verifier.fetch,
      now: () => systemRuntime.now() + passed,
      monotonic: () => systemRuntime.monotonic() + passed,
    },
  })
  return {
    resourceServer,
    ...probes(resourceServer),
    pass: (seconds: number) => void (passed += seconds * 1_000),
  }
}

test('ready is 503 until there are keys, and after close()', async () => {
  const { resourceServer, ready } = start()
  expect(ready()).toMatchObject({ status: 503, body: { status: 'down' } })
  await resourceServer.ready()
  expect(ready()).toMatchObject({ status: 200, body: { status: 'ready' } })
  resourceServer.close()
  expect(ready()).toMatchObject({ status: 503, body: { status: 'down' } })
})

test('ready stays 200 in an outage for as long as there are keys, and says degraded', async () => {
  const { resourceServer, ready, pass } = start()
  await resourceServer.ready()
  verifier.fail('jwks', 'status-503')
  pass(61)
  await resourceServer.verifyAccessToken(verifier.mint())
  expect(ready()).toMatchObject({ status: 200, body: { status: 'degraded' } })
  pass(600)
  expect(ready()).toMatchObject({ status: 503, body: { status: 'down' } })
  verifier.heal()
  resourceServer.close()
})

test('live is 200 whatever the Verifier does', () => {
  const { resourceServer, live } = start()
  expect(live()).toMatchObject({ status: 200, body: { status: 'live' } })
  resourceServer.close()
  expect(live()).toMatchObject({ status: 200 })
})

test('an answer is not to be stored, and names neither issuer nor failure', () => {
  const { resourceServer, ready } = start()
  const { headers, body } = ready()
  expect(headers).toMatchObject({ 'Cache-Control': 'no-store' })
  expect(body).toEqual({ status: 'down' })
  resourceServer.close()
})
