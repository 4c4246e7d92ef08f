import type { ReplayOptions, ReplayStore } from '@verifier-guard/core'
import { createClock, settle } from '../faults/clock.js'
import { createApi, mint, trust } from './api.js'
import { createHolder } from './holder.js'

type Answer = 'added' | 'present' | Promise<'added' | 'present'>

/** A store in memory that can be made to fail. */
function createStore() {
  const keys = new Map<string, number>()
  const store = {
    keys,
    fail: undefined as (() => Answer) | undefined,
    calls: 0,
    add(key: string, ttl: number): Answer {
      store.calls += 1
      if (store.fail !== undefined) return store.fail()
      if (keys.has(key)) return 'present'
      keys.set(key, ttl)
      return 'added'
    },
  }
  return store
}

const down = () => Promise.reject(new Error('connection refused'))
const apiWith = (store: ReplayStore, replay: ReplayOptions = {}) =>
  createApi({ dpop: { replay: { store, ...replay } } })

describe('a store of the application', () => {
  test('gets a hash as the key, and how long it must stay', async () => {
    const store = createStore()
    const api = apiWith(store)
    await api.send(api.proof({ claims: { jti: 'a secret of the client' } }))
    const [key, ttl] = [...store.keys].at(-1)!
    expect(key).toMatch(/^[\w-]{43}$/)
    expect(ttl).toBe(70)
    api.close()
  })

  test('finds a proof that another instance has used up', async () => {
    const store = createStore()
    const [one, other] = [apiWith(store), apiWith(store)]
    const headers = { authorization: `DPoP ${one.token}`, dpop: one.proof() }
    const request = () => ({ method: 'GET', url: '/orders', headers })
    expect((await one.ask(request())).code).toBe('accepted')
    expect((await other.ask(request())).code).toBe('dpop_proof_replayed')
    for (const api of [one, other]) api.close()
  })

  test('is asked once for a request that two guards decide on', async () => {
    const store = createStore()
    const [one, other] = [apiWith(store), apiWith(store)]
    const headers = { authorization: `DPoP ${one.token}`, dpop: one.proof() }
    const request = { method: 'GET', url: '/orders', headers }
    expect((await one.ask(request)).code).toBe('accepted')
    expect((await other.ask(request)).code).toBe('accepted')
    for (const api of [one, other]) api.close()
  })

  test('is not asked for bearer tokens, nor for proofs that are refused', async () => {
    const store = createStore()
    const api = apiWith(store)
    await api.ask({ headers: { authorization: `Bearer ${mint()}` } })
    await api.send(api.proof({ method: 'POST' }))
    expect(store.calls).toBe(0)
    api.close()
  })
})

describe('a store has to show that it remembers, before a proof is believed', () => {
  test.each<[string, (key: string, ttl: number) => unknown]>([
    ['that forgets at once', () => 'added'],
    ['that answers true', () => true],
    ['that answers nothing', () => undefined],
    ['that answers OK', () => Promise.resolve('OK')],
    ['that finds everything', () => 'present'],
    [
      'that throws',
      () => {
        throw new TypeError('no such command')
      },
    ],
  ])('one %s is 503, and ready() says why', async (_, add) => {
    const api = apiWith({ add } as ReplayStore)
    expect(await api.send(api.proof())).toMatchObject({
      code: 'replay_store_unavailable',
      status: 503,
      challenges: [],
    })
    await expect(api.resourceServer.ready()).rejects.toThrow(/the store of used proofs/)
    expect((await api.ask({ headers: { authorization: `Bearer ${mint()}` } })).code).toBe(
      'accepted',
    )
    api.close()
  })

  test.each<[string, () => Answer]>([
    ['forgets', () => 'added'],
    ['is down from the start', down],
  ])('one that %s stays closed, although it is to be open in an outage', async (_, fail) => {
    const store = createStore()
    store.fail = fail
    const api = apiWith(store, { unavailable: { openFor: 60 } })
    for (const seconds of [0, 59]) {
      api.pass(seconds)
      expect((await api.send(api.proof())).code).toBe('replay_store_unavailable')
    }
    expect(api.events).not.toContainEqual([
      'replayStoreFailed',
      expect.objectContaining({ accepted: true }),
    ])
    store.fail = undefined
    expect((await api.send(api.proof())).code).toBe('accepted')
    store.fail = down
    expect((await api.send(api.proof())).code).toBe('accepted')
    api.close()
  })

  test('one that fails its test is one event, however many requests wait for it', async () => {
    const store = createStore()
    let fail = () => {}
    store.fail = () =>
      new Promise((_, reject) => (fail = () => reject(new Error('connection refused'))))
    const api = createApi({
      signatureThread: 'calling',
      dpop: { replay: { store, timeout: 60 } },
    })
    const sent = [1, 2, 3].map(() => api.send(api.proof()))
    await settle()
    fail()
    const outcomes = await Promise.all(sent)
    expect(store.calls).toBe(1)
    expect(outcomes.map(({ status }) => status)).toEqual([503, 503, 503])
    expect(api.events.filter(([name]) => name === 'replayStoreFailed')).toHaveLength(1)
    api.close()
  })

  test('one that comes up later is tested then', async () => {
    const store = createStore()
    store.fail = down
    const api = apiWith(store)
    expect((await api.send(api.proof())).status).toBe(503)
    store.fail = undefined
    await api.resourceServer.ready()
    expect((await api.send(api.proof())).code).toBe('accepted')
    api.close()
  })
})

