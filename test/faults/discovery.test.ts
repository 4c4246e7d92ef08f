import type { Jwk } from '@verifier-guard/dev-verifier'
import { endScenes, setScene, setWarmScene, unavailable, type SceneOptions } from './scene.js'

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
    const { present, mint, told } = answering((path) => absent(path === INSERTED ? 403 : 404))
    expect(await present(mint())).toEqual(unavailable)
    const { origin } = new URL(ISSUER)
    expect(told('keySetFailed')[0]!.message).toBe(
      `expected metadata of issuer ${ISSUER}, got status 404 from ${origin}${APPENDED_OIDC}, ` +
        `403 from ${origin}${INSERTED}, 404 from ${origin}${APPENDED}; is its path right?`,
    )
  })

  test('of an issuer without a path has lost its context path, most likely', async () => {
    const { present, mint, told } = setScene({
      verifier: { issuer: 'https://verifier.example.test' },
      fetch: () => Promise.resolve(absent()),
    })
    expect(await present(mint())).toEqual(unavailable)
    expect(told('keySetFailed')[0]!.message).toMatch(
      /; is the context path missing, for instance \/verifier\?$/,
    )
  })
})

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
    const { calls, present, mint, told } = answering((path, good) =>
      path === APPENDED_OIDC ? metadata(members) : good(),
    )
    expect(await present(mint())).toEqual(unavailable)
    expect(calls.length).toBe(1)
    expect(told('keySetFailed')[0]!.message).toMatch(message)
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

describe('metadata that can no longer be had', () => {
  test.each(['refuse', 'status-500', 'wrong-issuer', 'hang'] as const)(
    '(%s) does not stop the keys from being fetched where they were before',
    async (fault) => {
      const { server, verifier, clock, present, mint } = await setWarmScene()
      verifier.fail('discovery', fault)
      await clock.pass(1_200)
      verifier.rotateKeys()
      await clock.pass(600)
      expect(await present(mint())).toBe('allowed')
      expect(server.health()).toMatchObject({ status: 'ready' })
    },
  )
})
