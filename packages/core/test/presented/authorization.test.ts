import fc from 'fast-check'
import { Denial, type Refusal } from '../../src/kit/errors.js'
import {
  checkForm,
  MAX_TOKEN_LENGTH,
  present,
  presentAlone,
} from '../../src/presented/authorization.js'
import type { RequestLike } from '../../src/presented/request.js'

const requestWith = (authorization: string) => ({ headers: { authorization } })
const b64token = fc
  .stringMatching(/^[A-Za-z0-9\-._~+/]{1,80}={0,2}$/)
  .filter((text) => !/[\r\n]/.test(text))

/** The token as a decision uses it: read, and its form checked. */
function bearerToken(request: RequestLike): string | undefined {
  const presented = present(request)
  if ('absent' in presented) return undefined
  checkForm(presented)
  return presented.token
}

/** What a request without a token carries in its place. */
function absence(request: RequestLike): string | undefined {
  const presented = present(request)
  return 'absent' in presented ? presented.absent : undefined
}

/**
 * The token, `undefined`, or the code of the denial; anything else that is thrown fails the test.
 */
function read(request: RequestLike): string | undefined {
  return denialOf(request)?.code ?? bearerToken(request)
}

function denialOf(request: RequestLike): Refusal | undefined {
  try {
    bearerToken(request)
    return undefined
  } catch (error) {
    if (error instanceof Denial) return error.refusal
    throw error
  }
}

describe('RFC 6750 §2.1: the Authorization field', () => {
  test('any b64token is read, whatever the case of the scheme and the number of spaces', () => {
    fc.assert(
      fc.property(
        b64token,
        fc.mixedCase(fc.constant('bearer')),
        fc.integer({ min: 1, max: 9 }),
        (token, scheme, spaces) => {
          expect(read(requestWith(scheme + ' '.repeat(spaces) + token))).toBe(token)
          expect(read({ headers: new Headers({ authorization: `${scheme} ${token}` }) })).toBe(
            token,
          )
        },
      ),
    )
  })

  test('nothing else is read as a token: any other value is a denial or no bearer credentials', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const result = read(requestWith(`Bearer ${text}`))
        if (result === 'authorization_malformed' || result === 'authorization_repeated') return
        expect(text.trimStart()).toBe(result)
        expect(result).toMatch(/^[A-Za-z0-9\-._~+/]+=*$/)
      }),
      { numRuns: 1_000 },
    )
  })

  test('what is looked up in memory is what would be read', () => {
    fc.assert(
      fc.property(b64token, (token) => {
        expect(present(requestWith(`Bearer ${token}`))).toHaveProperty(
          'token',
          read(requestWith(`Bearer ${token}`)),
        )
      }),
    )
  })

  test.each(['', 'Basic dXNlcjpwYXNz', 'Digest username="a", uri="/b"', 'Negotiate'])(
    '%j carries no bearer credentials',
    (value) => {
      expect(read(requestWith(value))).toBeUndefined()
    },
  )

  test.each([
    ['DPoP abc', 'DPoP'],
    ['dpop abc', 'DPoP'],
    ['DPOP   abc', 'DPoP'],
    ['bearer abc', 'Bearer'],
  ])('RFC 9110 §11.1: %j presents its token as %s', (value, scheme) => {
    expect(present(requestWith(value))).toMatchObject({ scheme, token: 'abc' })
  })

  test.each([
    ...['DPoP', 'DPoP ', 'DPoP abc def', 'dpop "abc"', 'DPoP a=b', 'DPoP\tabc', 'DPoP abc,'],
    ...[
      'Bearer',
      'Bearer ',
      'Bearer\tabc',
      'Bearer abc def',
      'Bearer "abc"',
      'Bearer abc,',
      'Bearer ===',
      'Bearer a=b',
    ],
    ...[
      ' Bearer abc',
      'Bearer=abc',
      'Bearer: abc',
      'Bearer abc\n',
      'Bearer \u00e9',
      'B\u00e9arer abc',
      '"Bearer" abc',
      ',',
    ],
  ])('%j is malformed', (value) => {
    expect(read(requestWith(value))).toBe('authorization_malformed')
  })

  test('a token without its scheme is malformed, and the reason says what is missing', () => {
    const authorization = 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA'
    expect(read(requestWith(authorization))).toBe('authorization_malformed')
    expect(denialOf({ headers: { authorization } })?.reason.actual).toBe(
      'a token without "Bearer " before it',
    )
  })
})

