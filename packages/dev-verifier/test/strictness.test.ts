import { createDevVerifier, type DevVerifierOptions } from '../src/index.js'
import type { Json } from '../src/jwt.js'
import { generateKeyPair, keyPairFrom, privateKeyForms, publicJwk } from '../src/keys.js'
import {
  answerOf,
  createForeignIssuer,
  START,
  JAVA_PROFILES,
  requestToken,
  recordRefusals,
} from './support.js'

const otherKey = privateKeyForms(generateKeyPair()).hex

/** A Verifier that trusts an Issuer of the test's own, which may sign anything. */
function withIssuer(options: DevVerifierOptions = {}) {
  const issuer = createForeignIssuer()
  const { log, events } = recordRefusals()
  const { id, jwk } = issuer
  const trustedIssuers = [{ id, jwk }]
  const verifier = createDevVerifier({
    ...options,
    trustedIssuers,
    events,
  })
  const request = (vc: Json, root: Json = {}): Promise<Response> => {
    const machine = verifier.issueMachineCredential()
    const credential = {
      ...(machine.payload['vc'] as Json),
      issuer: id,
      credentialStatus: undefined,
      ...vc,
    }
    const claims = { cnf: machine.payload['cnf'], vc: credential, ...root }
    return requestToken(verifier, {
      ...machine,
      credential: issuer.sign(claims),
    })
  }
  return { request, log, verifier }
}

describe.each(JAVA_PROFILES)('the assertion at %s', (profile) => {
  const registered = profile !== 'eudistack-3.3'
  const refused = registered ? 401 : 400

  it('must be signed, unless laxity is mimicked where clients need no registration', async () => {
    for (const mimicLaxity of [false, true]) {
      const verifier = createDevVerifier({ profile, mimicLaxity })
      const response = await requestToken(verifier, verifier.issueMachineCredential(), {
        assertionKey: otherKey,
      })
      expect(response.status).toBe(mimicLaxity && !registered ? 200 : refused)
    }
  })

  it('must have begun, unless laxity is mimicked where clients need no registration', async () => {
    for (const mimicLaxity of [false, true]) {
      const verifier = createDevVerifier({ profile, mimicLaxity, runtime: { now: () => START } })
      const response = await requestToken(verifier, verifier.issueMachineCredential(), {
        assertion: { nbf: START / 1_000 + 3_600 },
      })
      expect(response.status).toBe(mimicLaxity && !registered ? 200 : refused)
    }
  })

  it('may name its key with a fragment only where no registration is compared', async () => {
    const verifier = createDevVerifier({ profile })
    const machine = verifier.issueMachineCredential()
    const fragment = await requestToken(verifier, machine, {
      assertionHeader: { kid: `${machine.did}#key-1` },
    })
    expect(fragment.status).toBe(registered ? 401 : 200)
    expect(
      (await requestToken(verifier, machine, { assertionHeader: { kid: undefined } })).status,
    ).toBe(200)
  })

  it('may have the origin as audience where the Verifier lives under a path', async () => {
    const verifier = createDevVerifier({ profile })
    const { origin } = new URL(verifier.issuer)
    const response = await requestToken(verifier, verifier.issueMachineCredential(), {
      assertion: { aud: origin },
    })
    expect(response.status).toBe(200)
  })

  it.each(['none', 'HS256', 'ES384'])('is refused with alg %s', async (alg) => {
    const verifier = createDevVerifier({ profile })
    const response = await requestToken(verifier, verifier.issueMachineCredential(), {
      assertionHeader: { alg },
    })
    expect(response.status).toBe(refused)
  })
})

describe('the credential', () => {
  it('is accepted from a trusted issuer, in the claim vc or as the claims themselves', async () => {
    const { request } = withIssuer()
    expect((await request({})).status).toBe(200)
    const { verifier } = withIssuer()
    const { payload } = verifier.issueMachineCredential()
    const root = {
      ...(payload['vc'] as Json),
      issuer: 'VATES-T0000000T',
      credentialStatus: undefined,
      vc: undefined,
    }
    expect((await request({}, root)).status).toBe(200)
  })

  it.each<[string, Json, string, RegExp]>([
    [
      'of an unknown type',
      { type: ['VerifiableCredential', 'Diploma'] },
      '400 invalid_client',
      /type \["Diploma"\]/,
    ],
    [
      'with a validUntil that is no date',
      { validUntil: 'soon' },
      '400 invalid_grant',
      /cannot be read/,
    ],
    ['with a validFrom that is no date', { validFrom: {} }, '400 invalid_grant', /cannot be read/],
    [
      'with a status list elsewhere',
      {
        credentialStatus: {
          statusListCredential: 'https://issuer.example.com/1',
          statusListIndex: '1',
        },
      },
      '400 server_error',
      /its own status lists only/,
    ],
  ])('is refused %s', async (_, vc, answer, cause) => {
    const { request, log } = withIssuer()
    expect(await answerOf(await request(vc))).toBe(answer)
    expect(log).toEqual([expect.stringMatching(cause)])
  })

  it('with a status list elsewhere is passed over with mimicLaxity', async () => {
    const { request } = withIssuer({ mimicLaxity: true })
    const status = { statusListCredential: 'https://issuer.example.com/1', statusListIndex: '1' }
    expect((await request({ credentialStatus: status })).status).toBe(200)
  })

  it('with a legacy plain list counts as not revoked', async () => {
    const { request } = withIssuer()
    const status = {
      type: 'PlainListEntity',
      statusListIndex: 'x',
      statusListCredential: 'https://issuer.example.com/1',
    }
    expect((await request({ credentialStatus: status })).status).toBe(200)
  })

  it.each<[string, Json]>([
    ['cnf.jwk of another key', { cnf: { jwk: publicJwk(keyPairFrom(otherKey)) } }],
    ['cnf.jwk that is no key', { cnf: { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } } }],
    [
      'cnf.kid of another key',
      { cnf: { kid: 'did:key:zDnaepsL7AXenJkVYdkh5KuKsSU7Ykh7kyXaLLU7auN9FWSiZ#1' } },
    ],
  ])('is refused when bound by %s', async (_, root) => {
    const { request, log } = withIssuer()
    expect(await answerOf(await request({}, root))).toBe('400 invalid_client')
    expect(log).toEqual([expect.stringContaining('vp-binding')])
  })

  it('is bound by the DID of the mandatee where it has no cnf', async () => {
    const { request } = withIssuer()
    expect((await request({}, { cnf: undefined })).status).toBe(200)
  })
})

it('quotes nothing of what it could not read', async () => {
  const { verifier, log } = withIssuer()
  const assertion = `${Buffer.from('secret-text').toString('base64url')}.e30.AA`
  await requestToken(verifier, verifier.issueMachineCredential(), {
    form: { client_assertion: assertion },
  })
  expect(log).toEqual([expect.not.stringContaining('secret')])
})

it('answers 500, and says so, when it fails itself', async () => {
  const { log, events } = recordRefusals()
  let stands = false
  const now = () => {
    if (stands) throw new Error('the clock stands still')
    return START
  }
  const verifier = createDevVerifier({ runtime: { now }, events })
  stands = true
  const response = await verifier.fetch(`${verifier.issuer}/token/v1/credentials/status/1`)
  expect(response.status).toBe(500)
  expect(log).toEqual([expect.stringContaining('the clock stands still')])
})

it('is out of reach once closed', async () => {
  const verifier = createDevVerifier()
  await verifier.close()
  await expect(verifier.fetch(`${verifier.issuer}/health`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  })
})
