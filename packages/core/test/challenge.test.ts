import fc from 'fast-check'
import { refusalAnswer as answerWith, type AnswerDetails } from '../src/challenge.js'
import { ERRORS, type ErrorCode } from '../src/kit/errors.js'

const answer = (code: ErrorCode, details: Partial<AnswerDetails> = {}) =>
  answerWith(code, { realm: 'api', ...details })
const challengeOf = (...parameters: Parameters<typeof answer>) =>
  answer(...parameters).headers['WWW-Authenticate'] as string

const codes = Object.keys(ERRORS) as ErrorCode[]
const refusals = codes.filter((code) => ERRORS[code].kind === 'token')

/**
 * Reads a challenge as RFC 9110 §11.2 has it: a scheme, then parameters that are quoted-strings.
 */
function read(challenge: string): Record<string, string> {
  const parameters: Record<string, string> = {}
  const rest = challenge
    .replace(/^Bearer ?/, '')
    .replace(/(?:^|, )([a-z_]+)="((?:[^"\\]|\\.)*)"/g, (_, name: string, value: string) => {
      parameters[name] = value.replace(/\\(.)/g, '$1')
      return ''
    })
  expect(rest).toBe('')
  return parameters
}

describe('RFC 6750 §3: the challenge', () => {
  test.each(refusals)('%s: is Bearer with the text that is fixed for the code', (code) => {
    const { error, description, status } = ERRORS[code] as {
      error?: string
      description: string
      status: number
    }
    const { headers, body, status: answered } = answer(code)
    expect(answered).toBe(status)
    expect(read(headers['WWW-Authenticate'] as string)).toEqual({
      realm: 'api',
      ...(error && { error, error_description: description }),
    })
    expect(body).toEqual({ ...(error && { error }), error_description: description })
  })

  test('§3.1: says no error to a request without credentials', () => {
    expect(challengeOf('token_missing')).toBe('Bearer realm="api"')
    expect(challengeOf('token_missing', { realm: 'orders' })).toBe('Bearer realm="orders"')
  })

  test.each(codes.filter((code) => ERRORS[code].kind === 'verifier'))(
    '%s: asks to come back, and for no other token',
    (code) => {
      expect(answer(code, { retryAfter: 1.5 }).headers).toMatchObject({ 'Retry-After': '2' })
      expect(answer(code, { retryAfter: 0 }).headers).toMatchObject({ 'Retry-After': '1' })
      expect(answer(code).headers).not.toHaveProperty('WWW-Authenticate')
    },
  )

  test('RFC 9110 §5.6.4: whatever realm and scope hold, the field can be read, and holds nothing but printable ASCII', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', ',', '\r', '\n', 'a') }),
    )
    fc.assert(
      fc.property(text, fc.array(text), (realm, scope) => {
        const field = challengeOf('scope_missing', {
          realm,
          challenge: { scope: scope.join(' ') },
        })
        expect(field).toMatch(/^[\x20-\x7e]*$/)
        expect(read(field)['realm']).toBe(realm.replace(/[^\x20-\x7e]/g, ''))
        expect(read(field)['error']).toBe('insufficient_scope')
      }),
      { numRuns: 500 },
    )
  })

  test('every public text can stand in a header field as it is, and no two codes of one OAuth error differ but by expiry', () => {
    for (const code of codes)
      expect(ERRORS[code].description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    const texts = (error: string) =>
      new Set(
        codes
          .filter((code) => (ERRORS[code] as { error?: string }).error === error)
          .map((code) => ERRORS[code].description),
      )
    expect([...texts('invalid_token')].sort()).toEqual([
      'The access token expired',
      'The access token is invalid',
    ])
    expect(texts('invalid_request').size).toBe(1)
    expect(texts('insufficient_scope').size).toBe(1)
    expect(texts('temporarily_unavailable').size).toBe(1)
  })

  test('a correlation id goes into the body only', () => {
    const { headers, body } = answer('token_expired', { correlationId: 'abc123' })
    expect(body.correlation_id).toBe('abc123')
    expect(JSON.stringify(headers)).not.toContain('abc123')
  })

  test('an answer can not be changed', () => {
    const made = answer('token_expired')
    expect([made, made.headers, made.body].every(Object.isFrozen)).toBe(true)
  })
})
