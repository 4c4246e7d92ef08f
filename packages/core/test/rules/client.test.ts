import { readSummary, type CredentialSummary } from '../../src/credential/credential.js'
import { PROFILES, type Profile, type ProfileName } from '../../src/options/profiles.js'
import { clientIdOf } from '../../src/rules/client.js'

const ISSUER = 'https://verifier.example.org'
const MINE = 'did:key:zDnaeMine'
const OTHER = 'did:key:zDnaeOther'

function clientOf(
  claims: Readonly<Record<string, unknown>>,
  profileName: ProfileName = 'auto',
  credential: CredentialSummary | undefined = readSummary(claims),
): string | undefined {
  const profile: Profile = PROFILES[profileName]
  return clientIdOf(claims, { issuer: ISSUER, profile }, credential)
}

const machine = (subject: object, claims: object = {}) => ({
  ...claims,
  vc: {
    type: ['LEARCredentialMachine'],
    credentialSubject: {
      ...subject,
      mandate: { mandator: {}, mandatee: { id: OTHER }, power: [] },
    },
  },
})

describe('the calling machine is whom the Verifier bound the token to, not what its organisation wrote', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['by sub', machine({}, { sub: MINE, client_id: ISSUER }), MINE],
    ["by the credential's subject", machine({ id: MINE }, { sub: '203.0.113.7' }), MINE],
    ['by client_id', machine({}, { client_id: MINE }), MINE],
    [
      'by sub beside a flat mandatee',
      {
        ...machine({ id: MINE }, { sub: MINE }),
        mandator: { organization: 'A' },
        mandatee: { id: OTHER },
        power: [],
      },
      MINE,
    ],
    ['by its mandatee where nothing else is stated', machine({}, { sub: '203.0.113.7' }), OTHER],
    ['by its mandatee beside a client that is no DID', machine({}, { client_id: 'shop' }), OTHER],
  ])('%s', (_, claims, expected) => {
    expect(clientOf(claims)).toBe(expected)
  })
})

describe('the client of a token without a credential', () => {
  test.each<[string, object, ProfileName, string | undefined]>([
    ['client_id', { client_id: 'a', azp: 'b' }, 'auto', 'a'],
    ['azp', { azp: 'b', sub: MINE }, 'auto', 'b'],
    ['cid of Okta', { cid: 'c' }, 'auto', 'c'],
    ['appid of Microsoft Entra 1.0', { appid: 'd' }, 'auto', 'd'],
    ['appid only where it means a client', { appid: 'd', cid: 'c' }, 'rfc9068', undefined],
    ['no list', { appid: ['d'] }, 'auto', undefined],
    ['not the Verifier itself', { client_id: ISSUER }, 'dome', undefined],
  ])('is %s', (_, claims, profile, expected) => {
    expect(clientOf({ ...claims }, profile, undefined)).toBe(expected)
  })
})
