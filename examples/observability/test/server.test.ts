import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { freePort } from './prometheus.js'

const program = join(__dirname, '../dist/esm/server.js')

let verifier: DevVerifier
let server: ChildProcess
let address: string

beforeAll(async () => {
  verifier = await startDevVerifier()
  const port = String(await freePort())
  address = `http://127.0.0.1:${port}`
  server = spawn(process.execPath, [program], {
    env: { VERIFIER: verifier.issuer, PORT: port, METRICS_PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await once(createInterface(server.stdout!), 'line')
})
afterAll(async () => {
  const ended = once(server, 'exit')
  server.kill()
  await ended
  await verifier.close()
})

test('each denial is one line of JSON, with the time, the whole event and the id of the answer', async () => {
  const line = once(createInterface(server.stderr!), 'line') as Promise<[string]>
  const token = verifier.mint({ powers: [] })
  const response = await fetch(`${address}/orders`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { correlation_id: correlationId } = (await response.json()) as { correlation_id: string }
  expect(correlationId).toMatch(/^\w+$/)
  expect(JSON.parse((await line)[0])).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    ...{ code: 'power_missing', status: 403, route: '/orders', issuer: verifier.issuer },
    ...{ organizationIdentifier: expect.any(String) as string, correlationId },
  })
})
