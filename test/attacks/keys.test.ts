import type { KeyObject } from 'node:crypto'
import type { Jwk } from '@verifier-guard/dev-verifier'
import { createKeyPair } from '../key-pair.js'
import { createSigner, type Signer } from '../differential/signer.js'
import { createArena } from './arena.js'

/** Keys that a Verifier may publish beside its good one, with what signs under them. */
interface Published {
  readonly title: string
  readonly alg: string
  readonly make: () => { readonly jwk: Jwk; readonly signer: Signer }
}

function published(title: string, alg: string, change: (jwk: Jwk) => object): Published {
  const make = () => {
    const signer = createSigner(alg)
    return { signer, jwk: { ...change(signer.jwk as Jwk) } as Jwk }
  }
  return { title, alg, make }
}

function rsa(
  title: string,
  options: { modulusLength: number; publicExponent?: number },
): Published {
  const make = () => {
    const keys = createKeyPair('rsa', options)
    return { jwk: exported(keys.publicKey), signer: createSigner('RS256', keys) }
  }
  return { title, alg: 'RS256', make }
}

const exported = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }), kty: 'RSA' })
const privately = (alg: string, members: readonly string[]): Published => {
  const make = () => {
    const signer = createSigner(alg)
    const secret = signer.privateKey.export({ format: 'jwk' }) as Record<string, unknown>
    const added = Object.fromEntries(members.map((name) => [name, secret[name]]))
    return { signer, jwk: { ...signer.jwk, ...added } as Jwk }
  }
  return { title: `${alg} with its private ${members.join(', ')}`, alg, make }
}

const flip = (text: unknown) =>
  `${(text as string).slice(0, -2)}${(text as string).endsWith('AA') ? 'BA' : 'AA'}`

const UNFIT: readonly Published[] = [
  rsa('RFC 8725 §3.5, RFC 7518 §3.3: RSA of 1024 bits', { modulusLength: 1024 }),
  rsa('RFC 8725 §3.5, RFC 7518 §3.3: RSA of 2047 bits', { modulusLength: 2047 }),
  rsa('RFC 8725 §3.5: RSA with the exponent 3', { modulusLength: 2048, publicExponent: 3 }),
  rsa('RFC 8725 §3.5: RSA with the exponent 257', { modulusLength: 2048, publicExponent: 257 }),
  published('RSA with the exponent 1', 'RS256', (jwk) => ({ ...jwk, e: 'AQ' })),
  published('RSA with an even exponent', 'RS256', (jwk) => ({ ...jwk, e: 'AQAA' })),
  published('RSA without exponent', 'RS256', (jwk) => ({ ...jwk, e: undefined })),
  published('RSA with a modulus that is not base64url', 'RS256', (jwk) => ({
    ...jwk,
    n: `${jwk['n'] as string}!`,
  })),
  published('RFC 7517 §4.2: use enc', 'ES256', (jwk) => ({ ...jwk, use: 'enc' })),
  published('RFC 7517 §4.2: use Sig', 'ES256', (jwk) => ({ ...jwk, use: 'Sig' })),
  published('RFC 7517 §4.3: key_ops sign', 'ES256', (jwk) => ({ ...jwk, key_ops: ['sign'] })),
  published('RFC 7517 §4.3: key_ops empty', 'ES256', (jwk) => ({ ...jwk, key_ops: [] })),
  published('RFC 7517 §4.3: key_ops a text', 'ES256', (jwk) => ({ ...jwk, key_ops: 'verify' })),
  published('RFC 7517 §4.4: alg of another algorithm', 'ES256', (jwk) => ({
    ...jwk,
    alg: 'ES384',
  })),
  published('RFC 7517 §4.4: alg of encryption', 'RS256', (jwk) => ({ ...jwk, alg: 'RSA-OAEP' })),
  published('RFC 7517 §4.4: alg of the other padding', 'RS256', (jwk) => ({
    ...jwk,
    alg: 'PS256',
  })),
  published('RFC 7518 §6.1: kty of another type', 'ES256', (jwk) => ({ ...jwk, kty: 'RSA' })),
  published('RFC 7518 §6.1: kty in lower case', 'ES256', (jwk) => ({ ...jwk, kty: 'ec' })),
  published('RFC 7518 §6.2: crv of another curve', 'ES256', (jwk) => ({ ...jwk, crv: 'P-384' })),
  published('RFC 7518 §6.2: crv secp256k1', 'ES256', (jwk) => ({ ...jwk, crv: 'secp256k1' })),
  published('RFC 7518 §6.2: a point that is not on the curve', 'ES256', (jwk) => ({
    ...jwk,
    y: flip(jwk['y']),
  })),
  published('RFC 7518 §6.2: the point at infinity', 'ES256', (jwk) => ({
    ...jwk,
    x: 'A'.repeat(43),
    y: 'A'.repeat(43),
  })),
  published('RFC 7518 §6.2: a longer coordinate', 'ES256', (jwk) => ({
    ...jwk,
    x: `AAAA${jwk['x'] as string}`,
  })),
  published('RFC 7518 §6.2: no y', 'ES256', (jwk) => ({ ...jwk, y: undefined })),
  published('RFC 8037 §2: Ed25519 of another length', 'EdDSA', (jwk) => ({
    ...jwk,
    x: `${jwk['x'] as string}AAAA`,
  })),
  privately('ES256', ['d']),
  privately('EdDSA', ['d']),
  privately('RS256', ['d', 'p', 'q', 'dp', 'dq', 'qi']),
  privately('RS256', ['p']),
]

