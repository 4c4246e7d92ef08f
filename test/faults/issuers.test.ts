import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { settle } from './clock.js'
import { endScenes, setScene, unavailable } from './scene.js'

afterEach(endScenes)

const TEMPLATE = 'https://{tenant}.example.test/verifier'
const tenant = (name: string) => TEMPLATE.replace('{tenant}', name)
const refused = { status: 401, code: 'issuer_not_trusted' }

/**
 * A scene whose Verifier serves every tenant under the host label of its own, with one key for all.
 */
const setTenants = (issuer: unknown = TEMPLATE, options: object = {}) =>
  setScene({
    options: { issuer: issuer as string, ...options },
    verifier: { issuerFromRequest: true },
  })

describe('a template', () => {
  test('takes every tenant by its own issuer, each with its own key set', async () => {
    const { server, calls, present, mint } = setTenants()
    for (const name of ['kpmg', 'dome', 'altia']) {
      expect(await present(mint({ claims: { iss: tenant(name), aud: tenant(name) } }))).toBe(
        'allowed',
      )
    }
    expect(
      server
        .health()
        .issuers.map(({ issuer }) => issuer)
        .sort(),
    ).toEqual(['altia', 'dome', 'kpmg'].map(tenant))
    expect(calls.filter((url) => url.endsWith('/jwks'))).toHaveLength(3)
    expect(
      await present(mint({ claims: { iss: tenant('kpmg'), aud: tenant('dome') } })),
    ).toMatchObject({
      code: 'audience_mismatch',
    })
  })

  test.each([
    ['another host', 'https://kpmg.example.test.evil.example/verifier'],
    ['a host in front', 'https://evil.example/https://kpmg.example.test/verifier'],
    ['a further label', 'https://a.kpmg.example.test/verifier'],
    ['no tenant', 'https://.example.test/verifier'],
    ['capitals', 'https://KPMG.example.test/verifier'],
    ['another scheme', 'http://kpmg.example.test/verifier'],
    ['a slash more', 'https://kpmg.example.test/verifier/'],
    ['a line break', 'https://kpmg.example.test/verifier\n'],
    ['a query', 'https://kpmg.example.test/verifier?'],
    ['any character for a dot', 'https://kpmgxexample.test/verifier'],
    ['the template itself', TEMPLATE],
    ['65 characters', tenant('a'.repeat(65))],
  ])('does not take %s', async (_, issuer) => {
    const { calls, present, mint } = setTenants()
    expect(await present(mint({ claims: { iss: issuer } }))).toEqual(refused)
    expect(calls).toEqual([])
  })

  test.each([
    'evil.example/#',
    'evil.example?',
    'user:password@evil.example/',
    'evil.example:443/',
    'a b',
    'a%2fb',
    'a\\b',
  ])('does not let %j stand for a tenant, however loose its pattern', async (name) => {
    const { calls, present, mint } = setTenants({ issuer: TEMPLATE, tenantPattern: /.*|.+/s })
    expect(await present(mint({ claims: { iss: tenant(name) } }))).toEqual(refused)
    expect(calls).toEqual([])
    expect(await present(mint({ claims: { iss: tenant('a.b'), aud: tenant('a.b') } }))).toBe(
      'allowed',
    )
  })

  test('in a path works like one in a host', async () => {
    const { present, mint } = setTenants('https://verifier.example.test/{tenant}/verifier')
    expect(
      await present(mint({ claims: { iss: 'https://verifier.example.test/../verifier' } })),
    ).toEqual(refused)
  })
})

