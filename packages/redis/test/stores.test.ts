import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buildSync } from 'esbuild'
import { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { systemRuntime, type ReplayStore } from '@verifier-guard/core'
import { createReplayMemory } from '../../core/src/proof/replay-memory.js'
import { createApi } from '../../../test/dpop/api.js'
import { describeWith } from '../../../test/programs.js'
import { ioredisStore, nodeRedisStore, rateLimiterStore } from '../src/index.js'
import { connectBlocking, STORES, type Connected } from './clients.js'
import { createRedisServer, type RedisServer } from './server.js'

let made = 0
const freshKey = () => `key-${process.pid}-${(made += 1)}`

/** What every store keeps to. */
function contract(connect: () => Promise<Connected>): void {
  let connected: Connected
  beforeAll(async () => {
    connected = await connect()
  })
  afterAll(() => connected.close())

  test('adds a key once', async () => {
    const [key, other] = [freshKey(), freshKey()]
    expect(await connected.store.add(key, 60)).toBe('added')
    expect(await connected.store.add(key, 60)).toBe('present')
    expect(await connected.store.add(other, 60)).toBe('added')
    expect(await connected.store.add(key, 60)).toBe('present')
  })

  test('of many that add one key at once, one wins', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = freshKey()
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => connected.store.add(key, 60)),
      )
      expect(answers.filter((answer) => answer === 'added')).toHaveLength(1)
    }
  })

  test('adds a key again once its time is over, which a part of a second is too', async () => {
    const key = freshKey()
    expect(await connected.store.add(key, 0.4)).toBe('added')
    let answer = await connected.store.add(key, 60)
    expect(answer).toBe('present')
    while (answer === 'present') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      answer = await connected.store.add(key, 60)
    }
    expect(answer).toBe('added')
  })
}

describe('the memory of a process', () => {
  const emitter = { listens: () => false, emit: () => {} }
  const memory = createReplayMemory(10_000, systemRuntime, emitter)
  const store: ReplayStore = {
    add: (key, ttl) => memory.add(key, ttl, key) as 'added' | 'present',
  }
  contract(() => Promise.resolve({ store, close: () => Promise.resolve() }))
})

describe('rate-limiter-flexible in memory', () => {
  const limiter = new RateLimiterMemory({ points: 1, duration: 60 })
  contract(() =>
    Promise.resolve({ store: rateLimiterStore(limiter), close: () => Promise.resolve() }),
  )
})

describeWith('redis-server', 'on a real Redis', (program) => {
  let server: RedisServer
  beforeAll(async () => {
    server = createRedisServer(program)
    await server.start()
  })
  afterAll(() => server.remove())

  describe.each(Object.keys(STORES))('%s', (name) => {
    contract(() => STORES[name]!(server.socket))

    test('two processes race for 10 000 keys: each has one winner', async () => {
      const wins = await race(name, server.socket, 10_000)
      const all = wins.flat().sort((one, other) => one - other)
      expect(all).toEqual(Array.from({ length: 10_000 }, (_, index) => index))
      await flush(server.socket)
    })
  })

  describe('rate-limiter-flexible that blocks keys in memory', () => {
    contract(() => connectBlocking(server.socket))
  })

  describe('the wrong client', () => {
    test.each<[string, () => Promise<Connected>]>([
      ['node-redis as ioredis', misused('redis')],
      ['ioredis as node-redis', misused('ioredis')],
    ])('%s is found out at the first use, and bound tokens get 503', async (_, connect) => {
      const { store, close } = await connect()
      const api = createApi({ dpop: { replay: { store } } })
      await expect(api.resourceServer.ready()).rejects.toThrow(/store of used proofs/)
      expect(await api.send(api.proof())).toMatchObject({ status: 503 })
      await close()
      api.close()
    })

    function misused(name: 'redis' | 'ioredis') {
      return async () => {
        if (name === 'redis') {
          const client = createClient({ socket: { path: server.socket, tls: false } })
          client.on('error', () => {})
          await client.connect()
          const close = () => Promise.resolve(client.destroy())
          // As an application in JavaScript may: its method has another name.
          const wrong = Object.assign(client, { pttl: (key: string) => client.pTTL(key) })
          return { store: ioredisStore(wrong as never), close }
        }
        const client = new Redis({ path: server.socket })
        const wrong = Object.assign(client, { pTTL: (key: string) => client.pttl(key) })
        return {
          store: nodeRedisStore(wrong as never),
          close: () => Promise.resolve(client.disconnect()),
        }
      }
    }
  })

  test('a client that has a prefix of its own needs none here', async () => {
    const client = new Redis({ path: server.socket, keyPrefix: 'own:' })
    expect(await ioredisStore(client, { prefix: '' }).add('key', 60)).toBe('added')
    expect(await client.exists('dpop:key')).toBe(1)
    client.disconnect()
  })

  test('keys are hashes with a prefix, and each of them ends', async () => {
    const client = new Redis({ path: server.socket })
    await client.flushall()
    const api = createApi({
      dpop: { replay: { store: ioredisStore(client, { prefix: 'orders:' }) } },
    })
    expect((await api.send(api.proof({ claims: { jti: 'personal' } }))).code).toBe('accepted')
    const keys = await client.keys('*')
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) {
      expect(key).toMatch(/^orders:dpop:[\w-]{43}$/)
      const left = await client.pttl(key)
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(80_000)
    }
    client.disconnect()
    api.close()
  })
})

