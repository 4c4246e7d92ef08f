import { GuardError } from '../../src/kit/errors.js'
import type { IssuerOptions, ResourceServerOptions } from '../../src/options/options.js'
import { resolveOptions } from '../../src/options/resolve.js'
import { systemRuntime } from '../../src/kit/runtime.js'

const issuer = 'https://verifier.example.org'
const good: ResourceServerOptions = { issuer, audience: 'https://orders.example.org' }

const circle: Record<string, unknown> = { password: 'hunter2' }
circle['self'] = circle

function messageOf(options: unknown): string {
  try {
    resolveOptions(options as ResourceServerOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(GuardError)
    expect((error as GuardError).kind).toBe('configuration')
    return (error as GuardError).message
  }
  throw new Error('expected a configuration error, found none')
}

describe('what is not configured right is refused at start, with what to do', () => {
  test.each<[string, object | undefined, RegExp]>([
    ['no options', undefined, /expected "issuer", found none: .*exactly/],
    ['no issuer', { audience: 'x' }, /expected "issuer", found none: .*environment variable/],
    [
      'an empty issuer',
      { ...good, issuer: '' },
      /expected "issuer", found "": .*environment variable/,
    ],
    ['no issuers', { ...good, issuer: [] }, /expected "issuer", found an empty list/],
    [
      'an issuer that is no URL',
      { ...good, issuer: 'verifier.example.org' },
      /which is not a URL: .*say with "jwksUri" where the keys are/,
    ],
    [
      'the address of metadata as issuer',
      { ...good, issuer: `${issuer}/verifier/.well-known/openid-configuration` },
      /the address of its metadata: .*most likely "https:\/\/verifier.example.org\/verifier"/,
    ],
    [
      'the same in the form of RFC 8414',
      { ...good, issuer: `${issuer}/.well-known/oauth-authorization-server/verifier` },
      /most likely "https:\/\/verifier.example.org\/verifier"/,
    ],
    [
      'status lists without a signer',
      { ...good, status: { lists: [{ url: issuer }] } },
      /"keys" or "certificateAuthorities" of a status list.*found neither: take the keys/,
    ],
    [
      'status lists with a key that is none',
      { ...good, status: { lists: [{ url: issuer, keys: 'MIIB' }] } },
      /"keys" as a JWK Set, .*found a text that is no PEM/,
    ],
    [
      'an issuer over http',
      { ...good, issuer: 'http://verifier.example.org' },
      /which is not https: use https, or "allowInsecureHttp"/,
    ],
    [
      'an issuer with a query',
      { ...good, issuer: `${issuer}?tenant=a` },
      /without query and fragment/,
    ],
    [
      'an issuer with a password',
      { ...good, issuer: 'https://a:secret@verifier.example.org' },
      /credentials in it/,
    ],
    ['no audience', { issuer }, /expected "audience", found none: .*"dome" or "eudistack".*null/],
    ['an empty audience', { issuer, audience: '' }, /non-empty strings/],
    ['no audiences', { issuer, audience: [] }, /found an empty list/],
    [
      'a profile of another name',
      { ...good, profile: 'keycloak' },
      /one of auto, dome, eudistack, fiware, rfc9068, found "keycloak"/,
    ],
    [
      'a profile named like a prototype member',
      { ...good, profile: 'constructor' },
      /found "constructor"/,
    ],
    [
      'a symmetric algorithm',
      { ...good, algorithms: ['HS256'] },
      /found "HS256": symmetric algorithms/,
    ],
    ['the algorithm none', { ...good, algorithms: ['none'] }, /can never be allowed/],
    ['no algorithms', { ...good, algorithms: [] }, /"algorithms" as a list/],
    ['a misspelt option', { ...good, audiance: 'x' }, /found "audiance": check the spelling/],
    [
      'a misspelt option of an issuer',
      { ...good, issuer: { issuer, audienc: 'x' } },
      /found "audienc"/,
    ],
    [
      'two sources of keys',
      { ...good, jwksUri: `${issuer}/jwks`, keys: { keys: [] } },
      /expected one source of keys/,
    ],
    [
      'keys beside several issuers',
      { ...good, issuer: [issuer, `${issuer}/b`], jwksUri: `${issuer}/jwks` },
      /keys of one issuer only/,
    ],
    [
      'a jwksUri over http',
      { ...good, jwksUri: 'http://verifier.example.org/jwks' },
      /"jwksUri" as an https URL/,
    ],
    [
      'a tolerance that is no number',
      { ...good, clockTolerance: '30' },
      /"clockTolerance" as a number from 0 to 600, found "30"/,
    ],
    ['a negative tolerance', { ...good, clockTolerance: -1 }, /found -1/],
    [
      'a time-out of nothing',
      { ...good, keySet: { timeout: 0 } },
      /"keySet.timeout" as a number from 0.001 to 300, found 0/,
    ],
    [
      'keys that are stale before they are old',
      { ...good, keySet: { maxAge: 600, maxStale: 60 } },
      /"keySet.maxStale" of at least "keySet.maxAge", found 60 s/,
    ],
    [
      'a misspelt event',
      { ...good, events: { deny: () => {} } },
      /"events" among allowed, denied.*found "deny"/,
    ],
    [
      'a listener that is no function',
      { ...good, events: { denied: 'log' } },
      /"events.denied" as a function, found "log"/,
    ],
    ['events that are no object', { ...good, events: () => {} }, /"events" as an object/],
    ['a misspelt bound', { ...good, keySet: { maxage: 1 } }, /found "maxage"/],
    [
      'a cache without end',
      { ...good, cache: { maxEntries: Infinity } },
      /"cache.maxEntries" as a whole number from 1 to 10000000/,
    ],
    [
      'a cache of half an entry',
      { ...good, cache: { maxEntries: 1.5 } },
      /"cache.maxEntries" as a whole number/,
    ],
    [
      'a cache beyond all memory',
      { ...good, cache: { maxEntries: 5e9 } },
      /"cache.maxEntries" as a whole number/,
    ],
    [
      'bytes without end',
      { ...good, cache: { maxBytes: Infinity } },
      /"cache.maxBytes" as a whole number/,
    ],
    [
      'a cache that is false',
      { ...good, cache: false },
      /"cache" as an object, found false: null switches it off/,
    ],
    [
      'a switch that is neither',
      { ...good, correlationId: 'no' },
      /"correlationId" as true, false, the name of a field or a function, found "no"/,
    ],
    [
      'a check switched off by another word',
      { ...good, credentialValidity: false },
      /"credentialValidity" as "check" or "ignore", found false/,
    ],
    [
      'milliseconds for seconds',
      { ...good, clockTolerance: 30_000 },
      /from 0 to 600, found 30000: it counts seconds/,
    ],
    [
      'a time-out in milliseconds',
      { ...good, keySet: { timeout: 5_000 } },
      /it counts seconds, not milliseconds/,
    ],
    [
      'white space around the issuer',
      { ...good, issuer: ' https://verifier.example.org' },
      /without white space/,
    ],
    [
      'a realm with a line break',
      { ...good, realm: 'a\r\nX-Evil: 1' },
      /"realm" in printable ASCII/,
    ],
    [
      'a pattern for a tenant that nothing varies by',
      { ...good, issuer: { issuer, tenantPattern: /a/ } },
      /"tenantPattern" beside an issuer with \{tenant\}/,
    ],
    [
      'a pattern that is no regular expression',
      { ...good, issuer: { issuer: 'https://{tenant}.example.org', tenantPattern: '[a-z]+' } },
      /as a regular expression, found "\[a-z\]\+"/,
    ],
    [
      'a kind of another name',
      { ...good, kinds: ['machines'] },
      /"kinds" among machine, employee, .*found \["machines"\]/,
    ],
    ['no kinds', { ...good, kinds: [] }, /"kinds" among .*found \[\]/],
    ['kinds that are no list', { ...good, kinds: 'machine' }, /"kinds" among .*found "machine"/],
    [
      'client ids that are no list',
      { issuer, profile: 'dome', clientIds: 'portal' },
      /"clientIds" as non-empty strings/,
    ],
    [
      'client ids beside an audience',
      { issuer, profile: 'eudistack', audience: 'x', clientIds: ['portal'] },
      /"clientIds" without "audience".*found both: an explicit "audience" is all that counts/,
    ],
    [
      'client ids beside any audience',
      { issuer, profile: 'eudistack', audience: null, clientIds: ['portal'] },
      /"clientIds" without "audience"/,
    ],
    [
      'client ids under a profile without a rule of its own',
      { ...good, profile: 'fiware', clientIds: ['portal'] },
      /"clientIds" beside "audience: null" under the profile "fiware", found an audience/,
    ],
    [
      'id_tokens by another word',
      { ...good, idTokens: true },
      /"idTokens" as "refuse" or "accept", found true/,
    ],
    [
      'a sign of access tokens without a name',
      { ...good, idTokens: { lack: '' } },
      /"idTokens.lack" as a text/,
    ],
    [
      'client ids of an issuer beside the audience of all',
      { ...good, profile: 'dome', issuer: [{ issuer, clientIds: ['portal'] }] },
      /found both/,
    ],
    [
      'kinds of credentials under a profile that looks for none',
      { ...good, profile: 'rfc9068', kinds: ['machine'] },
      /"kinds" with "none" under the profile "rfc9068", found \["machine"\]/,
    ],
    [
      'white space around an audience',
      { issuer, audience: ['a', 'b '] },
      /without white space around them, found/,
    ],
    [
      'the same issuer with other settings',
      { ...good, issuer: [issuer, { issuer, audience: 'b' }] },
      /every issuer once, found "https:\/\/verifier.example.org" twice/,
    ],
    [
      'keys that are null',
      { ...good, keys: null },
      /"keys" as a JWK Set, .*found null: leave "keys" out/,
    ],
    ['keys that are a number', { ...good, keys: [7] }, /"keys" as a JWK Set, a JWK, .*found 7/],
    [
      'an address of keys that is null',
      { ...good, jwksUri: null },
      /"jwksUri" as an https URL, found null/,
    ],
    [
      'an address of keys of one issuer that is null',
      { ...good, jwksUri: `${issuer}/jwks`, issuer: [{ issuer, jwksUri: null }] },
      /"jwksUri" as an https URL, found null/,
    ],
    [
      'an audience from an unset variable',
      { issuer, profile: 'eudistack', audience: undefined },
      /"audience" with a value, where it is stated, found undefined: an unset environment variable.*leave it out/,
    ],
    [
      'client ids from one',
      { issuer, profile: 'eudistack', clientIds: undefined },
      /"clientIds" with a value/,
    ],
    ['kinds from one', { ...good, kinds: undefined }, /"kinds" with a value/],
    [
      'an audience of one issuer from one',
      { ...good, issuer: [{ issuer, audience: undefined }] },
      /"audience" with a/,
    ],
    [
      'an age of tokens in milliseconds',
      { ...good, maxTokenAge: 86_400_000 },
      /from 1 to 31536000, .*milliseconds/,
    ],
    [
      'an age of keys in milliseconds',
      { ...good, keySet: { maxAge: 600_000 } },
      /from 1 to 86400, .*milliseconds/,
    ],
    [
      'a staleness in milliseconds',
      { ...good, keySet: { maxStale: 86_400_000 } },
      /"keySet.maxStale" as a number from 1 to 31536000/,
    ],
    [
      'a runtime that is none',
      { ...good, runtime: 'node' },
      /"runtime" as an object, found "node"/,
    ],
    ['no runtime', { ...good, runtime: null }, /"runtime" as an object, found null/],
    [
      'a clock that is no function',
      { ...good, runtime: { now: 5 } },
      /"runtime.now" as a function, found 5: leave it out/,
    ],
    [
      'a fetch that is not there',
      { ...good, runtime: { fetch: undefined } },
      /"runtime.fetch" as a function, found none/,
    ],
    [
      'a configuration as audience',
      { issuer, audience: circle },
      /"audience" as non-empty strings.*found an object/,
    ],
    ['a large number', { ...good, maxTokenAge: 10n }, /found 10/],
  ])('%s', (_, options, message) => {
    expect(messageOf(options)).toMatch(message)
  })

  test.each([
    ['in the scheme', '{tenant}://verifier.example.org'],
    ['as the port', 'https://verifier.example.org:{tenant}'],
    ['within the port', 'https://verifier.example.org:44{tenant}'],
    ['as the user', 'https://{tenant}@verifier.example.org'],
    ['as the password', 'https://user:{tenant}@verifier.example.org'],
    ['as the whole host', 'https://{tenant}'],
    ['as the top-level domain', 'https://verifier.{tenant}'],
    ['at the end of the host', 'https://verifier.example.org{tenant}/verifier'],
    ['in an address of numbers', 'http://127.0.0.{tenant}'],
    ['in an address of IPv6', 'https://[::{tenant}]'],
    ['in the query', 'https://verifier.example.org/?t={tenant}'],
    ['in the fragment', 'https://verifier.example.org/#{tenant}'],
    ['twice', 'https://{tenant}.example.org/{tenant}'],
    ['in capitals', 'https://{TENANT}.example.org'],
    ['by another name', 'https://{org}.example.org'],
  ])('a template with its tenant %s', (_, template) => {
    expect(messageOf({ ...good, issuer: template })).toMatch(
      /\{tenant\} once, in a label of the host before its last/,
    )
  })

  test.each<[string, object]>([
    [
      'the query of an address',
      { ...good, jwksUri: 'http://verifier.example.org/jwks?api_key=hunter2' },
    ],
    ['the query of an issuer', { ...good, issuer: `${issuer}?api_key=hunter2` }],
    ['the fragment of an issuer', { ...good, issuer: `${issuer}#hunter2` }],
    ['a configuration', { ...good, audience: [{ database: { password: 'hunter2' } }] }],
    ['a circle', { ...good, realm: circle }],
    ['a configuration as issuer', { ...good, issuer: { url: issuer, password: 'hunter2' } }],
    ['a template', { ...good, issuer: 'https://{tenant}/?api_key=hunter2' }],
  ])('%s is not repeated', (_, options) => {
    expect(messageOf(options)).not.toContain('hunter2')
  })

  test('a secret in an address is not repeated', () => {
    expect(messageOf({ ...good, issuer: 'https://a:hunter2@verifier.example.org' })).not.toContain(
      'hunter2',
    )
  })
})

describe('defaults', () => {
  const { issuers, ...settings } = resolveOptions(good)

  test('are the documented ones', () => {
    expect(settings).toMatchObject({
      limits: {
        maxAge: 600_000,
        maxStale: 86_400_000,
        timeout: 5_000,
        maxBytes: 524_288,
        insecureHttp: false,
      },
      cache: { maxEntries: 5_000, maxBytes: 33_554_432 },
      clockTolerance: 30,
      maxTokenAge: Infinity,
      checksCredentialValidity: true,
      realm: 'api',
      correlationId: false,
      sampleDenied: 1,
    })
    expect([...issuers[0]!.algorithms.keys()]).toEqual(['ES256', 'RS256'])
    expect(issuers[0]!.kinds).toBeUndefined()
  })

  test('plain http is fine on this machine', () => {
    for (const host of ['localhost:8082', '127.0.0.1:8082', '[::1]:8082']) {
      expect(resolveOptions({ ...good, issuer: `http://${host}` }).issuers[0]!.issuer).toBe(
        `http://${host}`,
      )
    }
  })

  test.each([
    ['eudistack', {}, ['machine']],
    ['eudistack', { clientIds: ['portal'] }, ['machine', 'employee']],
    ['dome', { audience: 'portal' }, ['machine', 'employee']],
    ['dome', { audience: [issuer, 'portal'] }, ['machine', 'employee']],
    ['dome', { audience: null }, ['machine', 'employee']],
    ['eudistack', { audience: issuer }, ['machine']],
    ['eudistack', { audience: [issuer] }, ['machine']],
    ['eudistack', { audience: issuer, kinds: ['machine', 'employee'] }, ['machine', 'employee']],
    ['dome', { clientIds: ['portal'], kinds: ['machine'] }, ['machine']],
    ['fiware', { audience: 'my-service' }, ['machine']],
    ['rfc9068', { audience: 'api' }, undefined],
  ] as const)('profile %s with %j lets in %j', (profile, more, kinds) => {
    const expected = profile === 'fiware' ? ['machine', 'employee'] : kinds
    const runtime = { warn: () => {} }
    expect(resolveOptions({ issuer, profile, runtime, ...more }).issuers[0]!.kinds).toEqual(
      expected,
    )
  })

  test.each([
    ['https://verifier.example.org/verifier', 'https://verifier.example.org'],
    ['https://{tenant}.eudistack.example/verifier', 'https://{tenant}.eudistack.example/verifier'],
    ['https://{tenant}.eudistack.example/verifier', 'https://kpmg.eudistack.example/verifier'],
    ['https://{tenant}.eudistack.example/verifier', 'https://kpmg.eudistack.example'],
    ['https://eudistack.example/{tenant}', 'https://eudistack.example'],
  ])('an audience that is the Verifier lets no employees in: %s, %s', (issuer, audience) => {
    const runtime = { warn: () => {} }
    const kindsFor = (own: string) =>
      resolveOptions({ issuer, profile: 'eudistack', audience: own, runtime }).issuers[0]!.kinds
    expect(kindsFor(audience)).toEqual(['machine'])
    expect(kindsFor('https://orders.example.org')).toEqual(['machine', 'employee'])
  })

  test('an issuer with an audience of its own may stand beside others that go by client ids', () => {
    const { issuers } = resolveOptions({
      issuer: [issuer, { issuer: `${issuer}/b`, audience: 'b' }],
      profile: 'dome',
      clientIds: ['portal'],
    })
    expect(issuers.map(({ audience }) => audience)).toEqual([undefined, ['b']])
  })

  test('client ids that all share stand where an issuer takes any audience', () => {
    const { issuers } = resolveOptions({
      issuer: [{ issuer, audience: null }],
      profile: 'auto',
      clientIds: ['portal'],
      runtime: { warn: () => {} },
    })
    expect(issuers[0]!.clientIds).toEqual(['portal'])
  })

  test('what an issuer states as undefined does not undo what all share', () => {
    const unset = { issuer, profile: undefined, jwksUri: undefined } as unknown as IssuerOptions
    const { issuers } = resolveOptions({
      issuer: [unset],
      audience: 'orders',
      profile: 'rfc9068',
      jwksUri: `${issuer}/shared`,
    })
    expect(issuers[0]!.keysAt(issuer)).toEqual({ jwksUri: `${issuer}/shared` })
    expect(issuers[0]!.profile.types).toEqual(['at+jwt'])
  })

  test('keys that all share stand beside no lookup', () => {
    const lookup = { issuer: () => undefined, jwksUri: 'https://verifier.example.org/jwks' }
    expect(() => resolveOptions({ ...lookup, audience: 'orders' })).toThrow('a lookup')
  })

  test('an issuer that is listed twice is one', () => {
    expect(resolveOptions({ ...good, issuer: [issuer, issuer] }).issuers.length).toBe(1)
  })

  test('what is replaced of the runtime leaves the rest as it is', () => {
    const now = () => 0
    expect(resolveOptions({ ...good, runtime: { now } }).runtime).toEqual({ ...systemRuntime, now })
    expect(resolveOptions({ ...good, runtime: {} }).runtime).toEqual(systemRuntime)
  })

  test('what the caller passed is neither kept nor changed', () => {
    const audience = ['a']
    const resolved = resolveOptions({ issuer, audience })
    audience.push('b')
    expect(resolved.issuers[0]!.audience).toEqual(['a'])
  })

  test.each([
    'kubernetes/serviceaccount',
    'urn:example:sts',
    'did:web:verifier.example.org',
    'http://adfs.example.org/adfs/services/trust',
    'https://verifier.example.org?tenant=a',
  ])('the issuer %s is taken as it stands where the keys are given', (issuer) => {
    for (const keys of [{ jwksUri: 'https://keys.example.org/jwks' }, { keys: { keys: [] } }])
      for (const profile of ['auto', 'dome'] as const)
        expect(resolveOptions({ ...good, issuer, profile, ...keys }).issuers[0]!.issuer).toBe(
          issuer,
        )
  })

  test('the keys of FIWARE are below the issuer, whose metadata is that of one service', () => {
    const keysOf = (more: object) =>
      resolveOptions({ ...good, profile: 'fiware', ...more }).issuers[0]!.keysAt(issuer)
    expect(keysOf({})).toEqual({ jwksUri: `${issuer}/.well-known/jwks` })
    expect(keysOf({ jwksUri: `${issuer}/own` })).toEqual({ jwksUri: `${issuer}/own` })
  })

  const keys = { keys: [] }
  const shared = `${issuer}/shared`
  const own = `${issuer}/own`
  test.each<[string, object, object, object]>([
    ['own "keys" before a shared "jwksUri"', { keys }, { jwksUri: shared }, { keys }],
    ['own "jwksUri" before shared "keys"', { jwksUri: own }, { keys }, { jwksUri: own }],
    ['own "jwksUri" before a shared one', { jwksUri: own }, { jwksUri: shared }, { jwksUri: own }],
    ['own "keys" before shared ones', { keys }, { keys: { keys: [{}] } }, { keys }],
    ['shared "keys" where it states nothing', {}, { keys }, { keys }],
    [
      'a shared "jwksUri" where it states undefined',
      { keys: undefined },
      { jwksUri: shared },
      { jwksUri: shared },
    ],
  ])('an issuer takes its %s', (_, stated, ofAll, taken) => {
    const [resolved] = resolveOptions({
      ...good,
      ...ofAll,
      issuer: { issuer, ...stated },
    }).issuers
    expect(resolved!.keysAt(issuer)).toMatchObject(taken)
  })

  test('an issuer of a list may have settings of its own', () => {
    const { issuers } = resolveOptions({
      ...good,
      issuer: [issuer, { issuer: `${issuer}/b`, audience: 'b', algorithms: ['RS256'] }],
    })
    expect(issuers.map((one) => one.audience)).toEqual([['https://orders.example.org'], ['b']])
    expect([...issuers[1]!.algorithms.keys()]).toEqual(['RS256'])
  })
})

describe('what is weaker than it may seem is said once, at start', () => {
  const warningsOf = (options: ResourceServerOptions) => {
    const warnings: string[] = []
    resolveOptions({ ...options, runtime: { warn: (message) => void warnings.push(message) } })
    return warnings
  }

  test.each<[string, Partial<ResourceServerOptions>, RegExp]>([
    [
      'an audience equal to the issuer',
      { audience: issuer },
      /only powers, tenant and other requirements restrict access/,
    ],
    ['no audience check', { audience: null }, /only requirements restrict access/],
    [
      "no audience check, which lets everybody's employees in",
      { audience: null, profile: 'eudistack' },
      /any other API are accepted, employees of any client included; only/,
    ],
    [
      'clients in place of an audience',
      { audience: null, clientIds: ['shop', 'app'] },
      /issued to shop or app for any other API are accepted too/,
    ],
    [
      'id_tokens for access tokens',
      { idTokens: 'accept' },
      /whoever a user signs in to can call this API as that user.*\{ lack: 'name' \}/,
    ],
    ['plain http', { allowInsecureHttp: true }, /publish keys/],
    ...[
      'https://{tenant}.org',
      'https://{tenant}.co.uk/verifier',
      'https://{tenant}.com.es',
      'https://{tenant}.github.io',
      'https://verifier-{tenant}.pages.dev',
    ].map((issuer): [string, Partial<ResourceServerOptions>, RegExp] => [
      `a template of names that anyone may have: ${issuer}`,
      { issuer },
      /anyone can issue tokens/,
    ]),
  ])('%s', (_, options, message) => {
    expect(warningsOf({ ...good, ...options })).toEqual([expect.stringMatching(message)])
  })

  test('a sound configuration is not commented on', () => {
    expect(warningsOf(good)).toEqual([])
    expect(warningsOf({ issuer, profile: 'eudistack' })).toEqual([])
    expect(warningsOf({ ...good, idTokens: { lack: 'uid' } })).toEqual([])
    for (const template of [
      'https://{tenant}.localhost',
      'https://{tenant}.internal',
      'https://{tenant}.example.org',
      'https://{tenant}.verifier.github.io',
      'https://{tenant}.co.org',
      'https://verifier.github.io/{tenant}',
    ])
      expect(warningsOf({ ...good, issuer: template })).toEqual([])
  })
})
