import fc from 'fast-check'
import { Denial } from '../../src/kit/errors.js'
import { parseJws } from '../../src/jwt/jws.js'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = { alg: 'ES256', kid: 'a', typ: 'JWT' }

const member = fc.string().filter((name) => name !== '__proto__')
const claims = fc
  .dictionary(member, fc.jsonValue({ maxDepth: 3 }))
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
const bytes = fc.uint8Array({ minLength: 1, maxLength: 132 })

function codeOf(token: string): string {
  try {
    parseJws(token)
    return 'parsed'
  } catch (error) {
    if (error instanceof Denial) return error.refusal.code
    throw error
  }
}

describe('the hint of a denial', () => {
  const signed = `${encode(HEADER)}.${encode({})}.AAAA`
  const hintOf = (token: string): string | undefined => {
    try {
      parseJws(token)
      return 'parsed'
    } catch (error) {
      return (error as Denial).refusal.reason.hint
    }
  }

  test.each([`Bearer ${signed}`, `bearer ${signed}`, 'Bearer 7c1e0aab'])(
    '%s: the scheme does not belong to it',
    (token) => {
      expect(hintOf(token)).toMatch(/without the scheme "Bearer"/)
    },
  )

  test.each(['7c1e0aab-52d6', 'ya29_AbC~d+/=='])('%s: an opaque token', (token) => {
    expect(hintOf(token)).toMatch(/opaque token .* JWT access tokens/)
  })

  test.each(['', '{"payload":""}', 'not a token', 'a.b.c.d.e', 'a.b.c', `Bearerx ${signed}`])(
    '%j: none',
    (token) => {
      expect(hintOf(token)).toBeUndefined()
    },
  )
})

describe('parseJws', () => {
  test('takes any compact JWS with claims apart, and loses nothing of it', () => {
    fc.assert(
      fc.property(claims, bytes, (body, signature) => {
        const input = `${encode(HEADER)}.${encode(body)}`
        const token = `${input}.${Buffer.from(signature).toString('base64url')}`
        const jws = parseJws(token)
        expect(jws).toMatchObject({ token, header: HEADER, signingInput: input })
        expect(jws.claims).toEqual(JSON.parse(JSON.stringify(body)))
        expect(Buffer.from(jws.signature)).toEqual(Buffer.from(signature))
      }),
      { numRuns: 300 },
    )
  })

  test('answers any other text with a denial of its form, and nothing of the text in it', () => {
    const parts = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.constant('e30')),
      {
        maxLength: 5,
      },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          parts.map((all) => all.join('.')),
        ),
        (text) => {
          expect(['token_malformed', 'header_not_allowed']).toContain(codeOf(text))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('one changed character is either refused or changes what is read', () => {
    const token = `${encode(HEADER)}.${encode({ iss: 'https://verifier.example.org', exp: 1 })}.${'A'.repeat(86)}`
    const read = (text: string) => {
      const { header, claims, signature } = parseJws(text)
      return JSON.stringify([header, claims, [...signature]])
    }
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        (at, unit) => {
          const changed = token.slice(0, at) + unit + token.slice(at + 1)
          fc.pre(changed !== token)
          if (codeOf(changed) === 'parsed') expect(read(changed)).not.toBe(read(token))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('a header that was read before is read as if for the first time, and no reader can change it for others', () => {
    const body = encode({ iss: 'https://verifier.example.org' })
    const headers = [HEADER, { ...HEADER, kid: 'b' }, { ...HEADER, jwk: { kty: 'EC' } }]
    const tokenOf = (header: object) => `${encode(header)}.${body}.AAAA`
    for (const header of [...headers, ...headers]) {
      for (let time = 0; time < 2; time += 1) {
        const read = parseJws(tokenOf(header)).header
        expect(read).toEqual(header)
        expect([read, ...Object.values(read)].every(Object.isFrozen)).toBe(true)
      }
      expect(codeOf(tokenOf({ ...header, crit: ['exp'] }))).toBe('header_not_allowed')
      expect(codeOf(tokenOf({ ...header, crit: ['exp'] }))).toBe('header_not_allowed')
    }
  })

  test('says what stands in the place of a compact JWS', () => {
    const actual = (token: string) => {
      try {
        parseJws(token)
      } catch (error) {
        return (error as Denial).refusal.reason.actual
      }
      return 'a compact JWS'
    }
    expect(actual('a.b.c.d.e')).toContain('JWE')
    expect(actual('{"payload":"e30"}')).toBe('the JSON serialisation')
    expect(actual('abc')).toBe('0 dots')
    expect(actual('e30.e30.AAAA')).toBe('none')
    expect(actual(`${encode(HEADER)}.e30.`)).toBe('nothing')
  })
})