describe('issuers that a caller invents under a template', () => {
  const unreachable = (options: object = {}) =>
    setScene({
      options: { issuer: TEMPLATE, ...options },
      verifier: { issuerFromRequest: true },
      fetch: (url, init, { verifier }) =>
        new URL(url).hostname.startsWith('invented')
          ? Promise.reject(
              new TypeError('fetch failed', {
                cause: Object.assign(new Error(), { code: 'ENOTFOUND' }),
              }),
            )
          : verifier.fetch(url, init),
    })
  const invented = (n: number) => ({
    claims: { iss: tenant(`invented-${n}`), aud: tenant(`invented-${n}`) },
  })
  const genuine = { claims: { iss: tenant('kpmg'), aud: tenant('kpmg') } }

  test('are bounded: a flood of them causes a bounded number of fetches, and those that are known go on', async () => {
    const { calls, present, mint } = unreachable()
    expect(await present(mint(genuine))).toBe('allowed')
    const before = calls.length
    for (let n = 0; n < 500; n += 1) expect(await present(mint(invented(n)))).toEqual(unavailable)
    expect(calls.length - before).toBeLessThanOrEqual(64)
    expect(await present(mint(genuine))).toBe('allowed')
  })

  test('are sent nothing twice, however long they hang', async () => {
    const { clock, calls, present, mint } = setScene({
      options: { issuer: TEMPLATE },
      verifier: { issuerFromRequest: true },
      fetch: () => new Promise<Response>(() => {}),
    })
    const answer = present(mint(genuine))
    await clock.pass(5)
    expect(await answer).toEqual(unavailable)
    expect(calls).toHaveLength(1)
  })

  test('use up no warning that is meant for a configured issuer', async () => {
    const configured = 'https://invented-not.example.test/verifier'
    const { present, mint, warnings } = unreachable({
      issuer: [TEMPLATE, configured],
      events: { denied() {} },
    })
    for (let n = 0; n < 30; n += 1) await present(mint(invented(n)))
    expect(warnings).toHaveLength(10)
    await present(mint({ claims: { iss: configured, aud: configured } }))
    expect(warnings.at(-1)).toContain(`The keys of ${configured} could not be fetched`)
  })

  test('make room after a second, and no fetch is made for them any more', async () => {
    const { clock, calls, present, mint } = unreachable()
    for (let n = 0; n < 100; n += 1) await present(mint(invented(n)))
    expect(await present(mint(genuine))).toEqual(unavailable)
    expect(clock.timers()).toEqual([])
    const before = calls.length
    await clock.pass(3_600)
    expect(calls.length).toBe(before)
    for (let n = 0; n < 100; n += 1) await present(mint(invented(n)))
    await clock.pass(1)
    expect(await present(mint(genuine))).toBe('allowed')
  })

  test('do not shut out a genuine tenant that a process has not met yet, however long they go on', async () => {
    const { clock, calls, present, mint } = unreachable()
    const outcomes: unknown[] = []
    for (let second = 0; second < 180; second += 1) {
      await present(mint(invented(second)))
      if (second % 6 === 0) await present(mint(invented(1_000 + second)))
      if (second % 30 === 20) outcomes.push(await present(mint(genuine)))
      await clock.pass(1)
    }
    expect(outcomes.at(-1)).toBe('allowed')
    expect(outcomes.filter((outcome) => outcome === 'allowed').length).toBeGreaterThan(3)
    expect(calls.length).toBeLessThan(300)
  })

  test('are forgotten before any that has shown a signature, although the Verifier answers for every host name', async () => {
    const { verifier, server, clock, calls, present, mint } = setTenants()
    const unsigned = (n: number) => `${mint(invented(n)).slice(0, -8)}AAAAAAAA`
    expect(await present(mint(genuine))).toBe('allowed')
    for (let n = 0; n < 1_100; n += 1) await present(unsigned(n))
    expect(calls.length).toBeLessThan(64 * 4)
    expect(server.health().issuers.map(({ issuer }) => issuer)).toEqual([tenant('kpmg')])
    const before = calls.length
    await clock.pass(3_600)
    // The genuine one alone is kept fresh, within ten minutes each time.
    expect(calls.length - before).toBeLessThan(2 * 10)
    verifier.fail('jwks', 'refuse')
    await clock.pass(1_200)
    expect(await present(mint(genuine))).toBe('allowed')
  })

  test('do not show in the health of the process', async () => {
    const { server, present, mint } = unreachable()
    await present(mint(invented(1)))
    expect(server.health()).toEqual({ status: 'ready', issuers: [], statusLists: [] })
    await present(mint(genuine))
    await present(mint(invented(2)))
    expect(server.health()).toMatchObject({
      status: 'ready',
      issuers: [{ issuer: tenant('kpmg'), status: 'ready' }],
    })
  })

  test('are all closed by close()', async () => {
    const { server, clock, present, mint } = unreachable()
    await present(mint(genuine))
    await present(mint(invented(1)))
    server.close()
    expect(server.health()).toMatchObject({ status: 'down' })
    expect(clock.timers()).toEqual([])
    expect(await present(mint(genuine))).toEqual(unavailable)
    expect(await present(mint({ claims: { iss: tenant('dome'), aud: tenant('dome') } }))).toEqual(
      unavailable,
    )
    await settle()
    expect(clock.timers()).toEqual([])
  })

  test('or that turn out real, many at once at the start of a process, all get in', async () => {
    const { present, mint } = unreachable()
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        present(mint({ claims: { iss: tenant(`t${n}`), aud: tenant(`t${n}`) } })),
      ),
    )
    expect(new Set(outcomes)).toEqual(new Set(['allowed']))
  })
})

