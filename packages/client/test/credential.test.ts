import { createDevVerifier } from '@verifier-guard/dev-verifier'
import fc from 'fast-check'
import { KIND_TYPES, TYPES } from '../../core/src/credential/dialects.js'
import { EMPLOYEE_TYPE, TYPE_MEMBERS, checkValidity, readCredential } from '../src/credential.js'
import { didKeyToJwk } from '../src/did-key.js'
import { failureOf } from './support.js'

const verifier = createDevVerifier()
const machine = verifier.issueMachineCredential({
  powers: [{ function: 'Login', action: 'oidc_m2m', domain: 'kpmg' }],
})
const jwt = machine.credential

const did = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169'
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const credentialOf = (claims: unknown) => `${encode({ alg: 'ES256' })}.${encode(claims)}.AAAA`
const withMandatee = (id: string) => ({
  credentialSubject: { mandate: { mandatee: { id }, power: [] } },
})

describe('readCredential', () => {
  it.each([
    ['the compact JWT', jwt],
    ['a file with white space', `\n  ${jwt}\r\n`],
    ['a file with wrapped lines', jwt.replace(/(.{64})/g, '$1\n')],
    ['the base64 of it', Buffer.from(jwt).toString('base64')],
    [
      'the base64 of it without padding',
      Buffer.from(`${jwt}\n`).toString('base64').replace(/=+$/, ''),
    ],
    [
      'the base64 of it in wrapped lines',
      Buffer.from(jwt)
        .toString('base64')
        .replace(/(.{76})/g, '$1\r\n'),
    ],
    ['a file read without an encoding', Buffer.from(`${jwt}\n`)],
    ['a text in double quotes', `"${jwt}"`],
    ['a text in single quotes', `'${jwt}'\n`],
    ['a text after a byte order mark', `\ufeff${jwt}`],
    ['the base64 of it in quotes', `"${Buffer.from(jwt).toString('base64')}"`],
    ['the base64 of it as bytes', Buffer.from(Buffer.from(jwt).toString('base64'))],
  ])('reads %s', (_, text) => {
    expect(readCredential(text)).toMatchObject({
      jwt,
      clientId: machine.did,
      holder: machine.did,
      domains: ['kpmg'],
    })
  })

  it.each(['eudistack-3.3', 'eudistack-3.0', 'dome'] as const)(
    'reads what a %s issuer hands out',
    (profile) => {
      const validUntil = new Date('2027-03-01T00:00:00Z')
      const issued = createDevVerifier({ profile }).issueMachineCredential({ validUntil })
      const credential = readCredential(issued.credential)
      expect(credential).toMatchObject({
        clientId: issued.did,
        holder: issued.did,
        validUntil: validUntil.getTime(),
      })
      expect(credential.boundKey).toEqual(didKeyToJwk(issued.did))
      expect(credential.domains).toEqual(['DOME'])
    },
  )

  it.each([
    ['cnf.jwk', { cnf: { jwk: didKeyToJwk(did) }, vc: withMandatee('machine-7') }],
    ['cnf.jwk inside vc', { vc: { cnf: { jwk: didKeyToJwk(did) }, ...withMandatee('machine-7') } }],
    ['cnf.kid', { cnf: { kid: `${did}#${did.slice(8)}` }, vc: withMandatee('machine-7') }],
    ['the mandatee id', { vc: withMandatee(did) }],
    ['the mandatee id of a credential at the root (VCDM 2)', withMandatee(did)],
    ['the subject id', { credentialSubject: { id: did, mandate: {} } }],
    ['sub', { sub: did, credentialSubject: [{ mandate: {} }] }],
  ])('finds the bound key in %s', (_, claims) => {
    expect(readCredential(credentialOf(claims))).toMatchObject({
      boundKey: didKeyToJwk(did),
      holder: did,
    })
  })

  it('takes the mandatee id as client id even where it is no did:key', () => {
    const claims = { cnf: { jwk: didKeyToJwk(did) }, vc: withMandatee('machine-7') }
    expect(readCredential(credentialOf(claims)).clientId).toBe('machine-7')
  })

  it.each([
    ['an empty text', ' \n', 'an empty text'],
    ['another text', 'hello', 'neither'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 'bytes that are none'],
    ['a JWT without JSON', 'a.b.c', 'not one'],
    ['an SD-JWT', `${jwt}~`, 'SD-JWT'],
    [
      'an access token',
      createDevVerifier({ profile: 'eudistack-3.0' }).mint(),
      'credentialSubject',
    ],
    [
      'an employee credential',
      verifier.issueEmployeeCredential().credential,
      'LEARCredentialMachine',
    ],
    ['a credential bound to no key', credentialOf({ vc: withMandatee('machine-7') }), 'bound to'],
    [
      'a bound key off the curve',
      credentialOf({
        cnf: { jwk: { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' } },
        vc: withMandatee(did),
      }),
      'on the curve',
    ],
  ])('refuses %s', async (_, text, found) => {
    const error = await failureOf(() => readCredential(text))
    expect(error).toMatchObject({
      code: 'credential_unreadable',
      kind: 'credential',
      retryable: false,
    })
    expect(error.message).toContain(found)
    expect(error.message).not.toContain(jwt.slice(0, 40))
  })

  it('ends every text in a credential or in one error', () => {
    const claims = fc.object({
      key: fc.constantFrom(
        'vc',
        'cnf',
        'jwk',
        'credentialSubject',
        'mandate',
        'mandatee',
        'id',
        'power',
        'validFrom',
      ),
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), claims.map(credentialOf)), (text) => {
        try {
          readCredential(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'credential_unreadable' })
        }
      }),
    )
  })
})

describe('checkValidity', () => {
  const credential = readCredential(
    verifier.issueMachineCredential({
      validFrom: new Date('2026-01-01T00:00:00Z'),
      validUntil: new Date('2027-01-01T00:00:00Z'),
    }).credential,
  )

  it.each([
    ['inside the window', '2026-06-01T00:00:00Z', undefined],
    ['a little before it, by a clock that is behind', '2025-12-31T23:59:30Z', undefined],
    ['before it', '2025-12-31T23:58:00Z', 'credential_not_yet_valid'],
    ['at its end', '2027-01-01T00:00:00Z', 'credential_expired'],
  ])('decides on %s', async (_, now, code) => {
    const verdict = await failureOf(() => {
      checkValidity(credential, Date.parse(now))
      throw new Error('passed')
    })
    expect(verdict.code).toBe(code)
  })
})

describe('the kind of a credential', () => {
  it('is read as resource servers read it', () => {
    expect(EMPLOYEE_TYPE).toEqual(KIND_TYPES.employee)
    expect(TYPE_MEMBERS).toEqual(TYPES)
  })

  it.each(['LEARCredentialEmployee', 'learcredential.employee.w3c.1', 'eu.europa.ec.eudi.lce.1'])(
    'refuses that of an employee: %s',
    async (type) => {
      for (const name of TYPES) {
        const claims = { vc: { ...withMandatee(did), [name]: ['VerifiableCredential', type] } }
        const error = await failureOf(() => readCredential(credentialOf(claims)))
        expect(error).toMatchObject({ code: 'credential_unreadable' })
        expect(error.message).toContain(type)
      }
    },
  )

  it.each(['LEARCredentialMachine', 'learcredential.machine.w3c.1', 'eu.europa.ec.eudi.lcm.1'])(
    'takes that of a machine: %s',
    (type) => {
      const claims = { vc: { ...withMandatee(did), type: ['VerifiableCredential', type] } }
      expect(readCredential(credentialOf(claims)).clientId).toBe(did)
    },
  )
})
