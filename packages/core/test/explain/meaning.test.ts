import { describeOptions } from '@verifier-guard/core/explain'
import { GuardError, type ResourceServerOptions } from '@verifier-guard/core'

const ISSUER = 'https://verifier.example.org/verifier'
const about = (options: ResourceServerOptions, name: string) =>
  describeOptions(options).find((one) => one.about === name)

test.each<[string, ResourceServerOptions, string, RegExp]>([
  ['the profile', { issuer: ISSUER, profile: 'eudistack' }, 'audience', /the Verifier itself/],
  ['an audience', { issuer: ISSUER, audience: 'api' }, 'audience', /^tokens for api$/],
  ['no audience', { issuer: ISSUER, audience: null }, 'audience', /other APIs too/],
  [
    'clients in its place',
    { issuer: ISSUER, audience: null, clientIds: ['shop'] },
    'audience',
    /of the clients shop/,
  ],
  [
    'clients of users',
    { issuer: ISSUER, profile: 'eudistack', clientIds: ['portal'] },
    'audience',
    /employees' tokens for portal/,
  ],
  [
    'a template',
    { issuer: 'https://{tenant}.example.org', audience: 'api' },
    'issuer',
    /of the form/,
  ],
  ['a key set', { issuer: ISSUER, audience: 'api', jwksUri: `${ISSUER}/k` }, 'keys', /those at/],
  ['a lookup', { issuer: () => undefined, audience: 'api' }, 'issuer lookup', /answers for/],
  ['bearer tokens', { issuer: ISSUER, audience: 'api' }, 'proof', /^bearer tokens$/],
  [
    'a client certificate',
    { issuer: ISSUER, audience: 'api', certificate: 'socket' },
    'proof',
    /^bearer tokens, and tokens bound to a key with the client certificate$/,
  ],
  [
    'proofs and client certificates',
    { issuer: ISSUER, audience: 'api', resource: 'https://api.example.org', certificate: 'socket' },
    'proof',
    /^bearer tokens, and tokens bound to a key with a DPoP proof or the client certificate$/,
  ],
  [
    'required proofs',
    {
      issuer: ISSUER,
      audience: 'api',
      resource: 'https://api.example.org',
      dpop: { mode: 'required' },
    },
    'proof',
    /^tokens bound to a DPoP key, with a proof$/,
  ],
  [
    'accepted id_tokens',
    { issuer: ISSUER, audience: 'api', idTokens: 'accept' },
    'token type',
    /; id_tokens too$/,
  ],
  [
    'accepted id_tokens of a profile that goes by "typ" alone',
    { issuer: ISSUER, audience: 'api', profile: 'rfc9068', idTokens: 'accept' },
    'token type',
    /^"typ" at\+jwt$/,
  ],
  [
    'a claim of access tokens',
    { issuer: ISSUER, audience: 'api', idTokens: { lack: 'roles' } },
    'token type',
    /; with the claim "roles" as access tokens$/,
  ],
  ['an age', { issuer: ISSUER, audience: 'api', maxTokenAge: 60 }, 'age', /up to 60 s/],
])('%s is said in words', (_, options, name, accepted) => {
  expect(about(options, name)?.accepted).toMatch(accepted)
})

test('nothing that is accepted stands among what is refused', () => {
  const options = { issuer: ISSUER, audience: 'api' }
  expect(about({ ...options, idTokens: 'accept' }, 'token type')?.refused).not.toMatch(/^id_tokens/)
  expect(about({ ...options, certificate: 'socket' }, 'proof')?.refused).toBe(
    'bound tokens without that, and those bound to a DPoP key',
  )
})

test('every issuer has a meaning of its own', () => {
  const meanings = describeOptions({
    issuer: [ISSUER, { issuer: 'https://other.example.org', audience: 'other' }],
    audience: 'api',
  })
  const audiences = meanings.filter((one) => one.about === 'audience')
  expect(audiences.map(({ accepted }) => accepted)).toEqual(['tokens for api', 'tokens for other'])
})

test('a wrong option throws as it does at start-up', () => {
  expect(() => describeOptions({ issuer: 'x', audience: 'api' })).toThrow(GuardError)
})