test('hundreds of genuine tenants that a new process meets at once are all in within seconds', async () => {
  const { clock, present, mint } = setTenants()
  let waiting = Array.from({ length: 400 }, (_, n) => ({
    claims: { iss: tenant(`t${n}`), aud: tenant(`t${n}`) },
  }))
  for (let second = 0; second < 7; second += 1) {
    const outcomes = await Promise.all(waiting.map((one) => present(mint(one))))
    for (const outcome of outcomes) expect(['allowed', unavailable]).toContainEqual(outcome)
    waiting = waiting.filter((_, n) => outcomes[n] !== 'allowed')
    await clock.pass(1)
  }
  expect(waiting).toEqual([])
})

describe('a lookup', () => {
  test('decides on issuers that are not configured by name, once each', async () => {
    const asked: string[] = []
    const { present, mint } = setTenants((issuer: string) => {
      asked.push(issuer)
      return issuer === tenant('kpmg') ? { issuer } : undefined
    })
    const token = () => mint({ claims: { iss: tenant('kpmg'), aud: tenant('kpmg') } })
    expect(await Promise.all([present(token()), present(token())])).toEqual(['allowed', 'allowed'])
    expect(await present(token())).toBe('allowed')
    expect(await present(mint({ claims: { iss: tenant('other') } }))).toEqual(refused)
    expect(asked.filter((issuer) => issuer === tenant('kpmg'))).toHaveLength(1)
  })

  test('is asked about a hundred issuers at a time at most, whatever callers invent', async () => {
    let underWay = 0
    let most = 0
    const { clock, present, mint } = setTenants(async (issuer: string) => {
      most = Math.max(most, (underWay += 1))
      await new Promise<void>((resolve) => clock.schedule(resolve, 1_000))
      underWay -= 1
      return issuer === tenant('kpmg') ? { issuer } : undefined
    })
    const outcomes = Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        present(mint({ claims: { iss: tenant(`invented-${n}`) } })),
      ),
    )
    await clock.pass(1)
    expect(most).toBe(100)
    expect(await outcomes).toEqual([
      ...Array<unknown>(100).fill(refused),
      ...Array<unknown>(200).fill(unavailable),
    ])
    const genuine = present(mint({ claims: { iss: tenant('kpmg'), aud: tenant('kpmg') } }))
    await clock.pass(1)
    expect(await genuine).toBe('allowed')
  })

  describe('is asked again as often as keys are fetched', () => {
    const token = { claims: { iss: tenant('kpmg'), aud: tenant('kpmg') } }
    /** A lookup whose answer can be changed; an error stands for an outage of its own. */
    const setLookup = (answer: object | Error | undefined) => {
      const scene = setTenants((issuer: string) => {
        asked.push(issuer)
        if (lookup.answer instanceof Error) throw lookup.answer
        return lookup.answer && { issuer, ...lookup.answer }
      })
      const asked: string[] = []
      const lookup = { ...scene, asked, answer }
      return lookup
    }

    test.each(['fetched', 'its own'])(
      'and an issuer that it refuses by now is refused, cached decisions and %s keys included',
      async (keys) => {
        const scene = setLookup(undefined)
        scene.answer = keys === 'fetched' ? {} : { keys: scene.verifier.jwks() }
        const cached = scene.mint(token)
        expect(await scene.present(cached)).toBe('allowed')
        scene.answer = undefined
        expect(await scene.present(cached)).toBe('allowed')
        await scene.clock.pass(600)
        expect(await scene.present(cached)).toEqual(refused)
        expect(scene.server.health().issuers).toEqual([])
        const { length } = scene.asked
        await scene.clock.pass(3_600)
        expect(scene.asked).toHaveLength(length)
      },
    )

    test('and another answer takes effect', async () => {
      const scene = setLookup({})
      const cached = scene.mint(token)
      expect(await scene.present(cached)).toBe('allowed')
      scene.answer = { audience: 'https://orders.example.test' }
      await scene.clock.pass(600)
      expect(await scene.present(cached)).toMatchObject({ status: 401, code: 'audience_mismatch' })
      scene.answer = { audienc: 'https://orders.example.test' }
      await scene.clock.pass(600)
      expect(await scene.present(cached)).toMatchObject({
        status: 500,
        code: 'invalid_configuration',
      })
    })

    test('and the same answer changes nothing', async () => {
      const scene = setLookup({ profile: 'eudistack', clientIds: ['portal'] })
      const cached = scene.mint(token)
      expect(await scene.present(cached)).toBe('allowed')
      await scene.clock.pass(3_600)
      expect(scene.asked.length).toBeGreaterThanOrEqual(6)
      expect(scene.events('keysChanged')).toHaveLength(1)
      const calls = scene.calls.length
      expect(await scene.present(cached)).toBe('allowed')
      expect(scene.calls).toHaveLength(calls)
    })

    test('and its last answer holds during its outage, though not for ever', async () => {
      const scene = setLookup({})
      const cached = scene.mint(token)
      expect(await scene.present(cached)).toBe('allowed')
      scene.answer = new RangeError('the tenants are out of reach')
      await scene.clock.pass(85_000)
      expect(await scene.present(cached)).toBe('allowed')
      await scene.clock.pass(2_000)
      expect(await scene.present(cached)).toMatchObject(unavailable)
      scene.answer = {}
      expect(await scene.present(cached)).toBe('allowed')
    })

    test('until the resource server is closed', async () => {
      const scene = setLookup({})
      expect(await scene.present(scene.mint(token))).toBe('allowed')
      scene.server.close()
      expect(scene.clock.timers()).toEqual([])
    })
  })

  test('that throws says nothing about the token', async () => {
    const { present, mint } = setTenants(() =>
      Promise.reject(new RangeError('the tenants are out of reach')),
    )
    expect(await present(mint({ claims: { iss: tenant('kpmg') } }))).toMatchObject(unavailable)
  })

  test('that answers for another issuer vouches for no token, and neither does one that compares without case', async () => {
    const { present, events, mint } = setTenants((issuer: string) => ({
      issuer: issuer.toLowerCase(),
    }))
    expect(
      await present(mint({ claims: { iss: tenant('kpmg').replace('/verifier', '/VERIFIER') } })),
    ).toEqual(refused)
    expect(events('denied')[0]).toMatchObject({
      hint: expect.stringMatching(/compare the whole text/) as string,
    })
  })
})

