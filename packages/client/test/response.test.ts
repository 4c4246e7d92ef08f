import fc from 'fast-check'
import { registeredKeyChecklist } from '../src/checklist.js'
import { readTokenResponse } from '../src/response.js'
import { failureOf } from './support.js'

const now = Date.parse('2026-11-23T12:00:00Z')
const issuer = 'https://verifier.example.org'
const context = {
  now,
  endpoint: 'https://verifier.example.org/oidc/token',
  checklist: registeredKeyChecklist(issuer),
  parameters: {},
}

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const jwt = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AAAA`
const read = (body: unknown, status?: number, headers?: Record<string, string>) =>
  readTokenResponse(answer(body, status, headers), context)

describe('readTokenResponse', () => {
  it.each([
    ['expires_in where it is shorter', { exp: now / 1000 + 900 }, 300, 300_000],
    ['exp where it is shorter', { exp: now / 1000 + 200 }, 300, 200_000],
    ['exp alone', { exp: now / 1000 + 900 }, undefined, 900_000],
    ['expires_in alone', {}, 300, 300_000],
    ['expires_in as text', {}, '300', 300_000],
    ['neither', {}, undefined, undefined],
    ['expires_in that is blank', {}, '', undefined],
    ['expires_in that is no number', {}, 'soon', undefined],
    ['exp where expires_in is null', { exp: now / 1000 + 900 }, null, 900_000],
    ['exp of another type', { exp: '2027' }, 300, 300_000],
  ])('counts the life of a token by %s', (_, claims, expires_in, lifetime) => {
    const value = jwt(claims)
    expect(read({ access_token: value, token_type: 'Bearer', expires_in })).toEqual({
      value,
      lifetime,
    })
  })

  it('takes a token that is no JWT, and any case of Bearer', () => {
    expect(read({ access_token: 'opaque', token_type: 'bearer', expires_in: 60 })).toMatchObject({
      value: 'opaque',
    })
  })

  it.each([
    ['a token with a line break', { access_token: 'a\r\nX-Admin: 1', token_type: 'Bearer' }],
    ['a token that is no text', { access_token: 7, token_type: 'Bearer' }],
    ['an empty token', { access_token: '', token_type: 'Bearer' }],
    ['no token type', { access_token: 'a' }],
  ])('refuses %s', async (_, body) => {
    expect(await failureOf(() => read(body))).toMatchObject({ code: 'unusable_answer' })
  })

  it.each([
    [0, 'token_already_expired'],
    [-1, 'token_already_expired'],
  ])('refuses a token that lives %s seconds', async (expires_in, code) => {
    expect(
      await failureOf(() => read({ access_token: 'a', token_type: 'Bearer', expires_in })),
    ).toMatchObject({
      code,
    })
  })

  it.each([
    [400, { error: 'server_error' }, {}, 'verifier_error', undefined],
    [400, { error: 'temporarily_unavailable' }, {}, 'verifier_error', undefined],
    [408, '', {}, 'verifier_error', undefined],
    [502, '<html>', { 'retry-after': '7' }, 'verifier_error', 7],
    [503, '', { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 'verifier_error', 30],
    [429, '', {}, 'rate_limited', undefined],
    [400, { error: 'invalid_client' }, {}, 'token_request_refused', undefined],
    [401, '', {}, 'token_request_refused', undefined],
    [403, '', {}, 'token_request_refused', undefined],
    [404, '', {}, 'unusable_answer', undefined],
    [410, { error: 'legacy_format_sunset_closed' }, {}, 'unusable_answer', undefined],
    [204, '', {}, 'unusable_answer', undefined],
  ])('takes status %i with %j for %s', async (status, body, headers, code, retryAfter) => {
    expect(await failureOf(() => read(body, status, headers))).toMatchObject({
      code,
      status,
      retryAfter,
    })
  })

  it('says in the list what the clock of the answer says', async () => {
    const clock = async (date?: string) =>
      (await failureOf(() => read('', 403, date ? { date } : {}))).checklist[0]
    expect(await clock()).toMatchObject({ verdict: 'unknown' })
    expect(await clock('Mon, 23 Nov 2026 12:00:01 GMT')).toMatchObject({
      verdict: 'passed',
      detail: expect.stringContaining('in step') as string,
    })
    expect(await clock('Mon, 23 Nov 2026 12:05:00 GMT')).toMatchObject({
      verdict: 'failed',
      detail: expect.stringContaining('300 s behind') as string,
    })
    expect(await clock('Mon, 23 Nov 2026 11:00:00 GMT')).toMatchObject({
      verdict: 'failed',
      detail: expect.stringContaining('3600 s ahead') as string,
    })
  })

  it('prints what a server says on one line and in part', async () => {
    const error = await failureOf(() => read({ error: `a\r\nlevel=fatal${'x'.repeat(500)}` }, 400))
    expect(error.oauthError).toBe(`a??level=fatal${'x'.repeat(186)}`)
  })

  it('ends every answer in a token or in an error of its own', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        fc.integer({ min: 200, max: 599 }),
        (body, status) => {
          try {
            read(body, status)
          } catch (error) {
            expect(error).toMatchObject({ name: 'TokenSourceError' })
          }
        },
      ),
    )
  })
})
