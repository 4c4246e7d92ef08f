import { createKeyPair } from '../key-pair.js'
import { isRemembered } from '../signature-checks.js'
import { settle } from './clock.js'
import {
  endScenes,
  setScene,
  setWarmScene,
  timed,
  unavailable,
  type Outcome,
  type Scene,
} from './scene.js'

afterEach(endScenes)

const unknown = { status: 401, code: 'key_unknown' }
const forged = { status: 401, code: 'signature_invalid' }

const p256 = () => ({
  ...createKeyPair('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid: 'b',
})

const cached = ({ server }: Scene, token: string) => isRemembered(server, token)

/** A token is remembered from its second sight on. */
async function presentTwice({ present }: Scene, token: string): Promise<Outcome> {
  await present(token)
  return present(token)
}

describe('a key that was just published', () => {
  test('lets its tokens pass at once, even right after a fetch', async () => {
    const { verifier, present, mint } = await setWarmScene()
    for (let rotation = 0; rotation < 10; rotation += 1) {
      verifier.rotateKeys()
      expect(await present(mint())).toBe('allowed')
    }
  })

  test('is an event, with the one that it replaces', async () => {
    const { verifier, present, mint, events } = await setWarmScene()
    const kid = () => verifier.jwks().keys[0]!['kid'] as string
    const old = kid()
    verifier.rotateKeys()
    await present(mint())
    expect(events('keysChanged')).toEqual([
      { issuer: verifier.issuer, added: [old], removed: [] },
      { issuer: verifier.issuer, added: [kid()], removed: [old] },
    ])
  })

  test('is found although the fetch under way was answered before it was published', async () => {
    let answerNow = () => {}
    const held = new Promise<void>((resolve) => (answerNow = resolve))
    let hold = false
    const { verifier, present, mint, invented } = await setWarmScene({
      async fetch(url, init, { verifier }) {
        const answer = await verifier.fetch(url, init)
        if (hold) await held
        return answer
      },
    })
    hold = true
    const first = present(invented())
    await settle()
    verifier.rotateKeys()
    const second = present(mint())
    await settle()
    hold = false
    answerNow()
    expect(await first).toEqual(unknown)
    expect(await second).toBe('allowed')
    expect(verifier.requests.jwks).toBe(3)
  })

  test('is looked for again a second after the fetch that lacked it began, however late its answer', async () => {
    let isSlow = false
    const { verifier, clock, present, mint } = await setWarmScene({
      async fetch(url, init, { verifier, clock }) {
        const answer = await verifier.fetch(url, init)
        if (isSlow) await new Promise<void>((end) => clock.schedule(end, 1_500))
        return answer
      },
    })
    const [published] = verifier.jwks().keys
    const early = mint({ header: { kid: 'early' } })
    isSlow = true
    const first = present(early)
    await clock.pass(1.5)
    expect(await first).toEqual(unknown)
    isSlow = false
    verifier.addKeys([{ ...published!, kid: 'early' }])
    expect(await present(early)).toBe('allowed')
  })

  test('passes a moment after a token of it was refused because it was not published yet', async () => {
    const { verifier, clock, present, mint } = await setWarmScene()
    const [published] = verifier.jwks().keys
    const early = mint({ header: { kid: 'early' } })
    expect(await present(early)).toEqual(unknown)
    verifier.addKeys([{ ...published!, kid: 'early' }])
    await clock.pass(1)
    expect(await present(early)).toBe('allowed')
  })
})

describe('a flood of invented key ids', () => {
  test('500 at once cause one fetch', async () => {
    const { verifier, present, invented } = await setWarmScene()
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => present(invented())))
    for (const outcome of outcomes) expect(outcome).toEqual(unknown)
    expect(verifier.requests.jwks).toBe(2)
  })

  test('500 one after the other cause a handful of fetches, and the genuine new key gets in', async () => {
    const { verifier, clock, present, mint, invented } = await setWarmScene()
    const outcomes: Outcome[] = []
    for (let count = 0; count < 500; count += 1) {
      void present(invented()).then((outcome) => outcomes.push(outcome))
      if (count < 10) await settle()
    }
    await settle()
    expect(verifier.requests.jwks).toBeLessThanOrEqual(6)
    verifier.rotateKeys()
    const genuine = present(mint())
    await clock.pass(5)
    expect(await genuine).toBe('allowed')
    expect(outcomes.length).toBe(500)
    expect(verifier.requests.jwks).toBeLessThanOrEqual(7)
  })

  test('that goes on for minutes fetches every two seconds at most, and the genuine new key gets in', async () => {
    const { verifier, clock, present, mint, invented } = await setWarmScene()
    const flood = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        for (let count = 0; count < 10; count += 1) void present(invented())
        await clock.pass(1)
      }
    }
    await flood(60)
    expect(verifier.requests.jwks).toBeLessThanOrEqual(1 + 4 + 30)
    verifier.rotateKeys()
    const genuine = present(mint())
    await flood(3)
    expect(await Promise.race([genuine, settle().then(() => 'still waiting')])).toBe('allowed')
  })

  test('answers each of them 401 within three seconds: no caller can make it answer 503', async () => {
    const { clock, present, invented } = await setWarmScene()
    const outcomes: Outcome[] = []
    for (let count = 0; count < 25; count += 1) {
      void present(invented()).then((outcome) => outcomes.push(outcome))
      await clock.pass(0.1)
    }
    await clock.pass(2)
    expect(outcomes).toEqual(Array(25).fill(unknown))
  })

  test('holds up no more than a bounded number of requests, and none beyond the next fetch', async () => {
    const { clock, present, invented } = await setWarmScene()
    for (let count = 0; count < 6; count += 1) {
      void present(invented())
      await settle()
    }
    const outcomes: Outcome[] = []
    for (let count = 0; count < 1_500; count += 1)
      void present(invented()).then((outcome) => outcomes.push(outcome))
    await settle()
    expect(outcomes.length).toBeGreaterThanOrEqual(500)
    await clock.pass(2)
    expect(outcomes.length).toBe(1_500)
    for (const outcome of outcomes) expect(outcome).toEqual(unknown)
  })

  test('of more than may wait is answered by a fetch that began less than a second before', async () => {
    const { verifier, clock, present, mint, invented } = await setWarmScene()
    for (let count = 0; count < 5; count += 1) {
      void present(invented())
      await settle()
    }
    await clock.pass(1.5)
    for (let count = 0; count < 1_000; count += 1) void present(invented())
    verifier.rotateKeys()
    const genuine = present(mint())
    await clock.pass(2)
    expect(await genuine).toBe('allowed')
  })

  test('does not slow down tokens of known keys', async () => {
    const { clock, present, mint, invented } = await setWarmScene()
    for (let count = 0; count < 100; count += 1) void present(invented())
    const before = clock.monotonic()
    expect(await present(mint())).toBe('allowed')
    expect(clock.monotonic()).toBe(before)
  })

  test('of tokens that have expired causes no fetch at all', async () => {
    const { verifier, present, mint } = await setWarmScene()
    for (let count = 0; count < 20; count += 1) {
      expect(await present(mint({ header: { kid: `${count}` }, expiresIn: -60 }))).toEqual(unknown)
    }
    expect(verifier.requests.jwks).toBe(1)
  })

  test('of the same id causes one fetch a second', async () => {
    const { verifier, present, mint } = await setWarmScene()
    const token = mint({ header: { kid: 'withdrawn long ago' } })
    for (let count = 0; count < 100; count += 1) expect(await present(token)).toEqual(unknown)
    expect(verifier.requests.jwks).toBe(2)
  })

  test('of ids as long as a token may be is not remembered, only kept within the budget', async () => {
    const { verifier, present, mint } = await setWarmScene()
    const token = mint({ header: { kid: 'x'.repeat(9_000) } })
    expect([await present(token), await present(token)]).toEqual([unknown, unknown])
    expect(verifier.requests.jwks).toBe(3)
  })
})