describe.each(['an address of its keys', 'keys of its own'])(
  'a template with %s, the same for every tenant',
  (source) => {
    function setShared() {
      const verifier = createDevVerifier({
        issuer: tenant('any'),
        runtime: { now: () => Date.parse('2026-01-01T12:00:00Z') },
      })
      const own =
        source === 'keys of its own'
          ? { keys: verifier.jwks() }
          : { jwksUri: `${tenant('any')}/oidc/jwks` }
      const scene = setScene({
        options: { issuer: { issuer: TEMPLATE, ...own } },
        fetch: (url, init) => verifier.fetch(url, init),
      })
      const mintFor = (name: string, audience = name) =>
        verifier.mint({ claims: { iss: tenant(name), aud: tenant(audience) } })
      return {
        ...scene,
        mintFor,
        forged: (name: string) => `${mintFor(name).slice(0, -8)}AAAAAAAA`,
      }
    }

    test('has one key set: invented tenants shut no caller out, cause no fetch, and do not count', async () => {
      const { server, calls, present, mintFor, forged } = setShared()
      expect(await present(mintFor('kpmg'))).toBe('allowed')
      const before = calls.length
      for (let n = 0; n < 200; n += 1)
        expect(await present(forged(`t${n}`))).toMatchObject({ code: 'signature_invalid' })
      // A signature that fails is looked up again a few times, in case a key was replaced in place.
      expect(calls.length - before).toBeLessThan(10)
      for (const name of ['dome', 'altia', 'kpmg'])
        expect(await present(mintFor(name))).toBe('allowed')
      expect(server.health()).toMatchObject({ status: 'ready', issuers: [{ issuer: TEMPLATE }] })
    })

    test('still holds each tenant to its own name', async () => {
      const { present, mintFor } = setShared()
      expect(await present(mintFor('kpmg', 'dome'))).toMatchObject({ code: 'audience_mismatch' })
      expect(await present(mintFor('a.kpmg'))).toEqual(refused)
    })

    test('is made ready like an issuer', async () => {
      const { server } = setShared()
      await server.ready()
      expect(server.health().issuers).toMatchObject([
        { issuer: TEMPLATE, status: 'ready', keys: 1 },
      ])
    })
  },
)

describe('keys of one issuer never vouch for another', () => {
  test('although their ids are the same', async () => {
    const other = createDevVerifier({
      issuer: 'https://other.example.test/verifier',
      runtime: { now: () => Date.parse('2026-01-01T12:00:00Z') },
    })
    const scene = setScene({
      options: { issuer: ['https://verifier.example.test/verifier', other.issuer] },
      fetch: (url, init, { verifier }) =>
        url.startsWith(other.issuer) ? other.fetch(url, init) : verifier.fetch(url, init),
    })
    const kid = 'shared'
    const publish = (verifier: typeof other) =>
      verifier.addKeys([{ ...verifier.jwks().keys[0]!, kid }])
    publish(other)
    publish(scene.verifier)
    const own = { header: { kid } }
    const crossed = { ...own, claims: { iss: scene.verifier.issuer, aud: scene.verifier.issuer } }
    expect(await scene.present(other.mint(own))).toBe('allowed')
    expect(await scene.present(scene.mint(own))).toBe('allowed')
    expect(await scene.present(other.mint(crossed))).toEqual({
      status: 401,
      code: 'signature_invalid',
    })
    await other.close()
  })
})
