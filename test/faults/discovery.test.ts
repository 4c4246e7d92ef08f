import type { Jwk } from '@verifier-guard/dev-verifier'
import {
  endScenes,
  setScene,
  setWarmScene,
  timed,
  unavailable,
  type SceneOptions,
} from './scene.js'

afterEach(endScenes)

type Answer = (
  path: string,
  good: () => Promise<Response>,
  jwks: { keys: Jwk[] },
) => Response | Promise<Response>

/** A scene in which some addresses answer otherwise. */
const answering = (answer: Answer, more: SceneOptions = {}) =>
  setScene({
    ...more,
    fetch: async (url, init, { verifier }) =>
      answer(new URL(url).pathname, () => verifier.fetch(url, init), verifier.jwks()),
  })

const ISSUER = 'https://verifier.example.test/verifier'
const APPENDED_OIDC = '/verifier/.well-known/openid-configuration'
const INSERTED = '/.well-known/oauth-authorization-server/verifier'
const APPENDED = '/verifier/.well-known/oauth-authorization-server'
const KEYS = 'https://verifier.example.test/verifier/oidc/jwks'
const metadata = (members: object = {}) =>
  Response.json({ issuer: ISSUER, jwks_uri: KEYS, ...members })
const absent = (status = 404) => new Response(null, { status })

describe('the metadata is found', () => {
  test.each([APPENDED_OIDC, INSERTED, APPENDED])('at %s', async (place) => {
    const { calls, present, mint } = answering((path, good) =>
      path === '/verifier/oidc/jwks' ? good() : path === place ? metadata() : absent(),
    )
    expect(await present(mint())).toBe('allowed')
    const places = [APPENDED_OIDC, INSERTED, APPENDED]
    expect(calls.map((url) => new URL(url).pathname)).toEqual([
      ...places.slice(0, places.indexOf(place) + 1),
      '/verifier/oidc/jwks',
    ])
  })

  test.each([401, 403, 404, 405, 410])('beyond an address that answers %i', async (status) => {
    const { present, mint } = answering((path, good) =>
      path === APPENDED_OIDC ? absent(status) : good(),
    )
    expect(await present(mint())).toBe('allowed')
  })

  test('not by asking everywhere during an outage', async () => {
    const { calls, present, mint } = answering(() => absent(503))
    expect(await present(mint())).toEqual(unavailable)
    expect(calls.length).toBe(1)
  })

  test('not at all where the address of the keys is configured', async () => {
    const { verifier, present, mint } = setScene({ options: { jwksUri: KEYS } })
    expect(await present(mint())).toBe('allowed')
    expect(verifier.requests).toMatchObject({ discovery: 0, jwks: 1 })
  })

  test('not at all where the keys are configured', async () => {
    const { verifier } = setScene()
    const { calls, present, server } = setScene({ options: { keys: verifier.jwks() } })
    expect(await present(verifier.mint())).toBe('allowed')
    expect(calls).toEqual([])
    expect(server.health().status).toBe('ready')
  })
})

describe('metadata that is nowhere', () => {
  test('is reported with every place that was asked', async () => {
    const { present, mint, events } = answering((path) => absent(path === INSERTED ? 403 : 404))
    expect(await present(mint())).toEqual(unavailable)
    const { origin } = new URL(ISSUER)
    expect(events('keySetFailed')[0]!.message).toBe(
      `expected metadata of "${ISSUER}", got status 404 from ${origin}${APPENDED_OIDC}, ` +
        `403 from ${origin}${INSERTED}, 404 from ${origin}${APPENDED}; is its path right?`,
    )
  })

  test('of an issuer without a path has lost its context path, most likely', async () => {
    const { present, mint, events } = setScene({
      verifier: { issuer: 'https://verifier.example.test' },
      fetch: () => Promise.resolve(absent()),
    })
    expect(await present(mint())).toEqual(unavailable)
    expect(events('keySetFailed')[0]!.message).toMatch(
      /; is the context path missing, for instance \/verifier\?$/,
    )
  })
})