describe('what is sent in place of a token is not repeated, for it may be a secret', () => {
  test.each([
    ['an API key', 'sk_live_51H8f9SECRET0123456789abcdef'],
    ['a token right after the scheme', 'BearereyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.AAAA'],
    ['a token behind an underscore', 'Bearer_eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.AAAA'],
    [
      'a token that starts with white space in its header',
      'IHsiYWxnIjoiRVMyNTYifQ.eyJzdWIiOiJhZGEifQ.AAAA',
    ],
  ])('%s alone is malformed', (_, authorization) => {
    expect(read(requestWith(authorization))).toBe('authorization_malformed')
    expect(JSON.stringify(denialOf({ headers: { authorization } })?.reason)).not.toContain(
      authorization.slice(0, 12),
    )
  })

  test.each([
    ['Basic QWRhOnNlY3JldA==', 'credentials of the scheme "Basic"'],
    ['Hawk eyJhbGciOiJFUzI1NiJ9.e30.AAAA', 'credentials of the scheme "Hawk"'],
    ['Negotiate', 'credentials of the scheme "Negotiate"'],
    ['s3cr3t hunter2', 'credentials of another scheme'],
  ])('%s is none of ours', (authorization, expected) => {
    expect(read(requestWith(authorization))).toBeUndefined()
    expect(absence(requestWith(authorization))).toBe(expected)
  })
})

describe('RFC 9110 §5.6.4: what a quoted-string holds is no second credential', () => {
  test.each([
    'Digest username="ada", realm="Acme, the shop", uri="/b"',
    'Digest realm = "Acme, the shop"',
    'Hawk id="a", ext="order 7, not urgent"',
    'Hawk ext="a \\" quote, then more", mac="b"',
    'Hawk ext="a backslash, at the end\\\\", mac="b"',
    'Digest realm="Bearer abc, Bearer def"',
  ])('%s', (value) => {
    expect(read(requestWith(value))).toBeUndefined()
    expect(absence(requestWith(value))).toMatch(/^credentials of the scheme/)
  })

  test.each([
    'Digest realm="Acme, the shop", Bearer abc',
    'Digest realm="Acme, the shop',
    'Digest realm="a\\", Bearer abc',
    'Basic "a, Bearer abc"',
    'Basic YTpi", Bearer abc, "',
    'Hawk ext="a" , Bearer abc, mac="b"',
  ])('outside of one, or in one without an end, it is: %s', (value) => {
    expect(read(requestWith(value))).toBe('authorization_repeated')
  })

  test('no quoted-string makes a bearer token of what is none', () => {
    fc.assert(
      fc.property(b64token, fc.string(), (token, text) => {
        expect(read(requestWith(`Bearer ${token}, realm="${text}"`))).toMatch(/^authorization_/)
        expect(read(requestWith(`Digest realm="${text}", Bearer ${token}`))).not.toBe(token)
      }),
    )
  })

  test.each([
    ['quotes', 'Digest a, b c="', '"'],
    ['parameters', 'Digest a, b c', '="'],
    ['escaped quotes', 'Digest a, b c="', '\\"'],
    ['parameters in one without an end', 'Digest a, b c="', '\\"="'],
    ['backslashes', 'Digest a, b c="', '\\'],
    ['commas', 'Digest a', ', b'],
    ['commas and spaces', 'Digest a', ',  '],
    ['spaces', 'Digest a,', ' '],
    ['spaces after a word', 'Digest a, b', ' '],
    ['spaces after a sign of equality', 'Digest a, b c=', ' '],
    ['signs of equality and spaces', 'Digest a, b c', '= '],
  ])('in time that grows with the length alone: %s', (_, start, repeated) => {
    const verdict = (length: number) =>
      read(requestWith(start + repeated.repeat(length / repeated.length)))
    // In the square of its length, this one would outlast every limit of a test.
    expect(verdict(4_000_000)).toBe(verdict(4_000))
  })
})