describe('while the store fails', () => {
  test('bound tokens get 503 with Retry-After, and bearer tokens pass', async () => {
    const store = createStore()
    const api = apiWith(store)
    await api.resourceServer.ready()
    store.fail = down
    const refused = await api.send(api.proof())
    expect(refused.error!.headers).toMatchObject({ 'Retry-After': '1' })
    expect(refused.error!.body.error).toBe('temporarily_unavailable')
    expect(refused).toMatchObject({ status: 503, challenges: [] })
    expect((await api.ask({ headers: { authorization: `Bearer ${mint()}` } })).code).toBe(
      'accepted',
    )
    expect(api.events.filter(([name]) => name === 'replayStoreFailed')).toEqual([
      ['replayStoreFailed', { message: 'connection refused', accepted: false }],
    ])
    api.close()
  })

  test.each<[string, unknown, RegExp]>([
    ['a control sequence', new Error('\u001b[2Jdown'), /^\\u001b\[2Jdown$/],
    ['a long text', new Error('x'.repeat(5_000)), /^x{200}…$/],
    ['a text that is none', Object.assign(new Error(), { message: { secret: 1 } }), /object/],
    ['no error', 'down', /^no error object$/],
    [
      'an error that can not be read',
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new TypeError('unreadable')
        },
      }),
      /^an error without a message$/,
    ],
  ])('what the store says is escaped and cut: %s', async (_, error, shown) => {
    const store = createStore()
    const api = apiWith(store)
    await api.resourceServer.ready()
    store.fail = () =>
      Promise.resolve().then(() => {
        throw error
      })
    const refused = await api.send(api.proof())
    expect(refused.error!.reason.actual).toMatch(shown)
    expect(api.events).toContainEqual([
      'replayStoreFailed',
      { message: expect.stringMatching(shown) as string, accepted: false },
    ])
    api.close()
  })

  test('an outage ends with any answer of the store, also where it finds a replay', async () => {
    const store = createStore()
    const api = apiWith(store, { unavailable: { openFor: 30 } })
    const used = api.proof()
    expect((await api.send(used)).code).toBe('accepted')
    store.fail = down
    expect((await api.send(api.proof())).code).toBe('accepted')
    store.fail = undefined
    expect((await api.send(used)).code).toBe('dpop_proof_replayed')
    api.pass(40)
    store.fail = down
    expect((await api.send(api.proof())).code).toBe('accepted')
    api.close()
  })

  test('openFor accepts so long and no longer, says so, and starts anew after a success', async () => {
    const store = createStore()
    const api = apiWith(store, { unavailable: { openFor: 30 } })
    await api.resourceServer.ready()
    store.fail = down
    const codes = async (...seconds: readonly number[]) => {
      const found: string[] = []
      for (const pause of seconds) {
        api.pass(pause)
        found.push((await api.send(api.proof())).code)
      }
      return found
    }
    expect(await codes(0, 29)).toEqual(['accepted', 'accepted'])
    expect(await codes(1, 100)).toEqual(Array(2).fill('replay_store_unavailable'))
    store.fail = undefined
    expect(await codes(0)).toEqual(['accepted'])
    store.fail = down
    expect(await codes(0)).toEqual(['accepted'])
    expect(api.events).toContainEqual([
      'replayStoreFailed',
      { message: 'connection refused', accepted: true },
    ])
    api.close()
  })

  test('a store that does not answer is waited for so long and no longer', async () => {
    const clock = createClock()
    const store = createStore()
    const api = createApi({
      dpop: { replay: { store, timeout: 0.2 } },
      runtime: { schedule: clock.schedule },
      signatureThread: 'calling',
    })
    await api.resourceServer.ready()
    store.fail = () => new Promise(() => {})
    const asked = api.send(api.proof())
    await clock.pass(0.2)
    expect(await asked).toMatchObject({ code: 'replay_store_unavailable', status: 503 })
    expect(clock.timers()).toEqual([])
    api.close()
  })
})

describe('the memory of the process', () => {
  test('refuses with 503 when it is full, and forgets nothing', async () => {
    const api = createApi({ dpop: { replay: { maxEntries: 2 } } })
    const first = api.proof()
    expect((await api.send(first)).code).toBe('accepted')
    expect((await api.send(api.proof())).code).toBe('replay_store_unavailable')
    expect((await api.send(first)).code).toBe('dpop_proof_replayed')
    const other = createHolder()
    const token = mint({ cnf: { jkt: other.jkt } })
    const dpop = other.proof({ url: 'https://api.example.org/orders', token, at: api.now() })
    const headers = { authorization: `DPoP ${token}`, dpop }
    expect((await api.ask({ method: 'GET', url: '/orders', headers })).code).toBe('accepted')
    api.pass(72)
    expect((await api.send(api.proof())).code).toBe('accepted')
    api.close()
  })
})

describe('without a listener, the developer is warned once', () => {
  test('of the first failure of the store', async () => {
    const api = createApi({
      ...trust,
      dpop: { replay: { store: { add: down } } },
      events: {},
    })
    for (let time = 0; time < 3; time += 1) await api.send(api.proof())
    expect(api.warnings).toEqual([expect.stringMatching(/^The store of used DPoP proofs failed/)])
    api.close()
  })
})
