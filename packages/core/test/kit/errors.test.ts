import { refusalAnswer as answerWith } from '../../src/challenge.js'
import {
  configurationError,
  Denial,
  ERRORS,
  explain,
  fieldsByName,
  GuardError,
  headerFields,
  type ErrorCode,
} from '../../src/kit/errors.js'
import { quote } from '../../src/kit/display.js'

const reason = { check: 'claims', expected: 'an inner thing', actual: 'a secret thing' }
const answer = (code: ErrorCode) => answerWith(code, { realm: 'api' })
const codes = Object.keys(ERRORS) as ErrorCode[]

describe('the table of errors', () => {
  test.each(codes)('%s: its kind agrees with its status', (code) => {
    const { kind, status } = ERRORS[code]
    const expected = { configuration: [500], token: [400, 401, 403], verifier: [503] }
    expect(expected[kind]).toContain(status)
  })

  test.each(codes)(
    '%s: its status agrees with its OAuth error (RFC 6750 §3.1, RFC 9449 §7.1)',
    (code) => {
      const { status, error } = ERRORS[code] as { status: number; error?: string }
      const unauthenticated: { readonly [Code in ErrorCode]?: string | undefined } = {
        token_missing: undefined,
        dpop_proof_missing: 'invalid_dpop_proof',
        dpop_proof_invalid: 'invalid_dpop_proof',
        dpop_proof_replayed: 'invalid_dpop_proof',
        dpop_nonce_required: 'use_dpop_nonce',
      }
      const expected: Record<number, unknown> = {
        400: 'invalid_request',
        401: code in unauthenticated ? unauthenticated[code] : 'invalid_token',
        403: 'insufficient_scope',
        500: 'server_error',
        503: 'temporarily_unavailable',
      }
      expect(error).toBe(expected[status])
    },
  )

  test('can not be changed', () => {
    expect(Object.isFrozen(ERRORS)).toBe(true)
    for (const code of codes) expect(Object.isFrozen(ERRORS[code])).toBe(true)
  })
})

describe('a class of the application that extends GuardError', () => {
  class Mine extends GuardError {}
  const refusal = { code: 'claim_invalid', reason } as const

  test('has its own instances alone', () => {
    expect(new GuardError(refusal, answer('claim_invalid')) instanceof Mine).toBe(false)
    expect(new Mine(refusal, answer('claim_invalid')) instanceof Mine).toBe(true)
    expect(new Mine(refusal, answer('claim_invalid')) instanceof GuardError).toBe(true)
  })
})

describe('GuardError', () => {
  const refused = new GuardError(
    { code: 'claim_invalid', reason, cause: new Error('inner cause') },
    answer('claim_invalid'),
  )

  test('carries what frameworks answer from', () => {
    expect(refused).toMatchObject({
      status: 401,
      statusCode: 401,
      expose: true,
      kind: 'token',
      code: 'claim_invalid',
    })
    expect(refused.headers['WWW-Authenticate']).toContain('invalid_token')
  })

  test('gives nothing inner away, however it is printed or serialised', () => {
    for (const text of [
      refused.message,
      String(refused),
      refused.stack,
      JSON.stringify(refused),
      JSON.stringify({ ...refused }),
    ]) {
      expect(text).not.toMatch(/inner|secret/)
    }
    expect(JSON.parse(JSON.stringify(refused))).toEqual({
      error: 'invalid_token',
      error_description: 'The access token is invalid',
    })
  })

  test('tells the operator why', () => {
    expect(refused.reason).toEqual(reason)
    expect((refused.cause as Error).message).toBe('inner cause')
  })

  test('is recognised when another copy of the package made it', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('@verifier-guard/core/GuardError')]: true,
    })
    expect(foreign).toBeInstanceOf(GuardError)
    for (const other of [new Error('x'), null, undefined, 'text', {}])
      expect(other instanceof GuardError).toBe(false)
  })
})

