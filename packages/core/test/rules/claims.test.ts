import type { CredentialSummary } from '../../src/credential/credential.js'
import { CLAIM_RULES, type ClaimContext } from '../../src/rules/claims.js'
import { CREDENTIAL_RULES } from '../../src/rules/credential-policy.js'
import { applyRules } from '../../src/rules/rule.js'
import { Denial, type DenialReason } from '../../src/kit/errors.js'
import { audiencesOf } from '../../src/issuers/trusted-issuer.js'
import type { IdTokens } from '../../src/options/options.js'
import {
  PROFILES,
  type CallerKind,
  type Profile,
  type ProfileName,
} from '../../src/options/profiles.js'

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
  readonly idTokens?: IdTokens
  readonly maxTokenAge?: number
  readonly clockTolerance?: number
}

function contextOf({
  claims,
  typ,
  profile = 'eudistack',
  audience,
  clientIds = [],
  idTokens = 'refuse',
  ...limits
}: Situation): ClaimContext {
  const header = { alg: 'ES256', ...(typ !== undefined && { typ }) }
  const named = { issuer: ISSUER, audience, clientIds, idTokens }
  const rules: Profile = PROFILES[profile]
  const issuer = { ...named, profile: rules, audiences: audiencesOf(named) }
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
    applyRules(CLAIM_RULES, contextOf(situation))
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
  ['no audience, where the check is off', { claims: { aud: undefined }, audience: null }, 'valid'],
  ['no audience', { claims: { aud: undefined } }, 'claim_invalid'],
])('RFC 7519 §4.1.3: addressed to %s', (_, situation, expected) => {
  expect(verdict(situation)).toBe(expected)
})

function reasonOf(decide: () => void): DenialReason {
  try {
    decide()
  } catch (error) {
    if (error instanceof Denial && error.refusal.code === 'audience_mismatch')
      return error.refusal.reason
    throw error
  }
  throw new Error('expected a denial')
}

