import type { Jwk } from '@verifier-guard/dev-verifier'
import { isRemembered } from '../signature-checks.js'
import { endScenes, setScene, unavailable, type SceneOptions } from './scene.js'

afterEach(endScenes)

const unknown = { status: 401, code: 'key_unknown' }

type KeysOf = (published: Jwk) => unknown

/** A scene whose key set is what `publish` says, from then on. */
async function setPublishing(more: SceneOptions = {}) {
  let answer: KeysOf | undefined
  const scene = setScene({
    ...more,
    fetch: async (url, init, { verifier }) => {
      if (!url.endsWith('/jwks') || answer === undefined) return verifier.fetch(url, init)
      const answered = answer(verifier.jwks().keys[0]!)
      return answered instanceof Response ? answered : Response.json(answered)
    },
  })
  await scene.server.ready()
  return { ...scene, publish: (keys: KeysOf | undefined) => (answer = keys) }
}

const WITHOUT_USABLE_KEY: readonly [string, KeysOf][] = [
  ['no key', () => ({ keys: [] })],
  ['the same key for encryption', (key) => ({ keys: [{ ...key, use: 'enc' }] })],
  ['the same key for another algorithm', (key) => ({ keys: [{ ...key, alg: 'ES384' }] })],
  ['nothing that is a key', () => ({ keys: [null, 5, {}] })],
]

/** Seconds after which keys are renewed in a scene. */
const RENEWAL = 511
const OUTAGE = () => new Response(null, { status: 500 })

describe.each(WITHOUT_USABLE_KEY)('a key set that holds %s', (_, withdrawn) => {
  test('withdraws the keys once the Verifier repeats it ten seconds later', async () => {
    const { server, clock, present, mint, publish, events, verifier } = await setPublishing()
    const token = mint()
    for (let sight = 1; sight <= 2; sight += 1) await present(token)
    publish(withdrawn)
    await clock.pass(RENEWAL)
    expect(await isRemembered(server, token)).toBe(true)
    expect(await present(mint())).toBe('allowed')
    expect(server.health()).toMatchObject({ status: 'degraded', issuers: [{ keys: 1 }] })
    await clock.pass(10)
    expect(await isRemembered(server, token)).toBe(false)
    expect(await present(token)).toEqual(unavailable)
    expect(await present(mint())).toEqual(unavailable)
    expect(server.health()).toMatchObject({ status: 'down', issuers: [{ keys: 0 }] })
    expect(events('keysChanged').at(-1)).toMatchObject({ added: [], removed: [expect.anything()] })
    expect(verifier.requests.discovery).toBeGreaterThanOrEqual(2)
  })

  test('withdraws nothing when it was a mistake', async () => {
    const { server, clock, present, mint, publish } = await setPublishing()
    publish(withdrawn)
    await clock.pass(RENEWAL)
    publish(undefined)
    await clock.pass(10)
    expect(server.health().status).toBe('ready')
    await clock.pass(3_600)
    expect(await present(mint())).toBe('allowed')
  })

  test('withdraws the keys within a minute, also where an outage follows', async () => {
    const { server, clock, present, mint, publish } = await setPublishing()
    publish(withdrawn)
    await clock.pass(RENEWAL)
    publish(OUTAGE)
    await clock.pass(58)
    expect(await present(mint())).toBe('allowed')
    await clock.pass(2)
    expect(await present(mint())).toEqual(unavailable)
    expect(server.health().status).toBe('down')
  })

  test('is repeated by requests no sooner, however many cause a fetch', async () => {
    const { clock, present, mint, invented, publish } = await setPublishing()
    publish(withdrawn)
    for (let second = 0; second < 9; second += 1) {
      expect(await present(invented())).toEqual(unavailable)
      expect(await present(mint())).toBe('allowed')
      await clock.pass(1)
    }
    await clock.pass(2)
    expect(await present(mint())).toEqual(unavailable)
  })

  test('gives way to the next usable key', async () => {
    const { verifier, clock, present, mint, publish } = await setPublishing()
    const token = mint()
    publish(withdrawn)
    await clock.pass(RENEWAL + 20)
    publish(undefined)
    verifier.rotateKeys()
    await clock.pass(2)
    expect(await present(mint())).toBe('allowed')
    expect(await present(token)).toEqual(unknown)
  })

  test('withdraws the keys in a process that slept through its timers', async () => {
    const { clock, present, mint, publish } = await setPublishing()
    publish(withdrawn)
    clock.sleep(RENEWAL + 100)
    expect(await present(mint())).toBe('allowed')
    clock.sleep(60)
    expect(await present(mint())).toEqual(unavailable)
  })

  test('as the first answer gets 503', async () => {
    const scene = setScene({
      fetch: async (url, init, { verifier }) =>
        url.endsWith('/jwks')
          ? Response.json(withdrawn(verifier.jwks().keys[0]!))
          : verifier.fetch(url, init),
    })
    expect(await scene.present(scene.mint())).toEqual(unavailable)
    expect(scene.server.health()).toMatchObject({ status: 'down', issuers: [{ failures: 1 }] })
  })
})

test('a key that is absent from a set with a usable key is withdrawn at once', async () => {
  const { clock, verifier, server, present, mint } = await setPublishing()
  const token = mint()
  for (let sight = 1; sight <= 2; sight += 1) await present(token)
  verifier.rotateKeys()
  await clock.pass(RENEWAL)
  expect(await isRemembered(server, token)).toBe(false)
  expect(await present(token)).toEqual(unknown)
})

test.each<[string, KeysOf]>([
  ['no "keys"', () => ({ error: 'x' })],
  ['keys that are no list', () => ({ keys: {} })],
  ['null', () => null],
  ['a single key', (key) => key],
])('an answer with %s is no key set, and withdraws nothing', async (_, answer) => {
  const { server, clock, present, mint, publish } = await setPublishing()
  publish(answer)
  await clock.pass(80_000)
  expect(await present(mint())).toBe('allowed')
  expect(server.health().status).toBe('degraded')
})
