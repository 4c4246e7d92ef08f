import { ALGORITHMS } from '../../src/jwt/algorithms.js'

test('every algorithm is asymmetric, and the table can not be changed', () => {
  expect([...ALGORITHMS.keys()].filter((name) => !/^(ES|RS|PS)\d{3}$|^Ed/.test(name))).toEqual([])
  for (const [name, row] of ALGORITHMS) {
    expect(row.name).toBe(name)
    expect(['EC', 'RSA', 'OKP']).toContain(row.kty)
    expect(Object.isFrozen(row)).toBe(true)
  }
})

test.each(['none', 'HS256', 'HS384', 'HS512', 'ES256K', 'RSA1_5', 'constructor', '__proto__', ''])(
  '%j is none',
  (name) => {
    expect(ALGORITHMS.get(name)).toBeUndefined()
  },
)

test('RFC 7518 §3.4: an ECDSA signature is two numbers of the size of the curve', () => {
  const sizes = Object.fromEntries(
    [...ALGORITHMS.values()].map(({ name, signatureLength }) => [name, signatureLength]),
  )
  expect(sizes).toMatchObject({ ES256: 64, ES384: 96, ES512: 132, EdDSA: 64, Ed25519: 64 })
})
