import { checkAudienceOfKind, checkClaims, type ClaimContext } from '../../src/rules/claims.js'
import { Denial, type DenialReason } from '../../src/kit/errors.js'
import { audiencesOf } from '../../src/issuers/trusted-issuer.js'
import { PROFILES, type CallerKind, type ProfileName } from '../../src/options/profiles.js'

const NOW = 1_800_000_000
const ISSUER = 'https://verifier.example.org'
const CLAIMS = {
  iss: ISSUER,
  aud: ISSUER,
  sub: 'a',
  jti: 'b',
  scope: 'c',
  client_id: 'd',
  iat: NOW,
  exp: NOW + 900,
}

interface Situation {
  readonly claims?: object
  readonly typ?: string
  readonly profile?: ProfileName
  readonly audience?: readonly string[] | null
  readonly clientIds?: readonly string[]
  readonly maxTokenAge?: number
  readonly clockTolerance?: number
}

function contextOf({
  claims,
  typ,
  profile = 'eudistack',
  audience,
  clientIds = [],
  ...limits
}: Situation): ClaimContext {
  const header = { alg: 'ES256', ...(typ !== undefined && { typ }) }
  const named = { issuer: ISSUER, audience, clientIds }
  const issuer = { ...named, profile: PROFILES[profile], audiences: audiencesOf(named) }
  // A JSON round trip leaves out what is undefined, as in a token.
  const body = JSON.parse(JSON.stringify({ ...CLAIMS, ...claims })) as Record<string, unknown>
  return {
    header,
    claims: body,
    issuer,
    now: NOW,
    clockTolerance: 30,
    maxTokenAge: Infinity,
    ...limits,
  }
}

function verdict(situation: Situation): string {
  try {
    checkClaims(contextOf(situation))
    return 'valid'
  } catch (error) {
    if (error instanceof Denial) return error.refusal.code
    throw error
  }
}

/** Each limit in time, to the second. */
test.each<[string, Situation, string]>([
  ['exp, the last second of the tolerance', { claims: { exp: NOW - 29 } }, 'valid'],
  ['exp, the tolerance over', { claims: { exp: NOW - 30 } }, 'token_expired'],
  ['exp now, no tolerance', { claims: { exp: NOW }, clockTolerance: 0 }, 'token_expired'],
  [
    'exp in a fraction of a second, no tolerance',
    { claims: { exp: NOW + 0.1 }, clockTolerance: 0 },
    'valid',
  ],
  ['nbf at the end of the tolerance', { claims: { nbf: NOW + 30 } }, 'valid'],
  ['nbf beyond it', { claims: { nbf: NOW + 31 } }, 'token_not_yet_valid'],
  ['iat at the end of the tolerance', { claims: { iat: NOW + 30 } }, 'valid'],
  ['iat beyond it', { claims: { iat: NOW + 31 } }, 'token_not_yet_valid'],
  ['age at the limit', { claims: { iat: NOW - 90 }, maxTokenAge: 60 }, 'valid'],
  ['age beyond it', { claims: { iat: NOW - 91 }, maxTokenAge: 60 }, 'token_too_old'],
  ['no iat to tell the age by', { claims: { iat: undefined }, maxTokenAge: 60 }, 'claim_invalid'],
  ['no iat, no limit', { claims: { iat: undefined } }, 'valid'],
])('RFC 7519 §4.1: %s', (_, situation, expected) => {
  expect(verdict(situation)).toBe(expected)
})

test.each<[string, Situation, string]>([
  ['the Verifier itself, for a machine', {}, 'valid'],
  ["the Verifier's origin, as 3.3 takes it", { claims: { aud: new URL(ISSUER).origin } }, 'valid'],
  ['a known client, for its users', { claims: { aud: 'shop' }, clientIds: ['shop'] }, 'valid'],
  ['an unknown client', { claims: { aud: 'shop' }, clientIds: ['other'] }, 'audience_mismatch'],
  ['one of several', { claims: { aud: ['x', 'orders'] }, audience: ['orders'] }, 'valid'],
  [
    'an explicit audience wins over the rule of the profile',
    { audience: ['orders'] },
    'audience_mismatch',
  ],
  ['any, where the check is off', { claims: { aud: 'x' }, audience: null }, 'valid'],
  ['nobody, where the check is off', { claims: { aud: undefined }, audience: null }, 'valid'],
  ['nobody', { claims: { aud: undefined } }, 'claim_invalid'],
])('RFC 7519 §4.1.3: addressed to %s', (_, situation, expected) => {
  expect(verdict(situation)).toBe(expected)
})

function reasonOf(judge: () => void): DenialReason {
  try {
    judge()
  } catch (error) {
    if (error instanceof Denial && error.refusal.code === 'audience_mismatch')
      return error.refusal.reason
    throw error
  }
  throw new Error('expected a denial')
}