describe('a failure at start-up', () => {
  const error = new GuardError(
    { code: 'keys_unavailable', reason },
    answer('keys_unavailable'),
    false,
  )

  test('says why in its message, with the line that it stopped', () => {
    expect(error.message).toBe('expected an inner thing, found a secret thing')
    expect(error.stack).toMatch(/^(GuardError|Error): expected an inner thing[^]*errors\.test/)
  })

  test('is not for callers, and still shows one nothing of it', () => {
    expect(error).toMatchObject({
      expose: false,
      status: 503,
      kind: 'verifier',
      code: 'keys_unavailable',
    })
    expect(JSON.stringify(error)).not.toMatch(/inner|secret/)
  })

  test('has a cause only where there is one', () => {
    expect('cause' in error).toBe(false)
    const cause = new Error('beneath')
    const refusal = { code: 'keys_unavailable', reason, cause } as const
    expect(new GuardError(refusal, answer('keys_unavailable'), false)).toMatchObject({ cause })
  })
})

describe('the fields of an answer', () => {
  const pairs = [
    ['Cache-Control', 'no-store'],
    ['WWW-Authenticate', 'Bearer realm="api"'],
    ['WWW-Authenticate', 'DPoP algs="ES256"'],
  ] as const
  const fields = headerFields(pairs)

  test('are pairs, as web Headers and Response take them', () => {
    expect([...fields]).toEqual(pairs.map((pair) => [...pair]))
    expect(new Headers(fields).get('www-authenticate')).toBe(
      'Bearer realm="api", DPoP algs="ES256"',
    )
    expect(new Response(null, { headers: fields }).headers.get('cache-control')).toBe('no-store')
  })

  test('are names with their values, as the error handling of Node frameworks reads them', () => {
    expect(fieldsByName(fields)).toEqual({
      'Cache-Control': 'no-store',
      'WWW-Authenticate': ['Bearer realm="api"', 'DPoP algs="ES256"'],
    })
    expect(Object.keys(fields)).toEqual(['Cache-Control', 'WWW-Authenticate'])
  })
})

describe('a configuration error', () => {
  const error = configurationError('"issuer"', 'none', 'state it')

  test('says what was expected, what was found and what to do', () => {
    expect(error.message).toBe('expected "issuer", found none: state it')
    expect(error).toMatchObject({
      kind: 'configuration',
      code: 'invalid_configuration',
      status: 500,
      expose: false,
    })
  })

  test('points at the line that made the mistake', () => {
    expect(error.stack).toContain('errors.test')
  })

  test('still shows a caller nothing of it', () => {
    expect(JSON.stringify(error)).toBe(
      '{"error":"server_error","error_description":"The server is not configured correctly"}',
    )
  })
})

describe('what a sender chose, in a reason', () => {
  test('is quoted, so that it can not forge a line of a log', () => {
    expect(quote('a\n2026 allowed "b"')).toBe('"a\\n2026 allowed \\"b\\""')
  })

  test('is cut short', () => {
    expect(quote('x'.repeat(5_000)).length).toBeLessThan(220)
  })

  test('may be anything, a circle included', () => {
    const circle: unknown[] = []
    circle.push(circle, Object.create(null))
    expect(quote(circle)).toBe('[a list,an object]')
    expect(quote(Array(5_000).fill('x')).length).toBeLessThan(220)
  })

  test.each([
    [undefined, 'none'],
    [null, 'null'],
    [['a'], '["a"]'],
    [[{ password: 'secret' }, ['b']], '[an object,a list]'],
    [{ password: 'secret' }, 'an object'],
    [() => {}, 'a function'],
    [12n, '12'],
    [true, 'true'],
  ])('%p is shown as %s', (value, shown) => {
    expect(quote(value)).toBe(shown)
  })

  test('reads as one sentence', () => {
    expect(explain({ check: 'x', expected: 'a', actual: 'b' })).toBe('expected a, found b')
  })
})

test('a denial keeps the code as its message, so that nothing else can leak through it', () => {
  expect(new Denial('token_expired', reason).message).toBe('token_expired')
})
