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
  ['an age', { issuer: ISSUER, audience: 'api', maxTokenAge: 60 }, 'age', /up to 60 s/],
])('%s is said in words', (_, options, name, accepted) => {
  expect(about(options, name)?.accepted).toMatch(accepted)
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
