import { isRemembered } from '../signature-checks.js'
import {
  endScenes,
  setScene,
  setWarmScene,
  unavailable,
  type Outcome,
  type Scene,
} from './scene.js'

afterEach(endScenes)

const HOUR = 3_600
const YEAR = 365 * 24 * HOUR

const isCached = ({ server }: Scene, token: string) => isRemembered(server, token)

/** A token is remembered from its second sight on. */
async function presentTwice({ present }: Scene, token: string): Promise<Outcome> {
  await present(token)
  return present(token)
}

describe('a wall clock that is stepped', () => {
  test.each([
    ['a year back', -YEAR],
    ['an hour back', -HOUR],
    ['an hour forward', HOUR],
    ['a year forward', YEAR],
  ])('%s changes nothing about the age of keys', async (_, seconds) => {
    const { server, clock, verifier } = await setWarmScene()
    await clock.pass(100)
    clock.step(seconds)
    expect(server.health()).toMatchObject({ status: 'ready', issuers: [{ age: 100 }] })
    await clock.pass(400)
    expect(verifier.requests.jwks).toBe(1)
    await clock.pass(20)
    expect(verifier.requests.jwks).toBe(2)
  })

  test.each([-YEAR, YEAR])('by %i seconds changes nothing about back-off', async (seconds) => {
    const { clock, verifier, present, mint } = setScene()
    verifier.fail('discovery', 'status-429')
    const token = mint()
    expect(await present(token)).toEqual({ ...unavailable, retryAfter: 60 })
    verifier.heal()
    clock.step(seconds)
    expect(await present(token)).toEqual({ ...unavailable, retryAfter: 60 })
    await clock.pass(61)
    clock.step(-seconds)
    expect(await present(token)).toBe('allowed')
  })

  test('changes nothing about the maximum staleness', async () => {
    const { clock, verifier, present, mint } = await setWarmScene({
      options: { keySet: { maxStale: HOUR } },
    })
    verifier.fail('jwks', 'refuse')
    clock.step(YEAR)
    expect(await present(mint())).toBe('allowed')
    await clock.pass(HOUR)
    expect(await present(mint())).toEqual(unavailable)
  })
})

describe('the times of a token hold to the second, in a warm cache as in a cold one', () => {
  const tolerance = { options: { clockTolerance: 30 } }

  test('exp', async () => {
    const scene = await setWarmScene(tolerance)
    const token = scene.mint({ expiresIn: 300 })
    await presentTwice(scene, token)
    await scene.clock.pass(300 + 30 - 0.001)
    expect(await isCached(scene, token)).toBe(true)
    expect(await scene.present(token)).toBe('allowed')
    await scene.clock.pass(0.001)
    expect(await isCached(scene, token)).toBe(false)
    expect(await scene.present(token)).toEqual({ status: 401, code: 'token_expired' })
  })

  test('exp, when the wall clock jumps over it', async () => {
    const scene = await setWarmScene(tolerance)
    const token = scene.mint({ expiresIn: 300 })
    await presentTwice(scene, token)
    scene.clock.step(330)
    expect(await isCached(scene, token)).toBe(false)
    expect(await scene.present(token)).toEqual({ status: 401, code: 'token_expired' })
  })

  test('nbf, when the wall clock goes back behind it', async () => {
    const scene = await setWarmScene(tolerance)
    const notBefore = scene.clock.now() / 1_000
    const token = scene.mint({ claims: { nbf: notBefore, iat: notBefore - 1_000 } })
    await presentTwice(scene, token)
    scene.clock.step(-30)
    expect(await isCached(scene, token)).toBe(true)
    scene.clock.step(-0.001)
    expect(await isCached(scene, token)).toBe(false)
    expect(await scene.present(token)).toEqual({ status: 401, code: 'token_not_yet_valid' })
    scene.clock.step(0.001)
    expect(await scene.present(token)).toBe('allowed')
  })

  test('maxTokenAge', async () => {
    const scene = await setWarmScene({ options: { maxTokenAge: 60, clockTolerance: 0 } })
    const token = scene.mint()
    await presentTwice(scene, token)
    await scene.clock.pass(59.999)
    expect(await isCached(scene, token)).toBe(true)
    await scene.clock.pass(0.001)
    expect(await isCached(scene, token)).toBe(false)
  })

  test('validUntil of the credential', async () => {
    const scene = await setWarmScene({ options: { clockTolerance: 0 } })
    const token = scene.mint({ validUntil: new Date(scene.clock.now() + 100_000) })
    expect(await presentTwice(scene, token)).toBe('allowed')
    await scene.clock.pass(99.999)
    expect(await isCached(scene, token)).toBe(true)
    await scene.clock.pass(0.001)
    expect(await isCached(scene, token)).toBe(false)
    expect(await scene.present(token)).toMatchObject({ code: 'credential_expired' })
  })
})
