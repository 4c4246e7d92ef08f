import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createPublicKey, verify } from 'node:crypto'
import {
  clientSecret,
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

/** The context of a proof, at an endpoint that says which methods it takes. */
function at(time: number, methods?: readonly string[]) {
  let count = 0
  const endpoint = () =>
    Promise.resolve({ url: `${AUDIENCE}/oidc/token`, ...(methods && { methods }) })
  return { now: time, uuid: () => `id-${++count}`, endpoint }
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
    const { form, headers } = await prove(at(now))
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
      const { form } = await prove({ ...at(now), uuid: () => `${round}`.repeat(round % 5) })
      const { vp_token } = open(form.client_assertion ?? '').claims
      expect(vp_token).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
      expect((vp_token as string).length % 4).toBe(0)
    }
  })

  it('is refused for a credential that has expired meanwhile', async () => {
    const later = now + 400 * 24 * 3600 * 1000
    await expect(prove(at(later))).rejects.toMatchObject({ code: 'credential_expired' })
  })
})

describe('privateKeyJwt', () => {
  it('is the assertion alone', async () => {
    const key = { clientId: 'me', audience: AUDIENCE, signer: { ...signer, kid: 'k1' } }
    const { form } = await privateKeyJwt({ ...key, type: undefined })(at(now))
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

describe('the type of an assertion', () => {
  it.each([
    [undefined, 'JWT'],
    ['JWT', 'JWT'],
    ['client-authentication+jwt', 'client-authentication+jwt'],
  ] as const)('%s is written as %s', async (type, typ) => {
    const key = { clientId: 'me', audience: AUDIENCE, signer, type }
    const { form } = await privateKeyJwt(key)(at(now))
    expect(open(form.client_assertion ?? '').header).toMatchObject({ typ })
  })
})

describe('clientSecret', () => {
  it('encodes both parts of client_secret_basic as a form does (RFC 6749 §2.3.1)', async () => {
    const { form, headers } = await clientSecret('a:b', 'c d+é')(at(now))
    expect(form).toEqual({})
    const [scheme, encoded = ''] = (headers?.authorization ?? '').split(' ')
    expect([scheme, Buffer.from(encoded, 'base64').toString()]).toEqual([
      'Basic',
      'a%3Ab:c+d%2B%C3%A9',
    ])
  })

  it('puts both parts of client_secret_post into the form as they are', async () => {
    const { form, headers } = await clientSecret('a:b', 'c d+é', 'client_secret_post')(at(now))
    expect({ form, headers }).toEqual({ form: { client_id: 'a:b', client_secret: 'c d+é' } })
  })

  it.each([
    ['a server that says nothing', undefined, 'basic'],
    ['a server that takes both', ['client_secret_post', 'client_secret_basic'], 'basic'],
    ['a server that takes the other one alone', ['client_secret_post'], 'post'],
    ['a server that takes neither', ['private_key_jwt'], 'basic'],
  ])('sends what the metadata ask for: %s', async (_, methods, method) => {
    const { form } = await clientSecret('id', 'secret')(at(now, methods))
    expect('client_secret' in form ? 'post' : 'basic').toBe(method)
  })

  it('sends what the option says, whatever the metadata say', async () => {
    const prove = clientSecret('id', 'secret', 'client_secret_basic')
    expect((await prove(at(now, ['client_secret_post']))).form).toEqual({})
  })
})
