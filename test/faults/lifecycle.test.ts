import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { settle } from './clock.js'
import { isRemembered } from '../signature-checks.js'
import { endScenes, outcome, setScene, setWarmScene, unavailable } from './scene.js'

afterEach(endScenes)

describe('ready()', () => {
  test('fetches the keys ahead of the first token', async () => {
    const { server, calls, present, mint } = setScene()
    await server.ready()
    const before = calls.length
    expect(await present(mint())).toBe('allowed')
    expect(calls.length).toBe(before)
  })

  test('fetches nothing while the keys are at hand', async () => {
    const { server, calls } = await setWarmScene()
    const before = calls.length
    await server.ready()
    expect(calls.length).toBe(before)
  })

  test('says so when the Verifier is out of reach, and the server recovers all the same', async () => {
    const { server, verifier, clock, present, mint } = setScene()
    verifier.fail('discovery', 'refuse')
    await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable', status: 503 })
    verifier.heal()
    await clock.pass(60)
    expect(server.health().status).toBe('ready')
    expect(await present(mint())).toBe('allowed')
  })

  test('waits for a slow Verifier as long as each fetch may take, where a request waits for one', async () => {
    const { server, verifier, clock, present, mint } = setScene()
    verifier.fail('discovery', 'slow', { delay: 4_900 })
    verifier.fail('jwks', 'slow', { delay: 4_900 })
    const ready = server.ready()
    const answer = present(mint())
    await clock.pass(5.1)
    expect(await answer).toEqual(unavailable)
    await clock.pass(5)
    await ready
    expect(await present(mint())).toBe('allowed')
  })

  test('ends when a fetch hangs, and tells which', async () => {
    const { server, verifier, clock } = setScene()
    verifier.fail('jwks', 'hang')
    const ready = expect(server.ready()).rejects.toMatchObject({
      code: 'keys_unavailable',
      reason: {
        actual: expect.stringMatching(/expected an answer from .*jwks within 5000 ms/) as string,
      },
    })
    await clock.pass(5)
    await ready
  })
})

describe('health()', () => {
  test('is down before the first keys, ready with them, degraded while newer ones can not be fetched, and ready again', async () => {
    const { server, verifier, clock } = setScene()
    const { issuer } = verifier
    expect(server.health()).toEqual({
      status: 'down',
      issuers: [{ issuer, status: 'down', keys: 0, failures: 0 }],
      statusLists: [],
    })
    await server.ready()
    expect(server.health()).toEqual({
      status: 'ready',
      issuers: [{ issuer, status: 'ready', keys: 1, failures: 0, age: 0 }],
      statusLists: [],
    })
    verifier.fail('jwks', 'status-500')
    await clock.pass(700)
    expect(server.health()).toMatchObject({
      status: 'degraded',
      issuers: [
        {
          status: 'degraded',
          keys: 1,
          age: 700,
          lastFailure: expect.stringContaining('got 500') as unknown,
        },
      ],
    })
    verifier.heal()
    await clock.pass(60)
    expect(server.health().status).toBe('ready')
    expect(server.health().issuers[0]).not.toHaveProperty('lastFailure')
  })

  test('is degraded while one issuer of several is down', async () => {
    const other = 'https://other-verifier.example.test'
    const { server, verifier } = setScene({
      options: { issuer: ['https://verifier.example.test/verifier', other] },
    })
    expect(verifier.issuer).toBe('https://verifier.example.test/verifier')
    await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
    expect(server.health()).toMatchObject({
      status: 'degraded',
      issuers: [{ status: 'ready' }, { status: 'down' }],
    })
  })

  test('is a question that starts nothing, however often it is asked', async () => {
    const { server, calls } = setScene()
    for (let count = 0; count < 10; count += 1) server.health()
    await settle()
    expect(calls).toEqual([])
    expect(server.health().status).toBe('down')
  })
})

describe('from the start', () => {
  test('the keys are fetched in the background, so that a probe sees the server become ready', async () => {
    const { server, calls, present, mint } = setScene({ options: { keySet: { prefetch: true } } })
    await settle()
    expect(server.health().status).toBe('ready')
    expect(calls).toHaveLength(2)
    expect(await present(mint())).toBe('allowed')
    expect(calls).toHaveLength(2)
  })

  test('they are fetched again until they are there, without a request', async () => {
    const { server, verifier, clock } = setScene({
      options: { keySet: { prefetch: true } },
      fetch: (url, init, { verifier }) =>
        verifier.requests.discovery < 3
          ? verifier.fetch(url, init).then(() => new Response(null, { status: 500 }))
          : verifier.fetch(url, init),
    })
    await clock.pass(10)
    expect(server.health().status).toBe('ready')
    expect(verifier.requests.jwks).toBe(1)
  })

  test('nothing is fetched where that is put off', async () => {
    const { server, calls, clock } = setScene({ options: { keySet: { prefetch: false } } })
    await clock.pass(3_600)
    expect(calls).toEqual([])
    expect(server.health().status).toBe('down')
  })
})

