import { endScenes, setScene, setWarmScene } from './scene.js'

afterEach(endScenes)

describe('a key set is fetched once for all who wait for it', () => {
  test('500 first requests at once cause one fetch of the metadata and one of the keys', async () => {
    const { verifier, present, mint } = setScene()
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => present(mint())))
    expect(new Set(outcomes)).toEqual(new Set(['allowed']))
    expect(verifier.requests).toMatchObject({ discovery: 1, jwks: 1 })
  })

  test('ready() and requests in the middle of it share one fetch', async () => {
    const { server, verifier, present, mint } = setScene()
    const [, , outcome] = await Promise.all([server.ready(), server.ready(), present(mint())])
    expect(outcome).toBe('allowed')
    expect(verifier.requests).toMatchObject({ discovery: 1, jwks: 1 })
  })

  test('the first request, with a key id that was never published, causes one fetch', async () => {
    const { verifier, present, invented } = setScene()
    expect(await present(invented())).toMatchObject({ code: 'key_unknown' })
    expect(verifier.requests).toMatchObject({ discovery: 1, jwks: 1 })
    expect(await present(invented())).toMatchObject({ code: 'key_unknown' })
    expect(verifier.requests.jwks).toBe(2)
  })

  test('a request that waits for one fetch and then for another waits for one timeout in all', async () => {
    const { server, clock, present, invented } = setScene({
      fetch: async (url, init, { verifier, clock }) => {
        await new Promise<void>((resolve) => void clock.schedule(resolve, 2_400))
        return verifier.fetch(url, init)
      },
    })
    const ready = server.ready()
    await clock.pass(1)
    let outcome: unknown
    const presented = present(invented()).then((found) => (outcome = found))
    await clock.pass(5.5)
    expect(outcome).toMatchObject({ code: 'keys_unavailable', status: 503 })
    await clock.pass(10)
    await Promise.all([ready, presented])
  })

  test('500 requests for a key that was just published cause one more fetch', async () => {
    const { verifier, present, mint } = await setWarmScene()
    verifier.rotateKeys()
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => present(mint())))
    expect(new Set(outcomes)).toEqual(new Set(['allowed']))
    expect(verifier.requests.jwks).toBe(2)
  })
})

describe('keys are fetched anew ahead of their expiry', () => {
  test('in the background between 80 and 90 per cent of their age, so that no request waits', async () => {
    const { verifier, clock, calls, present, mint } = await setWarmScene()
    expect(clock.timers().map(Math.round)).toContain(510_000)
    await clock.pass(509)
    expect(verifier.requests.jwks).toBe(1)
    await clock.pass(2)
    expect(verifier.requests.jwks).toBe(2)
    const before = calls.length
    expect(await present(mint())).toBe('allowed')
    expect(calls.length).toBe(before)
  })

  test('at a moment that chance decides, so that many processes do not fetch at once', async () => {
    const delays = await Promise.all(
      [0, 0.999].map(async (chance) => {
        const { clock } = await setWarmScene({ chance })
        return clock.timers()
      }),
    )
    expect(delays[0]).toContain(480_000)
    expect(delays[1]!.find((delay) => delay > 539_000 && delay < 540_000)).toBeDefined()
  })

  test('for ever, also without requests', async () => {
    const { verifier, clock } = await setWarmScene()
    await clock.pass(3_600)
    expect(verifier.requests.jwks).toBe(8)
  })

  test('at once by the first request of a process that slept through its timers', async () => {
    const { verifier, clock, present, mint } = await setWarmScene()
    const withdrawn = mint()
    verifier.rotateKeys()
    clock.sleep(3_600)
    expect(await present(withdrawn)).toMatchObject({ code: 'key_unknown' })
    expect(await present(mint())).toBe('allowed')
    expect(verifier.requests.jwks).toBeGreaterThan(1)
  })
})