describe('a key that was replaced in place, under the same id', () => {
  test('is looked for once when a signature fails', async () => {
    const { verifier, present, mint } = await setWarmScene()
    const old = mint()
    verifier.rotateKeys({ keepKid: true })
    expect(await present(mint())).toBe('allowed')
    expect(verifier.requests.jwks).toBe(2)
    expect(await present(old)).toEqual(forged)
  })

  test('ends the decisions that rest on the old one', async () => {
    const scene = await setWarmScene()
    const old = scene.mint()
    await presentTwice(scene, old)
    expect(await cached(scene, old)).toBe(true)
    scene.verifier.rotateKeys({ keepKid: true })
    await scene.present(scene.mint())
    expect(await cached(scene, old)).toBe(false)
  })

  test('is looked for within the budget: forged tokens cause a handful of fetches, and none waits', async () => {
    const { verifier, clock, present, mint } = await setWarmScene()
    for (let count = 0; count < 100; count += 1) {
      const token = mint()
      expect(
        await present(token.slice(0, -8) + (token.endsWith('AAAAAAAA') ? 'BBBBBBBA' : 'AAAAAAAA')),
      ).toEqual(forged)
    }
    expect(verifier.requests.jwks).toBeLessThanOrEqual(6)
    expect(clock.monotonic()).toBe(0)
  })

  test.each([500, 1_500, 3_000])(
    'lets %i tokens of it that come at once pass, for one fetch',
    async (count) => {
      const { verifier, present, mint } = await setWarmScene()
      verifier.rotateKeys({ keepKid: true })
      const tokens = Array.from({ length: count }, () => mint())
      expect(new Set(await Promise.all(tokens.map(present)))).toEqual(new Set(['allowed']))
      expect(verifier.requests.jwks).toBe(2)
    },
  )

  test('passes once another caller caused the fetch, although forged tokens have used up the budget', async () => {
    const { verifier, clock, present, mint } = await setWarmScene()
    const forge = () => `${mint().slice(0, -8)}AAAAAAAA`
    for (let count = 0; count < 10; count += 1) await present(forge())
    verifier.rotateKeys({ keepKid: true })
    for (let second = 0; second < 10; second += 1) {
      await clock.pass(1)
      for (let count = 0; count < 10; count += 1) await present(forge())
    }
    expect(await present(mint())).toBe('allowed')
    expect(verifier.requests.jwks).toBeLessThan(15)
  })

  test.each(['refuse', 'hang', 'status-500'] as const)(
    'cannot be looked for while the Verifier answers with %s: no token is refused for that',
    async (fault) => {
      const scene = await setWarmScene()
      scene.verifier.fail('jwks', fault)
      const { outcome, waited } = await timed(scene, `${scene.mint().slice(0, -8)}AAAAAAAA`)
      expect(outcome).toEqual(unavailable)
      expect(waited).toBeLessThanOrEqual(5)
      expect(await scene.present(scene.mint())).toBe('allowed')
    },
  )
})

