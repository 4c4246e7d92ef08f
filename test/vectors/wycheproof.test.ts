import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ALGORITHMS } from '../../packages/core/src/jwt/algorithms.js'
import { candidates, indexKeys } from '../../packages/core/src/issuers/key-index.js'
import type { Jwk, JwkSet } from '../../packages/core/src/jwt/key.js'
import { portably } from '../differential/portable.js'
import * as node from './verify.js'
import { STRICTER } from './wycheproof-differences.js'

/** Where the vectors of Project Wycheproof are: they are not part of this repository. */
const folder =
  process.env['WYCHEPROOF_VECTORS'] ?? join(__dirname, '../../../shared/vectors/wycheproof')
const isPresent = existsSync(join(folder, 'json_web_signature_test.json'))

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly jws: string | object
  readonly msg: string
  readonly sig: string
}

interface Group {
  readonly public?: Jwk & Partial<JwkSet>
  readonly private?: Jwk & Partial<JwkSet>
  readonly publicKeyJwk?: Jwk
  readonly publicKeyPem: string
  readonly tests: readonly Vector[]
}

const FILES = {
  jws: 'json_web_signature_test.json',
  jwk: 'json_web_key_test.json',
  p1363: 'ecdsa_secp256r1_sha256_p1363_test.json',
}

const stricter = Object.values(STRICTER).flatMap(({ vectors }) => vectors)

type Verify = typeof node

/** Runs every vector of a file; answers those whose verdict is another than Wycheproof's. */
async function run(
  name: keyof typeof FILES,
  answer: (group: Group, vector: Vector) => Promise<boolean>,
) {
  const { testGroups, numberOfTests } = JSON.parse(
    readFileSync(join(folder, FILES[name]), 'utf8'),
  ) as {
    testGroups: readonly Group[]
    numberOfTests: number
  }
  const tooLax: string[] = []
  const tooStrict: string[] = []
  let count = 0
  for (const group of testGroups) {
    for (const vector of group.tests) {
      count += 1
      const accepted = await answer(group, vector)
      const id = `${name} ${vector.tcId}`
      if (accepted && vector.result === 'invalid') tooLax.push(`${id}: ${vector.comment}`)
      if (!accepted && vector.result === 'valid' && !stricter.includes(id))
        tooStrict.push(`${id}: ${vector.comment}`)
      if (accepted && stricter.includes(id)) tooLax.push(`${id}: listed as refused, but accepted`)
    }
  }
  expect(count).toBe(numberOfTests)
  return { tooLax, tooStrict }
}

const nothing = { tooLax: [], tooStrict: [] }
const textOf = (jws: string | object) => (typeof jws === 'string' ? jws : JSON.stringify(jws))
/**
 * A symmetric key is private only; an asymmetric one is published without its secret, as a Verifier
 * would.
 */
const published = ({ public: open, private: secret }: Group) =>
  (open ?? secret) as Jwk & Partial<JwkSet>

const paths: Readonly<Record<string, () => Promise<Verify>>> = {
  'node:crypto': () => Promise.resolve(node),
  WebCrypto: () => portably(() => import('./verify.js')),
}

if (isPresent) {
  describe.each(Object.entries(paths))('Wycheproof with %s', (_, load) => {
    let core: Verify
    beforeAll(async () => {
      core = await load()
    })

    test('JSON Web Signature', async () => {
      const found = await run('jws', (group, { jws }) =>
        core.verifies(textOf(jws), published(group)),
      )
      expect(found).toEqual(nothing)
    })

    test('JSON Web Key: sets as a Verifier may publish them', async () => {
      const found = await run('jwk', async (group, { jws }) => {
        const text = textOf(jws)
        for (const key of keysFor(text, published(group)))
          if (await core.verifies(text, key)) return true
        return false
      })
      expect(found).toEqual(nothing)
    })
  })

  // Their messages are no JWS, which is all that the portable path can be asked.
  test('Wycheproof with node:crypto: ECDSA P-256 with SHA-256, r and s side by side', async () => {
    const found = await run('p1363', ({ publicKeyJwk, publicKeyPem }, { msg, sig }) => {
      const input = Buffer.from(msg, 'hex').toString('latin1')
      const jwk = publicKeyJwk ?? createPublicKey(publicKeyPem).export({ format: 'jwk' })
      return node.verifiesInput(input, new Uint8Array(Buffer.from(sig, 'hex')), jwk, 'ES256')
    })
    expect(found).toEqual(nothing)
  })
} else {
  test('Wycheproof is left out: its vectors are not in WYCHEPROOF_VECTORS, nor in ../shared/vectors/wycheproof', () => {
    console.log(`Wycheproof vectors left out: no ${folder}`)
    expect(isPresent).toBe(false)
  })
}

function keysFor(jws: string, set: Partial<JwkSet>): readonly Jwk[] {
  const index = indexKeys(set, [...ALGORITHMS.values()])
  if (typeof index === 'string') return []
  const { kid } = JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString()) as {
    kid?: string
  }
  return candidates(index, kid).map(({ jwk }) => jwk)
}
