import { createDevVerifier } from '../src/index.js'
import { generateKeyPair, privateKeyForms, publicJwk, thumbprint } from '../src/keys.js'
import { didKeyOf } from '../src/did-key.js'
import { getJson, JAVA_PROFILES } from './support.js'
import { CERTIFICATE, CERTIFICATE_KEY, CERTIFICATE_SHA256 } from './given-certificate.js'

describe.each(JAVA_PROFILES)('the JWK Set of %s', (profile) => {
  const verifier = createDevVerifier({ profile })

  it('has one key with its members in the order of production, and no alg', async () => {
    const { keys } = (await getJson(verifier, '/oidc/jwks')) as { keys: object[] }
    expect(keys).toEqual(verifier.jwks().keys)
    expect(keys.map((key) => Object.keys(key))).toEqual([['kty', 'use', 'crv', 'kid', 'x', 'y']])
    expect(keys[0]).toMatchObject({
      kty: 'EC',
      use: 'sig',
      crv: 'P-256',
      kid: expect.stringMatching(/^did:key:zDna/) as string,
    })
  })

  it('must not be stored, says its header', async () => {
    for (const path of ['/oidc/jwks', '/.well-known/openid-configuration']) {
      const { headers } = await verifier.fetch(verifier.issuer + path)
      expect(headers.get('cache-control')).toBe('no-cache, no-store, max-age=0, must-revalidate')
      expect([headers.get('pragma'), headers.get('expires')]).toEqual(['no-cache', '0'])
      expect(headers.get('access-control-allow-origin')).toBe(
        profile === 'eudistack-3.3' ? '*' : null,
      )
    }
  })

  it.each(['openid-configuration', 'oauth-authorization-server'])(
    'is named by %s, beside untruths',
    async (name) => {
      expect(await getJson(verifier, `/.well-known/${name}`)).toMatchObject({
        issuer: verifier.issuer,
        token_endpoint: `${verifier.issuer}/oidc/token`,
        jwks_uri: `${verifier.issuer}/oidc/jwks`,
        tls_client_certificate_bound_access_tokens: true,
      })
    },
  )
})

describe('keys', () => {
  it('are named by their thumbprint on request', () => {
    const [key] = createDevVerifier({ kid: 'thumbprint' }).jwks().keys
    expect(key?.['kid']).toBe(thumbprint(key as { kty: string }))
  })

  it('carry their certificate, in the JWK Set and in each token', () => {
    const verifier = createDevVerifier({ key: CERTIFICATE_KEY, certificate: CERTIFICATE })
    const x5c = [CERTIFICATE.replace(/-----.*-----|\s/g, '')]
    const [key] = verifier.jwks().keys
    expect(key).toMatchObject({ kid: thumbprint(key as { kty: string }), x5c })
    expect(key?.['x5t#S256']).toBe(CERTIFICATE_SHA256)
    const header = JSON.parse(
      Buffer.from(verifier.mint().split('.')[0] as string, 'base64url').toString(),
    ) as object
    expect(header).toMatchObject({ x5c })
    expect(() => createDevVerifier({ certificate: CERTIFICATE })).toThrow(/another key/)
    expect(() => createDevVerifier({ certificate: 'cert.pem' })).toThrow(/found something else/)
  })

  it('can be given, as hex, JWK and PEM', () => {
    const pair = generateKeyPair()
    const { hex, jwk, pkcs8 } = privateKeyForms(pair)
    for (const key of [hex, `0x${hex}`, jwk, pkcs8]) {
      expect(createDevVerifier({ key }).jwks().keys[0]).toMatchObject(publicJwk(pair))
    }
  })

  it('change without overlap', () => {
    const verifier = createDevVerifier()
    const [before] = verifier.jwks().keys
    verifier.rotateKeys()
    const { keys } = verifier.jwks()
    expect(keys).toHaveLength(1)
    expect(keys[0]?.['kid']).not.toBe(before?.['kid'])
  })

  it('change under the same kid, or with the old one still published, when asked to', () => {
    const verifier = createDevVerifier()
    const [before] = verifier.jwks().keys
    verifier.rotateKeys({ keepKid: true })
    const [inPlace] = verifier.jwks().keys
    expect(inPlace?.['kid']).toBe(before?.['kid'])
    expect(inPlace?.['x']).not.toBe(before?.['x'])
    verifier.rotateKeys({ keepOld: true })
    expect(verifier.jwks().keys).toHaveLength(2)
    expect(verifier.jwks().keys[1]).toEqual(inPlace)
  })

  it('stand beside foreign ones', async () => {
    const verifier = createDevVerifier()
    const malformed = { kty: 'EC', crv: 'P-256', x: 'AA' }
    verifier.addKeys([malformed])
    const { keys } = (await getJson(verifier, '/oidc/jwks')) as { keys: object[] }
    expect(keys[1]).toEqual(malformed)
  })
})

describe('/oidc/did', () => {
  const verifier = createDevVerifier()

  it('answers a did:key with its key', async () => {
    const pair = generateKeyPair()
    const did = didKeyOf(pair.publicKey)
    expect(await getJson(verifier, `/oidc/did/${did}`)).toEqual({
      keys: [{ ...publicJwk(pair), kid: did }],
    })
  })
})