describe('two replicas of a Verifier that publish different keys', () => {
  test('give no budget back: invented ids are held to it', async () => {
    let fetches = 0
    const other = p256()
    const { present, invented } = await setWarmScene({
      async fetch(url, init, { verifier }) {
        const answer = await verifier.fetch(url, init)
        if (!url.endsWith('/jwks')) return answer
        fetches += 1
        return fetches % 2 === 0 ? Response.json({ keys: [other] }) : answer
      },
    })
    for (let count = 0; count < 100; count += 1) {
      void present(invented())
      await settle()
    }
    expect(fetches).toBeLessThan(10)
  })
})

describe('a key that was withdrawn', () => {
  test('is not accepted from the next refresh on, cached decisions included', async () => {
    const scene = await setWarmScene()
    const token = scene.mint()
    expect(await presentTwice(scene, token)).toBe('allowed')
    scene.verifier.rotateKeys()
    await scene.clock.pass(400)
    expect(await cached(scene, token)).toBe(true)
    await scene.clock.pass(200)
    expect(await cached(scene, token)).toBe(false)
    expect(await scene.present(token)).toEqual(unknown)
  })

  test('ends as soon as a token of its successor causes a fetch', async () => {
    const scene = await setWarmScene()
    const token = scene.mint()
    await presentTwice(scene, token)
    scene.verifier.rotateKeys()
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(await cached(scene, token)).toBe(false)
  })

  test('stays for as long as it is published beside its successor', async () => {
    const scene = await setWarmScene()
    const token = scene.mint()
    await presentTwice(scene, token)
    scene.verifier.rotateKeys({ keepOld: true })
    expect(await scene.present(scene.mint())).toBe('allowed')
    expect(await cached(scene, token)).toBe(true)
    expect(await scene.present(scene.mint())).toBe('allowed')
  })
})

describe('no request waits longer than one fetch may take', () => {
  test('whatever is chained behind it: slow metadata ahead of keys that hang', async () => {
    const { verifier, clock, present, mint } = setScene()
    verifier.fail('discovery', 'slow', { delay: 4_000 })
    verifier.fail('jwks', 'hang')
    const refused = present(mint())
    await clock.pass(5)
    expect(await Promise.race([refused, settle().then(() => 'still waiting')])).toEqual(unavailable)
  })
})
