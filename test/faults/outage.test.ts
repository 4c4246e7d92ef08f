import { isRemembered } from '../signature-checks.js'
import type { FaultName } from '@verifier-guard/dev-verifier'
import { settle } from './clock.js'
import { endScenes, setScene, setWarmScene, timed, unavailable } from './scene.js'

afterEach(endScenes)

const OUTAGES: readonly FaultName[] = [
  'refuse',
  'hang',
  'status-500',
  'status-503',
  'status-429',
  'html',
  'empty-body',
  'truncated-json',
  'json-null',
  'json-array',
  'redirect',
  'endless-body',
]

describe.each(OUTAGES)('while the keys answer with %s', (fault) => {
  test('tokens of known keys go on passing, with no fetch on their way', async () => {
    const scene = await setWarmScene()
    scene.verifier.fail('jwks', fault)
    await scene.clock.pass(3_600)
    const before = scene.calls.length
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(scene.calls.length).toBe(before)
    expect(scene.server.health()).toMatchObject({ status: 'degraded', issuers: [{ keys: 1 }] })
    expect(scene.events('keySetStale')).toEqual([
      { issuer: scene.verifier.issuer, age: expect.any(Number) as number },
    ])
    expect(scene.events('keySetStale')[0]!.age).toBeGreaterThanOrEqual(600)
  })

  test('tokens of known keys wait a moment at most after a sleep without timers, and only once', async () => {
    const scene = await setWarmScene()
    scene.verifier.fail('jwks', fault)
    scene.clock.sleep(3_600)
    const first = scene.present(scene.mint())
    await scene.clock.pass(1)
    expect(await first).toBe('allowed')
    // Time stands still: who had to wait would wait for ever.
    expect(await scene.present(scene.mint())).toBe('allowed')
  })

  test('each outage is an event of its own, also where every caller is known', async () => {
    const scene = await setWarmScene()
    for (let outage = 1; outage <= 2; outage += 1) {
      scene.verifier.fail('jwks', fault)
      await scene.clock.pass(1_200)
      expect(scene.events('keySetStale')).toHaveLength(outage)
      scene.verifier.heal()
      await scene.clock.pass(600)
    }
  })

  test('tokens of unknown keys get 503 with Retry-After within the time-out', async () => {
    const scene = await setWarmScene()
    scene.verifier.fail('jwks', fault)
    scene.verifier.rotateKeys()
    const { outcome, waited } = await timed(scene, scene.mint())
    expect(outcome).toEqual(unavailable)
    expect(waited).toBeLessThanOrEqual(5)
  })

  test('with no key ever seen every token gets the same 503', async () => {
    const scene = setScene()
    scene.verifier.fail('jwks', fault)
    for (const token of [scene.mint(), scene.mint(), scene.invented()]) {
      const { outcome, waited } = await timed(scene, token)
      expect(outcome).toEqual(unavailable)
      expect(waited).toBeLessThanOrEqual(5)
    }
    expect(scene.server.health()).toMatchObject({ status: 'down' })
  })

  test('the first good answer ends it, and a request need not wait out a long back-off for that', async () => {
    const scene = setScene()
    scene.verifier.fail('jwks', fault)
    await timed(scene, scene.mint())
    await scene.clock.pass(600)
    scene.verifier.heal()
    // What the Verifier asked for in Retry-After is granted to it; its own back-off never keeps a
    // request longer than this.
    await scene.clock.pass(fault === 'status-429' ? 60 : 2)
    // Time stands still: who had to wait would wait for ever.
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(scene.server.health()).toMatchObject({ status: 'ready', issuers: [{ failures: 0 }] })
  })

  test('each failed attempt is one event, which says nothing of the token', async () => {
    const scene = setScene()
    scene.verifier.fail('jwks', fault)
    const token = scene.mint()
    await timed(scene, token)
    const failed = scene.events('keySetFailed')
    expect(failed[0]).toMatchObject({ issuer: scene.verifier.issuer, failures: 1 })
    expect(JSON.stringify(failed)).not.toContain(token.slice(0, 40))
  })
})

describe('attempts during an outage', () => {
  test('in the background come ever later, up to a minute apart', async () => {
    const { verifier, clock, events } = await setWarmScene()
    verifier.fail('jwks', 'refuse')
    await clock.pass(1_800)
    const pauses = events('keySetFailed').map(({ retryIn }) => retryIn)
    expect(pauses.slice(0, 8)).toEqual([0.75, 1.5, 3, 6, 12, 24, 45, 45])
    expect(Math.max(...pauses)).toBe(45)
    expect(pauses.length).toBeLessThan(40)
  })

  test('caused by requests come no more often than every second or two', async () => {
    const { verifier, clock, present, mint, events } = setScene()
    verifier.fail('discovery', 'refuse')
    for (let second = 0; second < 60; second += 0.25) {
      expect(await present(mint())).toEqual(unavailable)
      await clock.pass(0.25)
    }
    expect(events('keySetFailed').length).toBeLessThan(60)
  })

  test('keep to the Retry-After of the Verifier, in seconds and as a date', async () => {
    for (const value of [() => '90', (now: number) => new Date(now + 90_000).toUTCString()]) {
      const scene = setScene({
        fetch: (_url, _init, { clock }) =>
          Promise.resolve(
            new Response(null, { status: 429, headers: { 'retry-after': value(clock.now()) } }),
          ),
      })
      expect(await scene.present(scene.mint())).toEqual({ ...unavailable, retryAfter: 90 })
      const before = scene.calls.length
      for (let second = 0; second < 89; second += 1) {
        await scene.clock.pass(1)
        expect(await scene.present(scene.mint())).toEqual(unavailable)
      }
      expect(scene.calls.length).toBe(before)
      await scene.clock.pass(2)
      expect(scene.calls.length).toBeGreaterThan(before)
    }
  })

  test('are not put off for days by an absurd Retry-After', async () => {
    const scene = setScene({
      fetch: () =>
        Promise.resolve(
          new Response(null, { status: 503, headers: { 'retry-after': '999999999' } }),
        ),
    })
    expect(await scene.present(scene.mint())).toEqual({ ...unavailable, retryAfter: 120 })
  })
})