test("a machine token for another API is not told to be a user's", () => {
  const claims = { aud: 'https://orders.example.org', scope: 'machine learcredential' }
  const { expected, hint } = reasonOf(() => checkClaims(contextOf({ claims })))
  expect(expected).toBe(`"aud" to hold ${ISSUER}`)
  expect(hint).toMatch(/a machine's token .* name it in "audience"/)
  const users = reasonOf(() =>
    checkClaims(contextOf({ claims: { aud: 'shop', scope: 'openid learcredential' } })),
  )
  expect(users.hint).toMatch(/a user's token .*"clientIds"/)
})

test("without an audience, an employee's token is for a configured client, and one for the Verifier does not pass as a machine's", () => {
  const check = (kind: CallerKind, aud: unknown, more: Situation = {}) => {
    const context = contextOf({ claims: { aud }, clientIds: ['shop'], ...more })
    return () => checkAudienceOfKind(context, kind)
  }
  expect(reasonOf(check('employee', ISSUER)).expected).toBe(
    '"aud" of an employee\'s token to hold shop',
  )
  expect(reasonOf(check('employee', ISSUER, { clientIds: [] })).hint).toContain('"clientIds"')
  expect(check('employee', ['x', 'shop'])).not.toThrow()
  for (const aud of [ISSUER, 'shop']) expect(check('machine', aud)).not.toThrow()
  for (const audience of [[ISSUER], null])
    expect(check('employee', ISSUER, { audience })).not.toThrow()
})

test.each<[string | undefined, string]>([
  [undefined, 'valid'],
  ['JWT', 'valid'],
  ['jwt', 'valid'],
  ['application/jwt', 'valid'],
  ['at+jwt', 'valid'],
  ['', 'token_type_not_accepted'],
  ['application/', 'token_type_not_accepted'],
  ['dpop+jwt', 'token_type_not_accepted'],
])('RFC 8725 §3.11: typ %p is %s', (typ, expected) => {
  expect(verdict({ ...(typ !== undefined && { typ }) })).toBe(expected)
})

test('RFC 9068 §2.1: at+jwt says what it is, so that no claim has to be taken for the mark of an id_token', () => {
  const claims = { auth_time: NOW, acr: '0' }
  expect(verdict({ typ: 'at+jwt', claims })).toBe('valid')
  expect(verdict({ typ: 'JWT', claims })).toBe('token_type_not_accepted')
})

describe('an access token with the marks of a session (Keycloak)', () => {
  const marks = { auth_time: NOW, acr: '1', amr: ['pwd'], sid: 'c3f1', typ: 'Bearer' }
  const keycloak = {
    ...marks,
    aud: 'orders',
    azp: 'portal',
    client_id: undefined,
    scope: 'openid profile',
  }
  const under = (claims: object, profile: ProfileName = 'auto') =>
    verdict({
      typ: 'JWT',
      profile,
      audience: ['orders', 'portal'],
      claims: { ...keycloak, ...claims },
    })

  test.each<[string, object]>([
    ['as it is', {}],
    ['with several audiences', { aud: ['orders', 'account'] }],
    ['with its client in client_id', { azp: undefined, client_id: 'portal' }],
    ['with scp', { scope: undefined, scp: ['a'] }],
    ['of another server, without a kind of its own', { typ: undefined }],
  ])('%s, passes under "auto"', (_, claims) => {
    expect(under(claims)).toBe('valid')
  })

  test.each<[string, object]>([
    ['addressed to its client', { aud: 'portal' }],
    ['addressed to its client, too', { aud: ['orders', 'portal'] }],
    ['addressed to one of its clients', { client_id: 'orders' }],
    ['without a client', { azp: undefined }],
    ['without scopes, as an id_token for another app of the same owner is', { scope: undefined }],
    ['that is an id_token by its own word', { typ: 'ID' }],
    ['that is a logout token by its own word', { typ: 'Logout' }],
    ['that is a refresh token by its own word', { typ: 'Refresh' }],
    ['of a kind that is no text', { typ: ['Bearer'] }],
    ['with the hash of an access token', { at_hash: 'x' }],
    ['with the hash of a code', { c_hash: 'x' }],
    ['with events, as a logout token', { events: {} }],
    ['with the credential of an id_token', { vc_json: '{}' }],
  ])('but none %s', (_, claims) => {
    expect(under(claims)).toBe('token_type_not_accepted')
  })

  test.each(['dome', 'eudistack', 'fiware'] as const)('and none under "%s"', (profile) => {
    expect(under({}, profile)).toBe('token_type_not_accepted')
  })
})

test('the profile rfc9068 says which profile fits where a token is of another kind', () => {
  const reasonOf = (situation: Situation) => {
    try {
      checkClaims(contextOf({ profile: 'rfc9068', audience: [ISSUER], ...situation }))
    } catch (error) {
      return (error as Denial).refusal.reason
    }
    throw new Error('expected a denial')
  }
  const ofVerifier = reasonOf({ typ: 'JWT', claims: { client_id: undefined } })
  expect(ofVerifier).toMatchObject({ expected: '"typ" among at+jwt', actual: '"JWT"' })
  const incomplete = reasonOf({ typ: 'at+jwt', claims: { client_id: undefined } })
  expect(incomplete).toMatchObject({ expected: 'the claim "client_id"', actual: 'none' })
  for (const { hint } of [ofVerifier, incomplete])
    expect(hint).toMatch(/"rfc9068" .*"auto" .*"eudistack" and "dome"/)
  expect(reasonOf({ typ: 'at+jwt', claims: { aud: undefined } }).hint).toBeUndefined()
})

test('the profile rfc9068 accepts at+jwt only, with all its claims', () => {
  expect(verdict({ profile: 'rfc9068', audience: [ISSUER], typ: 'at+jwt' })).toBe('valid')
  expect(verdict({ profile: 'rfc9068', audience: [ISSUER], typ: 'JWT' })).toBe(
    'token_type_not_accepted',
  )
})

test('a claim with the value null is no absent claim', () => {
  for (const name of ['exp', 'aud', 'scope', 'nbf'])
    expect(verdict({ claims: { [name]: null } })).toBe('claim_invalid')
})
