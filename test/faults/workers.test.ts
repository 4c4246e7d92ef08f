import type * as scenes from './scene.js'

/**
 * The scenes as Cloudflare Workers play them: no request waits for the work of another one. Their
 * timers end with each request: there, `clock.sleep` lets time pass.
 */
async function onWorkers(): Promise<typeof scenes> {
  const original = Object.getOwnPropertyDescriptor(globalThis, 'navigator') ?? { value: undefined }
  const navigator = { userAgent: 'Cloudflare-Workers' }
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
  let loaded: typeof scenes | undefined
  try {
    await jest.isolateModulesAsync(async () => {
      loaded = await import('./scene.js')
    })
  } finally {
    Object.defineProperty(globalThis, 'navigator', { ...original, configurable: true })
  }
  return loaded!
}

let setScene: typeof scenes.setScene
let setWarmScene: typeof scenes.setWarmScene
let endScenes: typeof scenes.endScenes
beforeAll(async () => {
  ;({ setScene, setWarmScene, endScenes } = await onWorkers())
})
afterEach(() => endScenes())

const unknown = { status: 401, code: 'key_unknown' }
const unavailable = {
  status: 503,
  code: 'keys_unavailable',
  retryAfter: expect.any(Number) as number,
}

/** A promise that is kept when a test says so. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

describe('a remembered token', () => {
  const setRemembered = async () => {
    const scene = await setWarmScene()
    const token = scene.mint()
    for (let sight = 1; sight <= 3; sight += 1) expect(await scene.present(token)).toBe('allowed')
    return { ...scene, token }
  }

  test('is refused once its key is withdrawn and the keys are stale', async () => {
    const { verifier, clock, present, token } = await setRemembered()
    verifier.rotateKeys()
    clock.sleep(601)
    expect(await present(token)).toEqual(unknown)
  })

  test('is refused beyond the maximum staleness', async () => {
    const { verifier, clock, present, token } = await setRemembered()
    verifier.fail('jwks', 'refuse')
    clock.sleep(3_600)
    expect(await present(token)).toBe('allowed')
    clock.sleep(86_400)
    expect(await present(token)).toEqual(unavailable)
  })

  test('is refused once the Verifier has published no usable key twice', async () => {
    const { verifier, clock, present, token } = await setRemembered()
    verifier.fail('jwks', 'empty-set')
    clock.sleep(601)
    expect(await present(token)).toBe('allowed')
    clock.sleep(11)
    expect(await present(token)).toEqual(unavailable)
  })
})

test('200 invented key ids at once cause a handful of fetches; the others are asked to come again', async () => {
  const { verifier, clock, present, invented } = await setWarmScene()
  const outcomes = Promise.all(Array.from({ length: 200 }, () => present(invented())))
  await clock.pass(1)
  for (const outcome of await outcomes)
    expect([unknown, { ...unavailable, retryAfter: 1 }]).toContainEqual(outcome)
  expect(verifier.requests.jwks).toBeLessThanOrEqual(1 + 4)
})

test('200 first requests at once cause a handful of fetches, and all pass', async () => {
  const { verifier, clock, present, mint } = setScene()
  const outcomes = Promise.all(Array.from({ length: 200 }, () => present(mint())))
  await clock.pass(1)
  expect(new Set(await outcomes)).toEqual(new Set(['allowed']))
  expect(verifier.requests.jwks).toBeLessThanOrEqual(8)
})

test('invented issuers cause a bounded number of lookups, and the others are asked to come again', async () => {
  let lookups = 0
  const lookup = () => {
    lookups += 1
    return Promise.resolve(undefined)
  }
  const { present, mint } = setScene({ options: { issuer: [lookup] } })
  const issuers = Array.from({ length: 200 }, (_, n) => `https://invented-${n}.example.test`)
  const outcomes = await Promise.all(issuers.map((iss) => present(mint({ claims: { iss } }))))
  expect(lookups).toBeLessThanOrEqual(100)
  expect(outcomes.filter((outcome) => JSON.stringify(outcome).includes('503'))).toHaveLength(100)
})

describe('an answer that comes late', () => {
  test('brings no withdrawn key back, when it was asked for before the keys at hand', async () => {
    const late = gate()
    let isHeld = false
    const { verifier, present, mint, invented } = await setWarmScene({
      async fetch(url, init, { verifier }) {
        const answer = await verifier.fetch(url, init)
        if (!isHeld || !url.endsWith('/jwks')) return answer
        isHeld = false
        await late.opened
        return answer
      },
    })
    const withdrawn = mint()
    isHeld = true
    const slow = present(invented())
    await new Promise(setImmediate)
    verifier.rotateKeys()
    expect(await present(mint())).toBe('allowed')
    late.open()
    await slow
    expect(await present(withdrawn)).toMatchObject({ code: 'key_unknown' })
  })

  test('counts, when a later attempt has failed meanwhile', async () => {
    const late = gate()
    let fetches = 0
    const { present, mint } = setScene({
      async fetch(url, init, { verifier }) {
        if (!url.endsWith('/jwks')) return verifier.fetch(url, init)
        fetches += 1
        if (fetches > 1) return new Response(null, { status: 500 })
        await late.opened
        return verifier.fetch(url, init)
      },
    })
    const first = present(mint())
    await new Promise(setImmediate)
    expect(await present(mint())).toEqual(unavailable)
    late.open()
    expect(await first).toBe('allowed')
  })
})
