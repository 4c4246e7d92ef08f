import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createPublicKey, verify } from 'node:crypto'
import {
  clientSecretBasic,
  privateKeyJwt,
  verifiablePresentation,
} from '../src/client-authentication.js'
import { readCredential } from '../src/credential.js'
import { createLocalSigner } from '../src/key.js'

const AUDIENCE = 'https://verifier.example.org/verifier'
const now = Date.parse('2026-11-23T12:00:00.900Z')
const seconds = Math.floor(now / 1000)

const machine = createDevVerifier({ runtime: { now: () => now } }).issueMachineCredential()
const credential = readCredential(machine.credential)
const signer = createLocalSigner(machine.privateKey.hex)
const publicKey = createPublicKey({ format: 'jwk', key: { ...credential.boundKey } })

function identifiers() {
  let count = 0
  return () => `id-${++count}`
}

/** Checks the signature with another library than the one that made it, and takes the JWT apart. */
function open(jwt: string) {
  const [header = '', claims = '', signature = ''] = jwt.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  expect(
    verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')),
  ).toBe(true)
  const decode = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  return { header: decode(header), claims: decode(claims) }
}

describe('verifiablePresentation', () => {
  const prove = verifiablePresentation({
    credential,
    clientId: machine.did,
    audience: AUDIENCE,
    signer,
  })

  it('is a client assertion that holds the presentation, as Verifiers read it', async () => {
    const { form, headers } = await prove(now, identifiers())
    const { client_assertion = '', ...rest } = form
    expect(headers).toBeUndefined()
    expect(rest).toEqual({
      client_id: machine.did,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    const assertion = open(client_assertion)
    const { vp_token, ...claims } = assertion.claims
    expect(assertion.header).toEqual({ alg: 'ES256', typ: 'JWT', kid: machine.did })
    const times = { iat: seconds - 5, exp: seconds + 60 }
    expect(claims).toEqual({
      iss: machine.did,
      sub: machine.did,
      aud: AUDIENCE,
      ...times,
      jti: 'id-2',
    })

    const presentation = open(Buffer.from(vp_token as string, 'base64').toString('ascii'))
    expect(presentation.header).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: machine.did,
      jwk: credential.boundKey,
    })
    expect(presentation.claims).toEqual({
      iss: machine.did,
      sub: machine.did,
      aud: AUDIENCE,
      ...times,
      jti: 'id-1',
      vp: {
        '@context': ['https://www.w3.org/2018/credentials/v1'],
        type: ['VerifiablePresentation'],
        id: 'urn:uuid:id-1',
        holder: machine.did,
        verifiableCredential: [machine.credential],
      },
    })
  })

  it('always writes vp_token in standard Base64 with padding', async () => {
    for (let round = 0; round < 50; round++) {
      const { form } = await prove(now, () => `${round}`.repeat(round % 5))
      const { vp_token } = open(form.client_assertion ?? '').claims
      expect(vp_token).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
      expect((vp_token as string).length % 4).toBe(0)
    }
  })

  it('is refused for a credential that has expired meanwhile', async () => {
    const later = now + 400 * 24 * 3600 * 1000
    await expect(prove(later, identifiers())).rejects.toMatchObject({ code: 'credential_expired' })
  })
})

describe('privateKeyJwt', () => {
  it('is the assertion alone', async () => {
    const { form } = await privateKeyJwt('me', AUDIENCE, { ...signer, kid: 'k1' })(
      now,
      identifiers(),
    )
    const { header, claims } = open(form.client_assertion ?? '')
    expect(header).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'k1' })
    expect(claims).toEqual({
      iss: 'me',
      sub: 'me',
      aud: AUDIENCE,
      iat: seconds - 5,
      exp: seconds + 60,
      jti: 'id-1',
    })
  })
})

describe('clientSecretBasic', () => {
  it('encodes both parts as a form does (RFC 6749 §2.3.1)', async () => {
    const { form, headers } = await clientSecretBasic('a:b', 'c d+é')(now, identifiers())
    expect(form).toEqual({})
    const [scheme, encoded = ''] = (headers?.authorization ?? '').split(' ')
    expect([scheme, Buffer.from(encoded, 'base64').toString()]).toEqual([
      'Basic',
      'a%3Ab:c+d%2B%C3%A9',
    ])
  })
})
