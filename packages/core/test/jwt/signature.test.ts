import { createSecretKey } from 'node:crypto'
import { createDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { createSigner } from '../../../../test/differential/signer.js'
import { portably } from '../../../../test/differential/portable.js'
import { ALGORITHMS } from '../../src/jwt/algorithms.js'
import { createResourceServer, systemRuntime } from '../../src/index.js'
import { parseJws } from '../../src/jwt/jws.js'
import * as key from '../../src/jwt/key.js'
import * as node from '../../src/jwt/signature.js'

const names = [...ALGORITHMS.keys()]

describe.each([
  ['node:crypto', () => Promise.resolve({ node, key })],
  [
    'WebCrypto',
    () =>
      portably(async () => ({
        node: await import('../../src/jwt/signature.js'),
        key: await import('../../src/jwt/key.js'),
      })),
  ],
])('verifySignature with %s', (_, load) => {
  let core: { node: typeof node; key: typeof key }
  beforeAll(async () => {
    core = await load()
  })

  test.each(names)(
    '%s: gives the verified token, and nothing for another key or text',
    async (name) => {
      const row = ALGORITHMS.get(name)!
      const [signer, stranger] = [createSigner(name), createSigner(name)]
      const token = signer.token(`{"alg":"${name}"}`, '{"a":1}')
      const ready = async (jwk: key.Jwk) =>
        (await core.key.readyKey(core.key.publishedKey(jwk), row)) as key.ReadyKey
      const jws = parseJws(token)
      expect(await core.node.verifySignature(jws, await ready(signer.jwk), row)).toBe(jws)
      expect(await core.node.verifySignature(jws, await ready(stranger.jwk), row)).toBeUndefined()
      const other = parseJws(token.replace(/\.[^.]+\./, '.e30.'))
      expect(await core.node.verifySignature(other, await ready(signer.jwk), row)).toBeUndefined()
    },
  )
})

test.each(['calling', 'pool'] as const)(
  'thread %s: a key that Node refuses verifies nothing, and leaves nothing under way',
  async (thread) => {
    const row = ALGORITHMS.get('ES256')!
    const signer = createSigner('ES256')
    const jws = parseJws(signer.token('{"alg":"ES256"}', '{"a":1}'))
    const unfit = { node: createSecretKey(Buffer.alloc(32)) } as unknown as key.ReadyKey
    expect(await node.verifySignature(jws, unfit, row, thread)).toBeUndefined()
    const ready = (await key.readyKey(key.publishedKey(signer.jwk), row)) as key.ReadyKey
    // One that comes alone is checked at once, without a promise.
    expect(node.verifySignature(jws, ready, row, 'auto')).toBe(jws)
  },
)

describe('verifyWithKeys', () => {
  const ask = (verifier: DevVerifier) => {
    const server = createResourceServer({
      issuer: verifier.issuer,
      profile: 'eudistack',
      runtime: { ...systemRuntime, fetch: verifier.fetch },
    })
    const verdict = (token: string) =>
      server.verifyAccessToken(token).then(
        () => 'allowed',
        ({ code }: { code: string }) => code,
      )
    return { server, verdict }
  }

  test('looks once more when a signature fails under a known id: the key may have been replaced in place', async () => {
    const verifier = createDevVerifier({ profile: 'dome' })
    const { server, verdict } = ask(verifier)
    const before = verifier.mint()
    expect(await verdict(before)).toBe('allowed')
    verifier.rotateKeys({ keepKid: true })
    expect(await verdict(verifier.mint())).toBe('allowed')
    expect(verifier.requests.jwks).toBe(2)
    expect(await verdict(before)).toBe('signature_invalid')
    server.close()
  })

  test('an expired token under an unknown id is not worth a fetch', async () => {
    const verifier = createDevVerifier()
    const { server, verdict } = ask(verifier)
    expect(await verdict(verifier.mint())).toBe('allowed')
    expect(await verdict(verifier.mint({ expiresIn: -3_600, header: { kid: 'unknown' } }))).toBe(
      'key_unknown',
    )
    expect(verifier.requests.jwks).toBe(1)
    server.close()
  })
})