describeWith('redis-server', 'what becomes of the server', (program) => {
  describe.each(Object.keys(STORES))('%s', (name) => {
    let server: RedisServer
    let connected: Connected
    beforeEach(async () => {
      server = createRedisServer(program)
      await server.start()
      connected = await STORES[name]!(server.socket)
    })
    afterEach(async () => {
      await connected.close()
      await server.remove()
    })

    const apiOn = ({ store }: Connected) => createApi({ dpop: { replay: { store, timeout: 0.5 } } })

    test('frozen: 503 after the time-out; when it thaws, what came late counts as used', async () => {
      const api = apiOn(connected)
      await api.resourceServer.ready()
      server.freeze()
      const proof = api.proof()
      expect(await api.send(proof)).toMatchObject({ status: 503, code: 'replay_store_unavailable' })
      server.thaw()
      expect(await untilAccepted(api)).toBe('accepted')
      expect((await api.send(proof)).code).toBe('dpop_proof_replayed')
      api.close()
    })

    test('killed: 503; restarted empty: what it knew is lost, and a used proof passes once more', async () => {
      const api = apiOn(connected)
      const proof = api.proof()
      expect((await api.send(proof)).code).toBe('accepted')
      expect((await api.send(proof)).code).toBe('dpop_proof_replayed')
      await server.kill()
      expect((await api.send(api.proof())).status).toBe(503)
      await server.start()
      expect(await untilAccepted(api)).toBe('accepted')
      expect((await api.send(proof)).code).toBe('accepted')
      expect((await api.send(proof)).code).toBe('dpop_proof_replayed')
      api.close()
    })
  })
})

/** Clients take their time to connect again. */
async function untilAccepted(api: ReturnType<typeof createApi>): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { code } = await api.send(api.proof())
    if (code !== 'replay_store_unavailable') return code
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return 'never'
}

async function flush(path: string): Promise<void> {
  const client = new Redis({ path })
  await client.flushall()
  client.disconnect()
}

/** Which keys each of two processes won. */
async function race(name: string, socket: string, count: number): Promise<readonly number[][]> {
  const { outputFiles } = buildSync({
    entryPoints: [`${__dirname}/racer.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    conditions: ['@verifier-guard/source'],
    alias: { '@verifier-guard/core/support': `${__dirname}/../../core/src/support.ts` },
  })
  const racers = [1, 2].map(() => {
    const flags = ['--input-type=module', '--eval', outputFiles[0]!.text]
    const child = spawn(process.execPath, [...flags, 'racer', name, socket, `${count}`], {
      cwd: `${__dirname}/../../..`,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return { child, next: async () => (await lines.next()).value as string }
  })
  for (const { next } of racers) expect(await next()).toBe('ready')
  for (const { child } of racers) child.stdin.write('go\n')
  const won = await Promise.all(
    racers.map(async ({ child, next }) => {
      const ended = once(child, 'exit')
      const keys = JSON.parse(await next()) as number[]
      await ended
      return keys
    }),
  )
  return won
}

test.each<[string, () => unknown, RegExp]>([
  ['no client', () => nodeRedisStore(undefined as never), /found none with set: write nodeRedis/],
  ['none of ioredis', () => ioredisStore(null as never), /found none with set: write ioredisStore/],
  [
    'a client of the other package',
    () => ioredisStore({ set: () => Promise.resolve('OK'), pTTL: () => {} } as never),
    /with the functions set and pttl, found none with pttl/,
  ],
])('%s is refused at start', (_, make, message) => {
  expect(make).toThrow(message)
})

test('a limiter that would accept a used proof is refused at start', () => {
  const memory = new RateLimiterMemory({ points: 1, duration: 60 })
  const storeClient = new Redis({ lazyConnect: true })
  expect(() => rateLimiterStore(new RateLimiterMemory({ points: 2, duration: 60 }))).toThrow(
    /points: 1/,
  )
  expect(() =>
    rateLimiterStore(
      new RateLimiterRedis({ storeClient, points: 1, duration: 60, insuranceLimiter: memory }),
    ),
  ).toThrow(/insuranceLimiter/)
  storeClient.disconnect()
})
