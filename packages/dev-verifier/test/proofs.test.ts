import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, decodeJwt, type JWTPayload } from 'jose'
import {
  brokenProofs,
  createDevVerifier,
  type BoundCall,
  type BrokenProofName,
} from '../src/index.js'

const URL_OF_CALL = 'https://orders.example.org/orders?page=2'
const HTU = 'https://orders.example.org/orders'
const verifier = createDevVerifier({ profile: 'oauth' })

const hash = (token: string) => createHash('sha256').update(token).digest('base64url')

/** An independent check of a call, after RFC 9449 §4.3 and §7.1. */
async function check({ authorization, dpop }: BoundCall): Promise<void> {
  const [, token = ''] = /^DPoP (.+)$/.exec(authorization) ?? []
  const [proof = '', ...others] = dpop
  if (token === '' || others.length > 0) throw new Error('scheme, or number of proofs')
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['ES256', 'EdDSA', 'PS256'],
    requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
    maxTokenAge: 60,
  })
  const { jwk = {} } = protectedHeader
  const expected = { htm: 'GET', htu: HTU, ath: hash(token) }
  for (const [name, value] of Object.entries(expected))
    if (payload[name] !== value) throw new Error(name)
  if ('d' in jwk) throw new Error('private key')
  const { cnf } = decodeJwt<JWTPayload & { cnf?: { jkt?: string } }>(token)
  if (cnf?.jkt !== (await calculateJwkThumbprint(jwk))) throw new Error('binding')
}

describe('a minted proof', () => {
  it('passes an independent check, beside a token bound to its key', async () => {
    const accessToken = verifier.mint({ boundTo: { key: verifier.proofKey.jwk } })
    const proof = verifier.mintProof({ url: URL_OF_CALL, accessToken })
    await expect(
      check({ authorization: `DPoP ${accessToken}`, dpop: [proof] }),
    ).resolves.toBeUndefined()
    expect(proof).not.toBe(verifier.mintProof({ url: URL_OF_CALL, accessToken }))
  })

  it('has a nonce, claims and header parameters as asked for', () => {
    const proof = verifier.mintProof({ url: HTU, method: 'POST', nonce: 'n', claims: { more: 1 } })
    expect(decodeJwt(proof)).toMatchObject({ htm: 'POST', nonce: 'n', more: 1 })
    expect(decodeJwt(proof)).not.toHaveProperty('ath')
  })

  it.each<[string, object]>([
    ['without an address', {}],
    ['for a relative address', { url: '/orders' }],
    ['with an option of another name', { url: HTU, token: 'x' }],
    ['with a key that is none', { url: HTU, key: 'x' }],
  ])('is refused %s', (_, options) => {
    expect(() => verifier.mintProof(options as { url: string })).toThrow(/^Expected /)
  })
})

describe('a broken proof', () => {
  const names = Object.keys(brokenProofs) as BrokenProofName[]

  it.each(names)('"%s" fails an independent check', async (name) => {
    await expect(check(verifier.mintBrokenProof(name, { url: URL_OF_CALL }))).rejects.toThrow()
  })

  it('has the token that was asked for', () => {
    for (const name of names) {
      const token = { audience: 'https://orders.example.org', expiresIn: 5 }
      const { authorization } = verifier.mintBrokenProof(name, { url: HTU, token })
      expect(decodeJwt(authorization.split(' ')[1]!)).toMatchObject({ aud: token.audience })
    }
  })

  it.each<[string, () => unknown]>([
    ['another name', () => verifier.mintBrokenProof('toString' as 'old', { url: HTU })],
    ['no address', () => verifier.mintBrokenProof('old', {} as { url: string })],
    [
      'an option of another name',
      () => verifier.mintBrokenProof('old', { url: HTU, token: { expireIn: 1 } as object }),
    ],
  ])('is refused for %s', (_, make) => {
    expect(make).toThrow(/^Expected /)
  })
})

describe('a token bound by', () => {
  const client = verifier.issueCertificate()

  it('a certificate names its hash', () => {
    const { certificate, thumbprint } = client
    expect(decodeJwt(verifier.mint({ boundTo: { certificate } }))).toMatchObject({
      cnf: { 'x5t#S256': thumbprint },
    })
  })

  it('key and certificate names both', () => {
    const boundTo = { key: verifier.proofKey.hex, certificate: client.certificate }
    const { cnf } = decodeJwt<{ cnf: object }>(verifier.mint({ boundTo }))
    expect(Object.keys(cnf)).toEqual(['jkt', 'x5t#S256'])
  })

  it.each<[string, object]>([
    ['nothing', {}],
    ['a key that is none', { key: 'x' }],
    ['a certificate that is none', { certificate: 'x' }],
    ['something else', { secret: 'x' }],
  ])('%s is refused', (_, boundTo) => {
    expect(() => verifier.mint({ boundTo })).toThrow(/^Expected /)
  })
})