describe('an unknown key while the Verifier asks for a pause', () => {
  const tooMany = () => new Response(null, { status: 429, headers: { 'retry-after': '30' } })
  const refused = { ...unavailable, retryAfter: 30 }

  test('waits for one fetch, not for the next one as well', async () => {
    let answerNow = () => {}
    const held = new Promise<void>((resolve) => (answerNow = resolve))
    let isOutage = false
    const { verifier, present, mint, calls } = await setWarmScene({
      async fetch(url, init, { verifier }) {
        if (!isOutage) return verifier.fetch(url, init)
        await held
        return tooMany()
      },
    })
    isOutage = true
    verifier.rotateKeys()
    const before = calls.length
    const first = present(mint())
    await settle()
    const second = present(mint())
    await settle()
    answerNow()
    expect([await first, await second]).toEqual([refused, refused])
    expect(calls.length - before).toBe(1)
  })

  test('causes no fetch before the pause is over', async () => {
    let isOutage = false
    const { verifier, clock, present, mint, calls } = await setWarmScene({
      fetch: (url, init, { verifier }) =>
        isOutage ? Promise.resolve(tooMany()) : verifier.fetch(url, init),
    })
    isOutage = true
    verifier.rotateKeys()
    expect(await present(mint())).toEqual(refused)
    const before = calls.length
    for (let second = 0; second < 29; second += 1) {
      expect(await present(mint())).toMatchObject({ status: 503 })
      await clock.pass(1)
    }
    expect(calls).toHaveLength(before)
    isOutage = false
    await clock.pass(2)
    expect(await present(mint())).toBe('allowed')
  })
})

describe('a Verifier that hung at the start', () => {
  /** A scene whose Verifier never answers what comes before `heal`. */
  const setHanging = () => {
    let isHanging = true
    const scene = setScene({
      fetch: (url, init, { verifier }) =>
        isHanging ? new Promise<Response>(() => {}) : verifier.fetch(url, init),
    })
    return { ...scene, heal: () => (isHanging = false) }
  }

  test.each([
    [0.5, 1],
    [2.5, 3],
  ])('until %f s is asked again at %i s', async (hanging, asked) => {
    const { clock, present, mint, heal } = setHanging()
    const answer = present(mint())
    await clock.pass(hanging)
    heal()
    await clock.pass(asked - hanging)
    expect(await answer).toBe('allowed')
  })

  test('is asked three times within the time-out of five seconds', async () => {
    const { clock, calls, present, mint } = setHanging()
    const answer = present(mint())
    await clock.pass(4.9)
    expect(calls).toHaveLength(3)
    await clock.pass(0.1)
    expect(await answer).toEqual(unavailable)
  })

  test('is not sent anything twice once there are keys', async () => {
    const { verifier, clock, calls } = await setWarmScene()
    verifier.fail('discovery', 'hang')
    verifier.fail('jwks', 'hang')
    await clock.pass(511)
    const before = calls.length
    await clock.pass(3.9)
    expect(calls).toHaveLength(before)
  })
})

describe('keys that could not be fetched anew', () => {
  test('expire at the maximum staleness, cached decisions included', async () => {
    const { server, verifier, clock, present, mint } = await setWarmScene({
      options: { keySet: { maxStale: 3_600 } },
    })
    const token = mint()
    for (let sight = 1; sight <= 2; sight += 1) await present(token)
    verifier.fail('jwks', 'refuse')
    await clock.pass(3_599)
    expect(await present(token)).toBe('allowed')
    expect(await isRemembered(server, token)).toBe(true)
    await clock.pass(1)
    expect(await isRemembered(server, token)).toBe(false)
    expect(await present(token)).toEqual(unavailable)
    expect(server.health()).toMatchObject({ status: 'down', issuers: [{ keys: 0 }] })
  })

  test('expire after a day, also in a process that slept through the timer', async () => {
    const { verifier, clock, present, mint } = await setWarmScene()
    verifier.fail('jwks', 'refuse')
    clock.sleep(86_399)
    expect(await present(mint())).toBe('allowed')
    clock.sleep(1)
    expect(await present(mint())).toEqual(unavailable)
  })
})

describe('a refresh that takes longer than keys may be old', () => {
  test('holds up no request with a token of a known key', async () => {
    const scene = await setWarmScene({ options: { keySet: { maxAge: 30, timeout: 60 } } })
    scene.verifier.fail('jwks', 'hang')
    await scene.clock.pass(31)
    const first = scene.present(scene.mint())
    await scene.clock.pass(1)
    expect(await first).toBe('allowed')
    expect(await scene.present(scene.mint())).toBe('allowed')
  })
})