test("a machine token for another API is not taken for a user's", () => {
  const claims = { aud: 'https://orders.example.org', scope: 'machine learcredential' }
  const { expected, hint } = reasonOf(() => applyRules(CLAIM_RULES, contextOf({ claims })))
  expect(expected).toBe(`"aud" to hold ${ISSUER}`)
  expect(hint).toMatch(/a machine's token .* name it in "audience"/)
  const users = reasonOf(() =>
    applyRules(CLAIM_RULES, contextOf({ claims: { aud: 'shop', scope: 'openid learcredential' } })),
  )
  expect(users.hint).toMatch(/a user's token .*"clientIds"/)
})

test("without an audience, an employee's token is for a configured client, and one for the Verifier does not pass as a machine's", () => {
  const check = (kind: CallerKind, aud: unknown, more: Situation = {}) => {
    const context = contextOf({ claims: { aud }, clientIds: ['shop'], ...more })
    const credential = { kind } as CredentialSummary
    const limits = { clockTolerance: 30, checksCredentialValidity: true }
    const issuer = { ...context.issuer, kinds: undefined }
    return () => applyRules(CREDENTIAL_RULES, { ...context, credential, issuer, limits })
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

describe('an access token that says so itself', () => {
  /** The marks of an id_token beside what its server says of the token. */
  const under = (claims: object, profile: ProfileName = 'auto') =>
    verdict({
      typ: 'JWT',
      profile,
      audience: profile === 'auto' ? null : [ISSUER],
      claims: { auth_time: NOW, acr: '1', ...claims },
    })

  test.each<[string, object]>([
    ['Keycloak, by its typ', { typ: 'Bearer' }],
    ['Keycloak, bound to a DPoP key', { typ: 'DPoP' }],
    ['Keycloak, addressed to its own client', { typ: 'Bearer', aud: 'portal', azp: 'portal' }],
    ['Amazon Cognito, by token_use', { token_use: 'access', aud: undefined }],
    ['no audience at all', { aud: undefined }],
    ['Microsoft Entra 2.0, by how its client authenticated', { azpacr: '1' }],
    ['Microsoft Entra 1.0, by the same', { appidacr: '1' }],
    ['Auth0, by its grant', { gty: 'client-credentials' }],
  ])('%s: passes under "auto"', (_, claims) => {
    expect(under(claims)).toBe('valid')
  })

  test.each<[string, object]>([
    ['an id_token of Keycloak', { typ: 'ID' }],
    ['a logout token of Keycloak', { typ: 'Logout' }],
    ['a refresh token of Keycloak', { typ: 'Refresh' }],
    ['an id_token of Amazon Cognito', { token_use: 'id' }],
    ['one that says both', { token_use: 'access', typ: 'ID' }],
    ['a security event without audience', { events: {}, aud: undefined }],
    ['one with the hash of an access token', { at_hash: 'x', gty: 'password' }],
    ['one with the hash of a code', { c_hash: 'x', azpacr: '0' }],
    ['one with the credential of an id_token', { vc_json: '{}', aud: undefined }],
    ['a kind that is no text', { typ: ['Bearer'] }],
    ['a kind in capitals', { token_use: 'ACCESS' }],
  ])('%s: is none', (_, claims) => {
    expect(under(claims)).toBe('token_type_not_accepted')
  })

  test.each(['dome', 'eudistack', 'fiware'] as const)(
    'none of it counts under "%s", whose Verifiers say nothing of the kind',
    (profile) => {
      for (const sign of [{ typ: 'Bearer' }, { token_use: 'access' }, { gty: 'x' }])
        expect(under(sign, profile)).toBe('token_type_not_accepted')
    },
  )
})

describe('an access token with the marks of a session, of a server that does not say its kind', () => {
  const marks = { auth_time: NOW, acr: '1', amr: ['pwd'], sid: 'c3f1' }
  const plain = {
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
      claims: { ...plain, ...claims },
    })

  test.each<[string, object]>([
    ['as it is', {}],
    ['with several audiences', { aud: ['orders', 'account'] }],
    ['with its client in client_id', { azp: undefined, client_id: 'portal' }],
    ['with its client in cid (Okta)', { azp: undefined, cid: 'portal' }],
    ['with its client in appid (Microsoft Entra 1.0)', { azp: undefined, appid: 'portal' }],
    ['with scp', { scope: undefined, scp: ['a'] }],
  ])('%s, passes under "auto"', (_, claims) => {
    expect(under(claims)).toBe('valid')
  })

  test.each<[string, object]>([
    ['addressed to its client', { aud: 'portal' }],
    ['addressed to its client, too', { aud: ['orders', 'portal'] }],
    ['addressed to one of its clients', { client_id: 'orders' }],
    ['without a client', { azp: undefined }],
    ['without scopes, as an id_token for another app of the same owner is', { scope: undefined }],
    ['of a kind that is not known', { typ: 'Session' }],
  ])('but none %s', (_, claims) => {
    expect(under(claims)).toBe('token_type_not_accepted')
  })

  test.each(['dome', 'eudistack', 'fiware'] as const)('and none under "%s"', (profile) => {
    expect(under({}, profile)).toBe('token_type_not_accepted')
  })
})

test('a flat token of FIWARE is refused under "auto", which says what to set', () => {
  const claims = { mandator: {}, jti: undefined, scope: undefined, client_id: undefined }
  const context = contextOf({ profile: 'auto', audience: [ISSUER], claims })
  const kind = CLAIM_RULES.rows.find(({ name }) => name === 'token-kind')!
  expect(kind.fault(context)?.hint).toMatch(/set the profile "fiware"/)
})

describe('idTokens', () => {
  const idToken = { aud: 'orders', azp: 'orders', auth_time: NOW, scope: undefined, jti: undefined }
  const under = (idTokens: IdTokens, claims: object = {}) =>
    verdict({ profile: 'auto', audience: ['orders'], idTokens, claims: { ...idToken, ...claims } })

  test('refuses what may be an id_token unless the operator says otherwise', () => {
    expect(under('refuse')).toBe('token_type_not_accepted')
    expect(under('accept')).toBe('valid')
  })

  test('takes the claim that the operator names for the sign of an access token', () => {
    expect(under({ lack: 'uid' }, { uid: 'a' })).toBe('valid')
    expect(under({ lack: 'uid' })).toBe('token_type_not_accepted')
    expect(under({ lack: 'toString' })).toBe('token_type_not_accepted')
  })

  test('never takes a token that states another kind', () => {
    for (const claims of [{ typ: 'ID' }, { token_use: 'id' }, { events: {} }])
      for (const idTokens of ['accept', { lack: 'sub' }] as const)
        expect(under(idTokens, claims)).toBe('token_type_not_accepted')
  })
})

describe('clients in place of an audience', () => {
  const under = (claims: object) =>
    verdict({
      profile: 'auto',
      audience: null,
      clientIds: ['shop', 'app'],
      claims: { aud: undefined, ...claims },
    })

  test.each<[string, object, string]>([
    ['one of them', { client_id: 'shop' }, 'valid'],
    ['one of them, in azp', { client_id: undefined, azp: 'app' }, 'valid'],
    ['another', { client_id: 'other' }, 'audience_mismatch'],
    ['no client', { client_id: undefined }, 'audience_mismatch'],
    ['two that differ', { client_id: 'shop', azp: 'other' }, 'audience_mismatch'],
    ['the start of one', { client_id: 'sho' }, 'audience_mismatch'],
  ])('a token that was issued to %s', (_, claims, expected) => {
    expect(under(claims)).toBe(expected)
  })
})

test('a missing audience says what to do about it', () => {
  const claims = { aud: undefined }
  const context = contextOf({ profile: 'auto', audience: ['orders'], claims })
  const rule = CLAIM_RULES.rows.find(({ name }) => name === 'required-claims')!
  expect(rule.fault(context)?.hint).toMatch(/audience mapper.*"clientIds"/)
})

describe('the tables of rules', () => {
  const context = contextOf({ typ: 'JWT' })

  test('say of every rule what it expects and what it finds', () => {
    const rows = CLAIM_RULES.rows.map((row) => [row.name, row.expects(context), row.finds(context)])
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
    expect(rows.flat().filter((text) => text === '')).toEqual([])
  })

  test('can be asked on after a fault that is no ground for the rest', () => {
    const wrong = contextOf({
      typ: 'dpop+jwt',
      claims: { exp: NOW - 900, aud: 'x', auth_time: NOW },
    })
    const faults = CLAIM_RULES.rows.flatMap((row) => row.fault(wrong)?.code ?? [])
    expect(faults).toEqual([
      'token_type_not_accepted',
      'token_expired',
      'token_type_not_accepted',
      'audience_mismatch',
    ])
  })
})

test('the profile rfc9068 says which profile fits where a token is of another kind', () => {
  const reasonOf = (situation: Situation) => {
    try {
      applyRules(CLAIM_RULES, contextOf({ profile: 'rfc9068', audience: [ISSUER], ...situation }))
    } catch (error) {
      return (error as Denial).refusal.reason
    }
    throw new Error('expected a denial')
  }
  const ofVerifier = reasonOf({ typ: 'JWT', claims: { client_id: undefined } })
  expect(ofVerifier).toMatchObject({ expected: '"typ" among at+jwt', actual: '"JWT"' })
  const incomplete = reasonOf({ typ: 'at+jwt', claims: { client_id: undefined } })
  expect(incomplete).toMatchObject({ expected: 'the claim "client_id" or "azp"', actual: 'none' })
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

test('the profile rfc9068 accepts the client in azp alone, as Keycloak writes it for users', () => {
  const situation = { profile: 'rfc9068', audience: [ISSUER], typ: 'at+jwt' } as const
  expect(verdict({ ...situation, claims: { client_id: undefined, azp: 'a' } })).toBe('valid')
  expect(verdict({ ...situation, claims: { client_id: undefined } })).toBe('claim_invalid')
})

test('a claim with the value null is no absent claim', () => {
  for (const name of ['exp', 'aud', 'scope', 'nbf'])
    expect(verdict({ claims: { [name]: null } })).toBe('claim_invalid')
})
