import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGuard } from '../../src/adapters/guard.js'
import { createResourceServer, systemRuntime } from '../../src/index.js'

/** No test asks for its keys. */
const optionsFor = (issuer: string, warnings: string[] = []) => ({
  issuer,
  profile: 'eudistack' as const,
  keySet: { prefetch: false },
  runtime: { warn: (message: string) => void warnings.push(message) },
})
const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make)

describe('guards that are made again and again', () => {
  test('are warned of once: at the tenth that is open for one issuer', () => {
    const warnings: string[] = []
    const options = optionsFor('https://ten.example.org', warnings)
    const nine = times(9, () => createGuard(options))
    expect(warnings).toEqual([])
    const more = times(5, () => createGuard(options))
    expect(warnings).toEqual([
      expect.stringMatching(/10 guards for the issuer "https:\/\/ten\.example\.org".*Make it once/),
    ])
    for (const guard of [...nine, ...more]) guard.close()
  })

  test('are none where they were closed before the next', () => {
    const warnings: string[] = []
    const options = optionsFor('https://closed.example.org', warnings)
    for (const _ of times(30, () => 0)) createGuard(options).close()
    expect(warnings).toEqual([])
  })

  test('are none where they share a resource server, which stays open', () => {
    const warnings: string[] = []
    const server = createResourceServer(optionsFor('https://shared.example.org', warnings))
    for (const guard of times(30, () => createGuard(server))) guard.close()
    expect(warnings).toEqual([])
    expect(() => server.health()).not.toThrow()
    server.close()
  })

  test('are none for issuers of their own', () => {
    const warnings: string[] = []
    let tenant = 0
    const guards = times(30, () =>
      createGuard(optionsFor(`https://t${(tenant += 1)}.example.org`, warnings)),
    )
    expect(warnings).toEqual([])
    for (const guard of guards) guard.close()
  })
})

describe('a resource server that nothing refers to any more', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  test('ends its timers', async () => {
    const host = createServer((_, response) => void response.end('{"keys":[]}')).listen(0)
    await once(host, 'listening')
    const { port } = host.address() as AddressInfo
    let timers = 0
    const runtime = {
      ...systemRuntime,
      schedule: () => {
        timers += 1
        return () => void (timers -= 1)
      },
    }
    const drop = async () => {
      const server = createResourceServer({
        issuer: 'https://dropped.example.org',
        jwksUri: `http://127.0.0.1:${port}/`,
        audience: 'api',
        events: { keySetFailed: () => {} },
        runtime,
      })
      await server.ready().catch(() => {})
    }
    await drop()
    expect(timers).toBeGreaterThan(0)
    for (let turn = 0; turn < 200 && timers > 0; turn += 1) {
      collect()
      await new Promise(setImmediate)
    }
    expect(timers).toBe(0)
    host.close()
  })
})
