import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  jwtVerify,
  type JSONWebKeySet,
} from 'jose'
import {
  brokenTokens,
  createDevVerifier,
  type Algorithm,
  type BrokenTokenName,
  type DevVerifier,
} from '../src/index.js'

/**
 * An independent check of signature and registered claims, with a public key set and an allow-list
 * of algorithms.
 */
const verify = (verifier: DevVerifier, token: string, algorithm: Algorithm = 'ES256') =>
  jwtVerify(token, createLocalJWKSet(verifier.jwks() as JSONWebKeySet), {
    algorithms: [algorithm],
    issuer: verifier.issuer,
    audience: verifier.issuer,
    requiredClaims: ['exp'],
  })

describe('a minted token', () => {
  it.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'] as const)(
    'is correctly signed with %s',
    async (algorithm) => {
      const verifier = createDevVerifier()
      const token = verifier.mint({ algorithm })
      await expect(verify(verifier, token, algorithm)).resolves.toMatchObject({
        payload: { iss: verifier.issuer },
      })
      expect(verifier.mint({ algorithm })).not.toBe(token)
      expect(verifier.jwks().keys).toHaveLength(algorithm === 'ES256' ? 1 : 2)
    },
  )

  it('verifies with the keys fetched through the injected fetch', async () => {
    const verifier = createDevVerifier({ profile: 'dome' })
    const keys = createRemoteJWKSet(new URL(`${verifier.issuer}/oidc/jwks`), {
      [customFetch]: verifier.fetch,
    })
    await expect(jwtVerify(verifier.mint(), keys)).resolves.toBeDefined()
    expect(verifier.requests).toMatchObject({ jwks: 1, discovery: 0, token: 0 })
  })
})

/**
 * What only a resource server's own rules can refuse: signature, issuer, audience and expiry of
 * these are in order.
 */
const inOrderForALibrary: readonly BrokenTokenName[] = [
  'issued-in-future',
  'millisecond-exp',
  'id-token-for-audience',
  'logout-token',
  'authorization-request',
  'bound-to-another-key',
  'bound-to-nothing',
  'bound-to-a-kid',
  'bound-to-a-number',
  'bound-by-text',
  'bound-to-a-certificate-in-hex',
  // jose itself is lenient here.
  'padded-base64',
]

describe('broken tokens', () => {
  const verifier = createDevVerifier()
  const names = Object.keys(brokenTokens) as BrokenTokenName[]

  it.each(names.filter((name) => !inOrderForALibrary.includes(name)))(
    '"%s" fails an independent check',
    async (name) => {
      await expect(verify(verifier, verifier.mintBroken(name))).rejects.toThrow()
    },
  )

  it.each(inOrderForALibrary)('"%s" is broken in nothing but its meaning', async (name) => {
    await expect(verify(verifier, verifier.mintBroken(name))).resolves.toBeDefined()
  })

  it('take the options of a good token', () => {
    const token = verifier.mintBroken('expired', {
      profile: 'dome',
      scope: 'orders:read',
      claims: { extra: true },
    })
    expect(decodeJwt(token)).toMatchObject({
      scope: 'orders:read',
      extra: true,
      client_id: verifier.issuer,
    })
  })
})