describe('RFC 6750 §2: one credential', () => {
  test.each([
    [
      'two fields of Node',
      {
        headers: { authorization: 'Bearer a' },
        rawHeaders: ['Authorization', 'Bearer a', 'authorization', 'Bearer b'],
      },
    ],
    [
      'two equal fields',
      {
        headers: { authorization: 'Bearer a' },
        rawHeaders: ['AUTHORIZATION', 'Bearer a', 'Host', 'x', 'authorization', 'Bearer a'],
      },
    ],
    ['a list', { headers: { authorization: ['Bearer a', 'Bearer b'] } }],
    [
      'fields of a web Request',
      {
        headers: new Headers([
          ['authorization', 'Bearer a'],
          ['authorization', 'Bearer b'],
        ]),
      },
    ],
    [
      'another scheme after',
      {
        headers: new Headers([
          ['authorization', 'Bearer a'],
          ['authorization', 'Basic b'],
        ]),
      },
    ],
    [
      'another scheme before',
      {
        headers: new Headers([
          ['authorization', 'Basic a'],
          ['authorization', 'Bearer b'],
        ]),
      },
    ],
    [
      'a field and the query with its name escaped',
      { url: '/?%61ccess%5Ftoken=b', headers: { authorization: 'Bearer a' } },
    ],
    [
      'a field and the query, further on',
      { url: '/?a=%20&access%5ftoken=b', headers: { authorization: 'Bearer a' } },
    ],
    [
      'a field and the query',
      { url: '/orders?a=1&access_token=b', headers: { authorization: 'Bearer a' } },
    ],
    [
      'a field and the query of a web Request',
      new Request('https://api.example/?access_token=b', {
        headers: { authorization: 'Bearer a' },
      }),
    ],
  ])('%s', (_, request) => {
    expect(read(request)).toBe('authorization_repeated')
  })

  test.each(['/orders?access_token=b', '/orders?access_token=b&access_token=c'])(
    '%s alone is not read',
    (url) => {
      expect(read({ url, headers: {} })).toBeUndefined()
    },
  )

  test.each([
    '/access_token=b',
    '/orders?my_access_token=b',
    '/orders?access_tokens=b',
    '/orders?a=access_token=',
  ])('%s is no credential', (url) => {
    expect(read({ url, headers: { authorization: 'Bearer a' } })).toBe('a')
  })

  test.each([
    ['a list of one', { headers: { authorization: ['Bearer a'] } }, 'a'],
    ['an empty list', { headers: { authorization: [] } }, undefined],
    [
      'fields of other names',
      {
        headers: {},
        rawHeaders: ['X-Authorization', 'Bearer a', 'Proxy-Authorization', 'Bearer b'],
      },
      undefined,
    ],
    ['a field named "get"', { headers: { get: 'x', authorization: 'Bearer a' } }, 'a'],
  ])('%s', (_, request, expected) => {
    expect(read(request)).toBe(expected)
  })
})

describe('size', () => {
  test('is measured to the character', () => {
    expect(presentAlone('a'.repeat(MAX_TOKEN_LENGTH))).toHaveProperty('token.length', 16_384)
    expect(read(requestWith(`Bearer ${'a'.repeat(MAX_TOKEN_LENGTH)}`))).toHaveLength(
      MAX_TOKEN_LENGTH,
    )
    expect(read(requestWith(`Bearer ${'a'.repeat(MAX_TOKEN_LENGTH + 1)}`))).toBe('token_too_large')
    expect(read(requestWith(`Bearer ${'é'.repeat(2 ** 20)}`))).toBe('token_too_large')
  })
})