const LOCAL = [
  '127.0.0.1:8443',
  'localhost:8443',
  'admin.localhost',
  'LOCALHOST.',
  '0.0.0.0',
  '2130706433',
  '0x7f.1',
  '169.254.169.254',
  '[::]',
  '[::1]',
  '[fe80::1]',
  '[febf::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::127.0.0.1]',
  '[::ffff:0.0.0.0]',
]

describe('metadata is not believed', () => {
  test.each<[string, object, RegExp]>([
    [
      'of another issuer',
      { issuer: 'https://other.example.test' },
      /expected metadata of .*found "https:\/\/other/,
    ],
    [
      'of the issuer with a slash more',
      { issuer: `${ISSUER}/` },
      /they differ by a trailing slash only; configure the issuer exactly/,
    ],
    ['without an issuer', { issuer: undefined }, /found none/],
    ['whose issuer is a list', { issuer: [ISSUER] }, /expected metadata of/],
    [
      'without jwks_uri',
      { jwks_uri: undefined },
      /expected "jwks_uri" in the metadata to be an https URL, found none/,
    ],
    [
      'whose jwks_uri is http',
      { jwks_uri: 'http://verifier.example.test/jwks' },
      /which is not https/,
    ],
    [
      'whose jwks_uri is on this machine',
      { jwks_uri: 'http://127.0.0.1:2375/jwks' },
      /which is not https/,
    ],
    [
      'whose jwks_uri is on this machine by name',
      { jwks_uri: 'http://localhost/jwks' },
      /which is not https/,
    ],
    ...LOCAL.map((place): [string, object, RegExp] => [
      `whose jwks_uri is at ${place}`,
      { jwks_uri: `https://${place}/latest/meta-data` },
      /on this machine or its link: state it as "jwksUri"/,
    ]),
    [
      'whose jwks_uri is of another scheme',
      { jwks_uri: 'file:///etc/passwd' },
      /which is not https/,
    ],
    ['whose jwks_uri is no URL', { jwks_uri: '/oidc/jwks' }, /which is not a URL/],
    [
      'whose jwks_uri has credentials',
      { jwks_uri: 'https://a:b@verifier.example.test/jwks' },
      /credentials/,
    ],
    ['whose jwks_uri is a number', { jwks_uri: 7 }, /found 7/],
  ])('%s', async (_, members, message) => {
    const { calls, present, mint, events } = answering((path, good) =>
      path === APPENDED_OIDC ? metadata(members) : good(),
    )
    expect(await present(mint())).toEqual(unavailable)
    expect(calls.length).toBe(1)
    expect(events('keySetFailed')[0]!.message).toMatch(message)
  })

  test('in what it says of algorithms', async () => {
    const { present, mint } = answering((path, good) =>
      path === APPENDED_OIDC
        ? metadata({ id_token_signing_alg_values_supported: ['RS256', 'none'] })
        : good(),
    )
    expect(await present(mint())).toBe('allowed')
    expect(await present(mint({ algorithm: 'RS256' }))).toMatchObject({
      code: 'algorithm_not_allowed',
    })
  })

  test.each(['null', '[]', '"text"', '7', '<html>', ''])('that reads %j', async (body) => {
    const { present, mint } = answering(() => new Response(body))
    expect(await present(mint())).toEqual(unavailable)
  })
})

test('what ready() throws says why, and where it was called', async () => {
  const { server } = answering(() => absent(503))
  const error = (await server.ready().catch((thrown: unknown) => thrown)) as Error
  expect(error).toMatchObject({ code: 'keys_unavailable', status: 503, expose: false })
  expect(error.message).toMatch(
    /^expected the keys of .*, found none \(expected status 200 from .*, got 503\): .* asked again$/,
  )
  expect(error.stack).toContain('discovery.test')
  expect('cause' in error).toBe(false)
})

