import {
  createResourceServer,
  systemRuntime,
  type GuardError,
  type GuardEvents,
  type IssuerLookup,
} from '../../src/index.js'

const ISSUER = 'https://kpmg.example.org/verifier'

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const tokenOf = (iss: string) =>
  `${encode({ alg: 'ES256', typ: 'JWT', kid: 'a' })}.${encode({ iss })}.${'A'.repeat(86)}`

async function present(lookup: IssuerLookup, iss = ISSUER) {
  const denied: GuardEvents['denied'][] = []
  const timers: (() => void)[] = []
  const server = createResourceServer({
    issuer: lookup,
    profile: 'eudistack',
    events: { denied: (event) => void denied.push(event) },
    runtime: {
      ...systemRuntime,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
      schedule(callback) {
        timers.push(callback)
        return () => {}
      },
    },
  })
  const refused: Promise<GuardError> = server.verifyAccessToken(tokenOf(iss)).then(
    () => Promise.reject(new Error('expected a refusal')),
    (error: unknown) => error as GuardError,
  )
  await Promise.resolve()
  return { refused, denied, timers }
}

test.each<[string, IssuerLookup]>([
  [
    'throws',
    () => {
      throw new RangeError('the tenants are out of reach')
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('the tenants are out of reach'))],
])('a lookup that %s is no fault of the caller: 503, and the cause is kept', async (_, lookup) => {
  const { refused, denied } = await present(lookup)
  const error = await refused
  expect(error).toMatchObject({
    code: 'keys_unavailable',
    status: 503,
    cause: expect.any(RangeError) as RangeError,
  })
  expect(error.headers).toMatchObject({ 'Retry-After': '1' })
  expect(JSON.stringify([error, error.message])).not.toContain('out of reach')
  expect(denied).toEqual([
    expect.objectContaining({ code: 'keys_unavailable', check: 'issuer', cause: error.cause }),
  ])
})

test('a lookup that never answers is not waited for', async () => {
  const { refused, timers } = await present(() => new Promise(() => {}))
  timers.forEach((fire) => fire())
  expect(await refused).toMatchObject({ code: 'keys_unavailable', status: 503 })
})

test('a lookup that knows nothing refuses, whichever way it says so', async () => {
  for (const nothing of [undefined, null]) {
    const { refused } = await present(() => nothing as undefined)
    expect(await refused).toMatchObject({ code: 'issuer_not_trusted', status: 401 })
  }
})

test.each<[string, IssuerLookup]>([
  ['without an issuer', () => ({}) as never],
  ['with a text', (issuer) => issuer as never],
  ['with a misspelt option', (issuer) => ({ issuer, audienc: 'x' }) as never],
  ['with an unknown profile', (issuer) => ({ issuer, profile: 'keycloak' as 'auto' })],
])('an answer %s is an error of the configuration', async (_, lookup) => {
  const { refused } = await present(lookup)
  expect(await refused).toMatchObject({ code: 'invalid_configuration', status: 500 })
})

test.each([
  'https://evil.example/#.example.org',
  'https://evil.example/?.example.org',
  'https://user@evil.example',
  'https://verifier.example.org/a/../b',
  'https://verifier.example.org/%2e%2e',
  'https://{tenant}.example.org',
  'https://verifier.example.org/{tenant}',
  'https://VERIFIER.example.org',
  'https://evil.example\\.example.org',
  'http://verifier.example.org',
  'file:///etc/passwd',
  ' https://verifier.example.org',
  'kpmg',
  '',
])('a lookup is not asked for %j, which no issuer looks like', async (iss) => {
  const asked: string[] = []
  const { refused } = await present((issuer) => {
    asked.push(issuer)
    return { issuer }
  }, iss)
  expect(await refused).toMatchObject({ code: 'issuer_not_trusted' })
  expect(asked).toEqual([])
})