describe('close()', () => {
  test('in the middle of the first fetch: those who wait get 503 at once, no timer is left, nothing is fetched any more', async () => {
    const { server, verifier, clock, calls, present, mint } = setScene()
    verifier.fail('discovery', 'hang')
    const waiting = [present(mint()), present(mint()), outcome(server.ready() as Promise<never>)]
    await settle()
    server.close()
    for (const refused of waiting) expect(await refused).toEqual(unavailable)
    expect(clock.timers()).toEqual([])
    const before = calls.length
    verifier.heal()
    expect(await present(mint())).toEqual(unavailable)
    await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
    await clock.pass(3_600)
    expect(calls.length).toBe(before)
  })

  test('in the middle of a refetch, and of the pause before one', async () => {
    const { server, verifier, clock, present, invented } = await setWarmScene()
    for (let count = 0; count < 4; count += 1) await present(invented())
    const paused = present(invented())
    await settle()
    verifier.fail('jwks', 'hang')
    server.close()
    expect(await paused).toEqual(unavailable)
    expect(clock.timers()).toEqual([])
  })

  test('just before an answer is taken in: the keys are not used any more', async () => {
    const scene = setScene({
      async fetch(url, init, { verifier }) {
        const answer = await verifier.fetch(url, init)
        if (url.endsWith('/jwks')) scene.server.close()
        return answer
      },
    })
    expect(await scene.present(scene.mint())).toEqual(unavailable)
    expect(scene.clock.timers()).toEqual([])
    expect(scene.events('keySetRefreshed')).toEqual([])
  })

  test('ends decisions that were cached: their keys are not renewed any more', async () => {
    const { server, present, mint } = await setWarmScene()
    const token = mint()
    for (let sight = 1; sight <= 3; sight += 1) await present(token)
    server.close()
    expect(await isRemembered(server, token)).toBe(false)
    expect(await present(token)).toEqual(unavailable)
    expect(server.health().status).toBe('down')
  })

  test('may be called twice', () => {
    const { server } = setScene()
    server.close()
    expect(() => server.close()).not.toThrow()
  })
})

test('no failure of a fetch is left unhandled', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  const { server, verifier, clock, present, mint, invented } = await setWarmScene()
  for (const fault of [
    'refuse',
    'hang',
    'status-500',
    'html',
    'endless-body',
    'slow-body',
  ] as const) {
    verifier.fail('jwks', fault)
    verifier.fail('discovery', fault)
    void present(mint())
    void present(invented())
    await clock.pass(1_200)
  }
  void present(invented())
  server.close()
  await settle()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

describe('a process that uses the library', () => {
  const built = join(__dirname, '../../packages/core/dist/esm/index.js')
  const run = promisify(execFile)

  const script = (issuer: string, act: string) => `
    import { createResourceServer } from ${JSON.stringify(pathToFileURL(built).href)}
    const server = createResourceServer({ issuer: ${JSON.stringify(issuer)}, profile: 'eudistack', keySet: { timeout: 60 } })
    ${act}
    console.log('done')`

  test.each([
    ['with keys at hand', undefined, 'await server.ready()'],
    ['while retrying in vain', 'refuse', 'await server.ready().catch(() => {})'],
    [
      'after a close in the middle of a fetch that hangs',
      'hang',
      'const r = server.ready().catch(() => {}); setTimeout(() => server.close(), 100); await r',
    ],
  ] as const)(
    'exits by itself %s',
    async (_, fault, act) => {
      // Built by the gate before the tests; without it there is nothing to run.
      expect(existsSync(built)).toBe(true)
      const verifier = await startDevVerifier()
      if (fault !== undefined) verifier.fail('jwks', fault)
      try {
        const { stdout } = await run(
          process.execPath,
          ['--input-type=module', '-e', script(verifier.issuer, act)],
          {
            timeout: 30_000,
          },
        )
        expect(stdout).toBe('done\n')
      } finally {
        await verifier.close()
      }
    },
    40_000,
  )
})