describe('a Verifier that moved its keys', () => {
  test.each<[string, () => Response | Promise<Response>]>([
    ['leaving 404', () => absent()],
    ['leaving an error', () => absent(500)],
    ['leaving an empty set', () => Response.json({ keys: [] })],
    ['leaving a page', () => new Response('<!doctype html>')],
    ['leaving nothing', () => Promise.reject(new TypeError('fetch failed'))],
  ])('%s behind is followed at the next attempt', async (_, left) => {
    let moved = false
    const { clock, server, verifier, calls, present, mint } = answering((path, good, jwks) => {
      if (path === '/new/jwks') return Response.json(jwks)
      if (!moved) return good()
      return path === APPENDED_OIDC
        ? metadata({ jwks_uri: 'https://verifier.example.test/new/jwks' })
        : left()
    })
    await server.ready()
    moved = true
    verifier.rotateKeys()
    expect(await present(mint())).toEqual(unavailable)
    await clock.pass(2)
    expect(await present(mint())).toBe('allowed')
    expect(calls.at(-1)).toBe('https://verifier.example.test/new/jwks')
  })

  test('and still serves the old ones in the old place is followed at the next refresh', async () => {
    let moved = false
    const { clock, server, verifier, present, mint } = answering((path, good, jwks) => {
      if (path === '/new/jwks') return Response.json(jwks)
      if (!moved) return good()
      return path === APPENDED_OIDC
        ? metadata({ jwks_uri: 'https://verifier.example.test/new/jwks' })
        : old()
    })
    const kept = verifier.jwks()
    const old = () => Response.json(kept)
    await server.ready()
    moved = true
    verifier.rotateKeys()
    await clock.pass(600)
    expect(await present(mint())).toBe('allowed')
  })
})

describe('the address of the keys, once the metadata', () => {
  const DAY = 86_400

  describe.each(['refuse', 'status-500', 'status-404', 'html', 'hang'] as const)(
    'answer with %s',
    (fault) => {
      test('stays in use, and each failure is an event', async () => {
        const { server, verifier, clock, present, mint, events } = await setWarmScene()
        verifier.fail('discovery', fault)
        await clock.pass(1_200)
        verifier.rotateKeys()
        await clock.pass(600)
        expect(await present(mint())).toBe('allowed')
        expect(server.health()).toMatchObject({ status: 'ready' })
        expect(events('keySetFailed').map(({ failures }) => failures)).toEqual([1, 2, 3])
      })

      test('is left after the maximum staleness', async () => {
        const scene = await setWarmScene({ options: { keySet: { maxStale: 3_600 } } })
        const { verifier, clock, present, mint } = scene
        verifier.fail('discovery', fault)
        await clock.pass(3_000)
        verifier.rotateKeys()
        await clock.pass(590)
        expect(await present(mint())).toBe('allowed')
        await clock.pass(600)
        verifier.rotateKeys()
        await clock.pass(600)
        expect((await timed(scene, mint())).outcome).toEqual(unavailable)
      })
    },
  )

  describe.each<[string, object]>([
    ['name another issuer', { issuer: 'https://other.example.test' }],
    ['name no issuer', { issuer: undefined }],
    ['name no address', { jwks_uri: undefined }],
    ['name an address on this machine', { jwks_uri: 'https://127.0.0.1/jwks' }],
  ])('%s', (_, members) => {
    const left = () => {
      let isLeft = false
      const scene = answering((path, good) =>
        isLeft && path === APPENDED_OIDC ? metadata(members) : good(),
      )
      return { ...scene, leave: () => (isLeft = true) }
    }

    test('is left at once: what is published there is not asked for any more', async () => {
      const { server, verifier, clock, calls, present, mint, leave } = left()
      await server.ready()
      leave()
      verifier.rotateKeys()
      await clock.pass(3_600)
      expect(await present(mint())).toEqual(unavailable)
      expect(calls.filter((url) => url === KEYS)).toHaveLength(1)
    })

    test('is left, and the keys at hand stand as in any outage', async () => {
      const { server, clock, present, mint, leave, events } = left()
      await server.ready()
      leave()
      const token = mint()
      await clock.pass(DAY - 1)
      expect(await present(token)).toBe('allowed')
      expect(server.health()).toMatchObject({ status: 'degraded' })
      expect(events('keySetStale')).toHaveLength(1)
      await clock.pass(1)
      expect(await present(token)).toEqual(unavailable)
    })
  })
})
