import { X509Certificate } from 'node:crypto'
import { createDevVerifier, type DevVerifierOptions, type IssuedCredential } from '../src/index.js'
import { organizationOf } from '../src/certificate.js'
import { decodeJwt, hasValidSignature, signJwt, type Json } from '../src/jwt.js'
import { generateKeyPair } from '../src/keys.js'
import { answerOf, createForeignIssuer, recordRefusals, requestToken } from './support.js'

const OWN_ISSUER = 'VATES-Q0000000J'

describe.each([
  ['dome', 'RS256'],
  ['eudistack-2', 'RS256'],
  ['eudistack-3.0', 'ES256'],
  ['eudistack-3.3', 'ES256'],
  ['fiware', 'ES256'],
] as const)('a credential issued at %s', (profile, algorithm) => {
  const verifier = createDevVerifier({ profile })
  const { credential } = verifier.issueMachineCredential()
  const jwt = decodeJwt(credential)
  const [leaf, authority] = (jwt.header['x5c'] as string[]).map(
    (certificate) => new X509Certificate(Buffer.from(certificate, 'base64')),
  )

  test(`is signed with ${algorithm} by the certificate in x5c`, () => {
    expect(jwt.header).toEqual({
      alg: algorithm,
      typ: 'JWT',
      x5c: [expect.any(String), expect.any(String)],
    })
    expect(hasValidSignature(jwt, leaf!.publicKey, algorithm)).toBe(true)
  })

  test('carries the certificate of its issuer, by the authority made at start', () => {
    expect(organizationOf(leaf!)).toBe(OWN_ISSUER)
    expect(leaf!.verify(authority!.publicKey)).toBe(true)
    expect(verifier.credentialIssuer.certificateAuthorities).toEqual([authority!.toString()])
  })
})

describe('a credential of another development Verifier', () => {
  const other = createDevVerifier({ profile: 'eudistack-3.0' })
  const theirs = other.issueMachineCredential({ status: 'none' })

  test('is refused, although its issuer has the same name', async () => {
    const { log, events } = recordRefusals()
    const verifier = createDevVerifier({ profile: 'eudistack-3.0', events })
    expect(await answerOf(await requestToken(verifier, theirs))).toBe('403 -')
    expect(log).toEqual([
      expect.stringMatching(/^credential-signature: .* earlier run .* trustedIssuers/),
    ])
  })

  test('is taken by its certificate where its issuer is listed without a key', async () => {
    const trustedIssuers = [{ id: OWN_ISSUER }, { id: 'VATES-B12345678' }]
    const verifier = createDevVerifier({ profile: 'eudistack-3.0', trustedIssuers })
    expect((await requestToken(verifier, theirs)).status).toBe(200)
  })

  test('outlives a restart where its issuer is listed without a key', async () => {
    const started = () => createDevVerifier({ trustedIssuers: [{ id: OWN_ISSUER }] })
    const machine = started().issueMachineCredential()
    expect((await requestToken(started(), machine)).status).toBe(200)
  })

  test('is taken by its key where its issuer is listed with it', async () => {
    const [jwk] = other.credentialIssuer.keys.keys
    const trustedIssuers = [{ id: OWN_ISSUER, jwk: jwk! }, { id: 'VATES-B12345678' }]
    const verifier = createDevVerifier({ profile: 'eudistack-3.0', trustedIssuers })
    expect((await requestToken(verifier, theirs)).status).toBe(200)
  })
})

describe('what tells why a credential is refused', () => {
  const issuer = createForeignIssuer()
  const signed = (sign: (claims: Json) => string, options: DevVerifierOptions = {}) => {
    const { log, events } = recordRefusals()
    const verifier = createDevVerifier({
      trustedIssuers: [{ id: issuer.id, jwk: issuer.jwk }],
      ...options,
      events,
    })
    const machine = verifier.issueMachineCredential({ status: 'none' })
    const vc = { ...(machine.payload['vc'] as Json), issuer: issuer.id }
    const present = async (): Promise<string> => {
      const presented: IssuedCredential = {
        ...machine,
        credential: sign({ ...machine.payload, vc }),
      }
      await requestToken(verifier, presented)
      return log.join('\n') || 'granted'
    }
    return present()
  }

  test('nothing, where it is good', async () => {
    expect(await signed(issuer.sign)).toBe('granted')
  })

  test('the certificate, where there is none, or none that can be read', async () => {
    const missing = /^credential-certificate: the credential's header must hold .* in x5c$/
    expect(await signed((claims) => signJwt({}, claims, issuer.key))).toMatch(missing)
    for (const x5c of [[], 'AAAA', ['AAAA'], [1], null])
      expect(await signed((claims) => signJwt({ x5c }, claims, issuer.key))).toMatch(missing)
  })

  test('the organisation, where the certificate names another', async () => {
    const impostor = createForeignIssuer('did:elsi:VATES-I0000000I')
    expect(await signed(impostor.sign)).toMatch(
      /^credential-certificate: .* must name the issuer "VATES-T0000000T" .*; found "VATES-I0000000I"$/,
    )
  })

  test('the algorithm, where this generation takes another', async () => {
    const rsa = createForeignIssuer(issuer.id, 'RS256')
    const options = { profile: 'eudistack-3.0', trustedIssuers: [{ id: issuer.id }] } as const
    expect(await signed(rsa.sign, options)).toBe(
      'credential-algorithm: the credential must be signed with ES256; found "RS256"',
    )
  })

  test('the signature, where the key is not that of the certificate', async () => {
    const { header } = decodeJwt(issuer.sign({}))
    const forged = (claims: Json) => signJwt(header, claims, generateKeyPair())
    expect(await signed(forged)).toMatch(
      /^credential-signature: .* is not signed \(ES256\) by the key/,
    )
  })

  test('the key, where the list has another for this issuer', async () => {
    const namesake = createForeignIssuer(issuer.id)
    expect(await signed(namesake.sign)).toMatch(
      /^credential-signature: the certificate in x5c is not of the key that is trusted/,
    )
  })

  test('the list, where it has no such issuer', async () => {
    expect(await signed(issuer.sign, { trustedIssuers: [] })).toMatch(
      /^credential-issuer-untrusted: .*"VATES-T0000000T" is not on the list .* option trustedIssuers/,
    )
  })

  test('the mandator, where the list has no such organisation', async () => {
    const unknown = (claims: Json) => {
      const text = JSON.stringify(claims).replaceAll('VATES-B12345678', 'VATES-N0000000N')
      return issuer.sign(JSON.parse(text) as Json)
    }
    expect(await signed(unknown, { profile: 'eudistack-3.0' })).toMatch(
      /^mandator-untrusted: the mandator "VATES-N0000000N" is not on the list/,
    )
    expect(await signed(unknown)).toBe('granted')
  })

  test('the binding, where `cnf` names another key than the one of the mandatee', async () => {
    const rsa = createForeignIssuer(issuer.id, 'RS256')
    const { privateKey } = createDevVerifier().issueMachineCredential()
    const { kty, crv, x, y } = privateKey.jwk
    const bound = (claims: Json) => rsa.sign({ ...claims, cnf: { jwk: { kty, crv, x, y } } })
    const options = { profile: 'dome', trustedIssuers: [{ id: issuer.id }] } as const
    expect(await signed(bound, options)).toMatch(/^vp-binding: /)
    expect(await signed(bound, { ...options, mimicLaxity: true })).toBe('granted')
  })
})