const algorithms = ['ES256', 'RS256', 'EdDSA'] as const

test.each(UNFIT)('a published key that does not fit vouches for nothing: $title', async (row) => {
  const { jwk, signer } = row.make()
  const arena = createArena({ algorithms }, [{ ...jwk, kid: 'unfit' }])
  const header = { alg: row.alg, kid: 'unfit', typ: 'JWT' }
  await arena.refuses(
    signer.token(JSON.stringify(header), JSON.stringify(arena.claims)),
    'key_unknown',
  )
  arena.close()
})

const SYMMETRIC = [
  { kty: 'oct', k: 'c2VjcmV0', kid: 'unfit' },
  { kty: 'oct', k: 'c2VjcmV0', kid: 'unfit', alg: 'ES256' },
]

test.each(SYMMETRIC)('RFC 8725 §2.1: a published symmetric key is not a key: $alg', async (jwk) => {
  const arena = createArena({ algorithms }, [jwk])
  await arena.refuses(arena.sealed({ kid: 'unfit' }), 'key_unknown')
  await arena.refuses(arena.sealed({ kid: 'unfit', alg: 'HS256' }), 'algorithm_not_allowed')
  arena.close()
})

describe('RFC 8725 §3.1: a key serves its own algorithm only', () => {
  test.each([
    ['ES256', 'RS256'],
    ['ES256', 'EdDSA'],
    ['RS256', 'ES256'],
    ['EdDSA', 'ES256'],
  ])('a key of %s under alg %s', async (own, alg) => {
    const signer = createSigner(own)
    const arena = createArena({ algorithms }, [{ ...signer.jwk, kid: 'own' } as Jwk])
    const seal = (name: string) =>
      signer.token(
        JSON.stringify({ alg: name, kid: 'own', typ: 'JWT' }),
        JSON.stringify(arena.claims),
      )
    await arena.refuses(seal(alg), 'key_unsuitable')
    await arena.admits(seal(own))
    arena.close()
  })

  test('an algorithm that the set could serve is refused unless it is allowed', async () => {
    const signer = createSigner('RS256')
    const arena = createArena({}, [{ ...signer.jwk, kid: 'own' } as Jwk])
    const token = signer.token('{"alg":"RS256","kid":"own"}', JSON.stringify(arena.claims))
    await arena.refuses(token, 'algorithm_not_allowed')
    arena.close()
  })
})

test('RFC 7517 §4.5: of keys with one id, each may have signed', async () => {
  const signers = [createSigner('ES256'), createSigner('ES256')]
  const arena = createArena(
    {},
    signers.map(({ jwk }) => ({ ...jwk, kid: 'shared' }) as Jwk),
  )
  for (const signer of signers)
    await arena.admits(signer.token('{"alg":"ES256","kid":"shared"}', JSON.stringify(arena.claims)))
  await arena.refuses(arena.sealed({ kid: 'shared' }), 'signature_invalid')
  arena.close()
})

test('RFC 8725 §3.10: without a kid no key is guessed among several', async () => {
  const arena = createArena({}, [{ ...createSigner('ES256').jwk, kid: 'second' } as Jwk])
  await arena.refuses(arena.sealed({ kid: undefined }), 'key_unknown')
  arena.close()
})
