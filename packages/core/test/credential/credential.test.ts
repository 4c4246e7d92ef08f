import fc from 'fast-check'
import { readCredential, readSummary, type Credential } from '../../src/credential/credential.js'
import { Denial, GuardError, type Refusal } from '../../src/kit/errors.js'
import { DIALECTS } from '../fixtures/dialects.js'
import { DID, type Json } from '../fixtures/token-bodies.js'

const cases = Object.entries(DIALECTS)
const machineV1 = DIALECTS['machine v1, Verifier 1.x']!.claims
const flat = DIALECTS['machine in flat claims, Verifier 3.0']!.claims
const both = DIALECTS['machine in flat claims and vc, Verifier 3.3']!.claims

const withoutRaw = ({ raw: _, ...form }: Credential): Json => form

function denialOf(claims: Json): Refusal {
  try {
    readCredential(claims)
  } catch (error) {
    if (error instanceof Denial) return error.refusal
    throw error
  }
  throw new Error('expected a denial')
}

describe('the dialects', () => {
  test.each(cases)('%s', (_, { claims, expected }) => {
    expect(withoutRaw(readCredential(claims)!)).toEqual(expected)
  })

  test.each(cases)('reading what was read changes nothing: %s', (_, { claims }) => {
    const form = withoutRaw(readCredential(claims)!)
    expect(withoutRaw(readCredential(form)!)).toEqual(form)
  })

  test.each(cases)('a decision rests on what the handler is shown: %s', (_, { claims }) => {
    const { types, kind, validFrom, validUntil, tenant, mandate } = readCredential(claims)!
    const { powers, mandatee, mandator } = mandate
    const { subjectId: _subject, ...summary } = readSummary(claims)!
    expect(summary).toEqual({
      organizationIdentifier: mandator.organizationIdentifier,
      types,
      kind,
      validFrom,
      validUntil,
      tenant,
      powers,
      mandateeId: mandatee.id,
    })
  })

  test('what has no normalised name stays beside', () => {
    expect(readCredential(machineV1)!.raw).toBe(machineV1['vc'])
    expect(readCredential(flat)!.raw).toBe(flat)
    expect(readCredential({ vc: JSON.stringify(machineV1['vc']) })!.raw).toEqual(machineV1['vc'])
  })

  test('one request cannot change the rights of the next', () => {
    const { mandate, status, types } = readCredential(both)!
    const parts = [
      mandate,
      mandate.mandatee,
      mandate.mandator,
      mandate.powers,
      mandate.powers[0],
      mandate.powers[0]!.actions,
    ]
    expect([...parts, status, status[0], types].every(Object.isFrozen)).toBe(true)
  })
})

describe('tokens without a credential', () => {
  const claims = {
    iss: 'https://as.example.org',
    sub: 'client',
    scope: 'orders:read',
    exp: 1,
    type: 'access',
    status: 'active',
  }
  test.each([
    ['a plain access token', claims],
    ['a mandator without powers', { ...claims, mandator: { organization: 'Example S.L.' } }],
    ['a mandate that is a text', { ...claims, mandate: 'M-1' }],
    [
      'empty lists',
      { ...claims, vc: [], verifiableCredential: null, verifiablePresentation: [null] },
    ],
    ['a prototype with a credential', Object.create({ vc: machineV1['vc'] }) as Json],
  ])('%s', (_, plain) => {
    expect(readCredential(plain)).toBeUndefined()
  })
})

describe('contradictions', () => {
  const otherOrganisation = {
    ...(flat['mandator'] as Json),
    organizationIdentifier: 'VATES-A99999999',
  }

  test.each<[string, Json]>([
    ['another organisation in the flat claims', { ...both, mandator: otherOrganisation }],
    [
      'another organisation by its DID alone',
      { ...both, mandator: { id: 'did:elsi:VATES-A99999999' } },
    ],
    [
      'another organisation in a flat mandate',
      { vc: machineV1['vc'], mandate: { mandator: otherOrganisation } },
    ],
    [
      'another organisation beside the mandate',
      { mandate: { mandator: otherOrganisation }, ...flat },
    ],
    [
      'another organisation in the DID of the same mandator',
      { ...flat, mandator: { ...(flat['mandator'] as Json), id: 'did:elsi:VATES-A99999999' } },
    ],
    [
      'two organisations by two names',
      {
        ...flat,
        mandator: { ...(flat['mandator'] as Json), organization_identifier: 'VATES-A99999999' },
      },
    ],
    [
      'types of a machine and an employee',
      { ...both, credential_type: 'learcredential.employee.w3c.4' },
    ],
    ['text that is not JSON', { vc: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' }],
    ['JSON that is not an object', { vc: '[]' }],
    ['JSON with a __proto__', { vc: '{"__proto__":{"mandate":{}}}' }],
    ['JSON with a member twice', { vc: '{"type":"A","type":"B"}' }],
    ['JSON nested without end', { vc: `{"a":${'['.repeat(100)}${']'.repeat(100)}}` }],
    ['a number', { vc: 7 }],
    ['a list of numbers', { verifiableCredential: [7] }],
    [
      'an unreadable end of validity',
      { vc: { ...(machineV1['vc'] as Json), validUntil: 'next year' } },
    ],
    [
      'a date without a zone',
      { vc: { ...(machineV1['vc'] as Json), validUntil: '2026-04-01T00:00:00' } },
    ],
    ['milliseconds', { vc: { ...(machineV1['vc'] as Json), validUntil: 1_775_001_600_000 } }],
    [
      'a date beyond all dates',
      { vc: { ...(machineV1['vc'] as Json), validFrom: '2026-13-41T99:00:00Z' } },
    ],
  ])('%s', (_, claims) => {
    expect(denialOf(claims).code).toBe('credential_malformed')
  })

  test('a reason names no organisation', () => {
    const { expected, actual } = denialOf({ ...both, mandator: otherOrganisation }).reason
    expect(expected + actual).not.toMatch(/VATES/)
  })

  test('a bare identifier and its DID are the same organisation', () => {
    const mandator = {
      ...(flat['mandator'] as Json),
      organizationIdentifier: 'did:elsi:VATES-B12345678',
    }
    expect(readCredential({ ...both, mandator })!.mandate.mandator.organizationIdentifier).toBe(
      'VATES-B12345678',
    )
  })
})

describe('which source counts', () => {
  const vc = machineV1['vc'] as Json

  test('flat claims win over the credential beside them', () => {
    const power = [{ domain: 'kpmg', function: 'Login', action: 'oidc_m2m' }]
    expect(readCredential({ ...both, power })!.mandate.powers).toEqual([
      { domain: 'kpmg', function: 'Login', actions: ['oidc_m2m'] },
    ])
    expect(readCredential({ ...both, power: [] })!.mandate.powers).toEqual([])
  })

  test("the times and ids of the access token are not the credential's", () => {
    const credential = readCredential({ ...flat, nbf: 1_774_000_000 })!
    expect(credential).not.toHaveProperty('validFrom')
    expect(credential).not.toHaveProperty('validUntil')
    expect(credential).not.toHaveProperty('id')
    expect(credential).not.toHaveProperty('issuerId')
  })

  test('a mandatee without an id is the subject of the credential, or of a first-generation token', () => {
    const idOf = (claims: Json) => readCredential(claims)!.mandate.mandatee.id
    const mandate = { mandator: {}, mandatee: {}, power: [] }
    expect(idOf({ vc: { credentialSubject: { id: 'did:key:zSubject', mandate } }, sub: DID })).toBe(
      'did:key:zSubject',
    )
    expect(idOf({ vc: { credentialSubject: { mandate } }, sub: DID })).toBe(DID)
    expect(idOf({ vc: { credentialSubject: { mandate } }, sub: '203.0.113.7' })).toBeUndefined()
    expect(
      idOf({ vc: { credentialSubject: { mandate } }, sub: DID, credential_type: 'x' }),
    ).toBeUndefined()
  })

  test('every status entry is reported, also one that cannot be read', () => {
    const statusOf = (more: Json) => readCredential({ vc: { ...vc, ...more } })!.status
    expect(
      statusOf({
        credentialStatus: [{ type: 'PlainListEntity', statusListIndex: 'n0nce' }, 'what'],
      }),
    ).toEqual([{ type: 'PlainListEntity', index: 'n0nce' }, {}])
    expect(
      statusOf({
        credentialStatus: { status_list: { uri: 'https://issuer.example.org/1', idx: 0 } },
      }),
    ).toEqual([{ type: 'TokenStatusListEntry', list: 'https://issuer.example.org/1', index: '0' }])
    expect(statusOf({ status: { other_mechanism: {} } })).toEqual([{}])
    expect(statusOf({ status: 'active' })).toEqual([])
  })

  test('an unknown dialect yields powers that name nothing', () => {
    const power = [
      { gx_domain: 'DOME', gx_function: 'ProductOffering', action: ['Create'] },
      { verbs: ['Create'], function: 'X' },
    ]
    const { kind, mandate } = readCredential({
      vc: { type: ['LEARCredentialRobot'], credentialSubject: { mandate: { power } } },
    })!
    expect(kind).toBe('unknown')
    expect(mandate.powers).toEqual([{ actions: ['Create'] }])
  })
})

describe('whatever the claims are', () => {
  const known = fc.constantFrom(
    ...[
      'vc',
      'verifiableCredential',
      'verifiablePresentation',
      'credentialSubject',
      'credentialSubjectV2',
      'mandate',
      'mandator',
    ],
    ...[
      'mandatee',
      'power',
      'type',
      'credential_type',
      'action',
      'function',
      'domain',
      'id',
      'issuer',
      'contact',
      'validUntil',
    ],
    ...[
      'credentialStatus',
      'status',
      'status_list',
      'organizationIdentifier',
      'sub',
      'tenant',
      '__proto__',
      'constructor',
      'toString',
    ],
  )
  const leaf = fc.oneof(
    fc.constantFrom(
      'LEARCredentialMachine',
      'LEARCredentialEmployee',
      'did:elsi:VATES-1',
      'did:elsi:did:elsi:X',
      '2026-04-01T00:00:00Z',
    ),
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  )
  const { claims } = fc.letrec<{ claims: Json; value: unknown }>((tie) => ({
    claims: fc.dictionary(fc.oneof({ weight: 5, arbitrary: known }, fc.string()), tie('value')),
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('claims'),
      tie('claims').map((one) => JSON.stringify(one)),
    ),
  }))
  const credentials = claims.map((object) => ({ vc: object, ...object }))

  test('nothing but a denial is thrown, and reading twice changes nothing', () => {
    const outcomes = { read: 0, denied: 0 }
    fc.assert(
      fc.property(credentials, (arbitrary) => {
        try {
          const credential = readCredential(arbitrary)
          if (credential === undefined) return
          const form = withoutRaw(credential)
          expect(withoutRaw(readCredential(form)!)).toEqual(form)
          outcomes.read += 1
        } catch (error) {
          if (!(error instanceof Denial)) throw error
          expect(error.refusal.code).toBe('credential_malformed')
          outcomes.denied += 1
        }
      }),
      { numRuns: 2_000 },
    )
    expect(Math.min(outcomes.read, outcomes.denied)).toBeGreaterThan(20)
  })

  test('no object changes on the way', () => {
    fc.assert(
      fc.property(credentials, (arbitrary) => {
        const before = structuredClone(arbitrary)
        try {
          readCredential(arbitrary)
        } catch (error) {
          expect(error).not.toBeInstanceOf(GuardError)
        }
        expect(arbitrary).toEqual(before)
        expect({}).not.toHaveProperty('mandate')
      }),
    )
  })
})
