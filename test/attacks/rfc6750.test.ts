import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { ERRORS, systemRuntime, type ErrorCode } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { auth } from '@verifier-guard/express'
import express from 'express'
import { expectNoLeak, MARKER } from './arena.js'

const verifier = createDevVerifier()
const good = verifier.mint({ claims: { sub: `${MARKER}-subject` } })
const other = verifier.mint()
const expired = verifier.mint({ expiresIn: -3_600 })

interface Field {
  readonly title: string
  /** Lines of the request's head after its first, as they go over the wire. */
  readonly head: readonly string[]
  readonly code: ErrorCode | 'allowed'
  readonly target?: string
  readonly body?: string
  /** It is refused where authentication is optional as well. */
  readonly isCredential?: true
}

const field = (title: string, value: string, code: Field['code']): Field => ({
  title,
  head: [`Authorization: ${value}`],
  code,
})

/** RFC 6750 §2.1 and RFC 9110 §11.4. */
const FIELDS: readonly Field[] = [
  { title: 'no field', head: [], code: 'token_missing' },
  field('an empty field', '', 'token_missing'),
  field('another scheme', 'Basic dXNlcjpwYXNz', 'token_missing'),
  field('a scheme of whose name Bearer is the start', `Bearerx ${good}`, 'token_missing'),
  {
    ...field('a scheme that needs a proof', `DPoP ${good}`, 'token_missing'),
    isCredential: true,
  },
  field('the scheme alone', 'Bearer', 'authorization_malformed'),
  field('the scheme and spaces', 'Bearer   ', 'authorization_malformed'),
  field('a tab after the scheme', `Bearer\t${good}`, 'authorization_malformed'),
  field('a colon after the scheme', `Bearer: ${good}`, 'authorization_malformed'),
  field('no scheme', good, 'authorization_malformed'),
  field('quotes', `Bearer "${good}"`, 'authorization_malformed'),
  field('a parameter', `Bearer token="${good}"`, 'authorization_malformed'),
  field('two tokens', `Bearer ${good} ${good}`, 'authorization_malformed'),
  field('a comma after the token', `Bearer ${good},`, 'authorization_malformed'),
  field(
    'a second credential after a comma',
    `Bearer ${good}, Bearer ${other}`,
    'authorization_repeated',
  ),
  field(
    'another scheme before a comma',
    `Basic dXNlcjpwYXNz, Bearer ${good}`,
    'authorization_repeated',
  ),
  field(
    'a comma in a quoted-string of another scheme',
    'Digest realm="Acme, the shop"',
    'token_missing',
  ),
  field(
    'a token in a quoted-string of another scheme',
    `Digest realm="a, Bearer ${good}"`,
    'token_missing',
  ),
  field(
    'a second credential after a quoted-string',
    `Digest realm="a", Bearer ${good}`,
    'authorization_repeated',
  ),
  field(
    'a quoted-string without an end',
    `Digest realm="a, Bearer ${good}`,
    'authorization_repeated',
  ),
  field('padding within', `Bearer ${good.replace('.', '=.')}`, 'authorization_malformed'),
  field(
    'a percent-encoded token',
    `Bearer ${good.replaceAll('.', '%2E')}`,
    'authorization_malformed',
  ),
  field('Latin-1', `Bearer ${good}\u00e9`, 'authorization_malformed'),
  field('angle brackets', `Bearer <${good}>`, 'authorization_malformed'),
  field('the word undefined', 'Bearer undefined', 'token_malformed'),
  field('a token and padding', `Bearer ${good}==`, 'token_malformed'),
  field('an expired token', `Bearer ${expired}`, 'token_expired'),
  field('a good token', `Bearer ${good}`, 'allowed'),
  field('another case of the scheme', `bEARER ${good}`, 'allowed'),
  field('more spaces', `Bearer     ${good}`, 'allowed'),
  { title: 'another case of the name', head: [`AUTHORIZATION: Bearer ${good}`], code: 'allowed' },
]

const line = `Authorization: Bearer ${good}`
const form = `access_token=${good}`

/** RFC 6750 §2: clients must not use more than one method, nor may a token come by another one. */
const PLACES: readonly Field[] = [
  {
    title: 'two fields',
    head: [line, `Authorization: Bearer ${other}`],
    code: 'authorization_repeated',
  },
  { title: 'the same field twice', head: [line, line], code: 'authorization_repeated' },
  {
    title: 'two fields apart, in other case',
    head: [line, 'X-A: b', `authorization: Bearer ${good}`],
    code: 'authorization_repeated',
  },
  {
    title: 'a good one before one of another scheme',
    head: [line, 'Authorization: Basic dXNlcjpwYXNz'],
    code: 'authorization_repeated',
  },
  {
    title: 'a good one after one of another scheme',
    head: ['Authorization: Basic dXNlcjpwYXNz', line],
    code: 'authorization_repeated',
  },
  {
    title: 'an empty one before a good one',
    head: ['Authorization:', line],
    code: 'authorization_repeated',
  },
  {
    title: '§2.3 the query and the field',
    target: `/?${form}`,
    head: [line],
    code: 'authorization_repeated',
  },
  { title: '§2.3 the query alone', target: `/?${form}`, head: [], code: 'token_missing' },
  {
    title: '§2.2 a form alone',
    head: ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`],
    body: form,
    code: 'token_missing',
  },
  {
    title: 'a cookie',
    head: [`Cookie: Authorization=Bearer%20${good}; access_token=${good}`],
    code: 'token_missing',
  },
  {
    title: 'the field of a proxy',
    head: [`Proxy-Authorization: Bearer ${good}`],
    code: 'token_missing',
  },
  {
    title: 'fields of like names',
    head: [`X-Authorization: Bearer ${good}`, `Authorization2: Bearer ${good}`],
    code: 'token_missing',
  },
]

/** What Node's own parser refuses before any of our code runs. */
const REFUSED_BY_NODE: readonly (Pick<Field, 'title' | 'head'> & { readonly status: number })[] = [
  {
    title: 'a field of more than 16 KiB',
    head: [`Authorization: Bearer ${'A'.repeat(17_000)}`],
    status: 431,
  },
  { title: 'a NUL', head: [`Authorization: Bearer ${good}\0`], status: 400 },
  { title: 'a space before the colon', head: [`Authorization : Bearer ${good}`], status: 400 },
  {
    title: 'a line break in the value',
    head: [`Authorization: Bearer ${good}\n\rX: y`],
    status: 400,
  },
]

interface Reply {
  readonly status: number
  readonly head: string
  readonly body: string
}

describe.each([
  ['required', false],
  ['optional', true],
])('RFC 6750 §2 and §3 over HTTP, authentication %s', (_, optional) => {
  let server: Server
  beforeAll(async () => {
    const app = express()
    const runtime = { ...systemRuntime, fetch: verifier.fetch }
    app.use(
      auth(
        { issuer: verifier.issuer, profile: 'eudistack', realm: 'orders', runtime },
        { optional },
      ),
    )
    app.use(
      (req, res) =>
        void res.json({
          caller: (req as { auth?: object }).auth === undefined ? 'anonymous' : 'known',
        }),
    )
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => new Promise((done) => server.close(done)))

  test.each([...FIELDS, ...PLACES])('$title: $code', async (sent) => {
    const { head, code, target, body, isCredential = false } = sent
    const [reply, next] = await converse(server, [{ head, target, body }, { head: [line] }])
    expectAnswer(reply!, code, optional && !isCredential)
    expectAnswer(next!, 'allowed', optional)
  })

  test.each(REFUSED_BY_NODE)('$title: $status', async ({ head, status }) => {
    const [reply] = await converse(server, [{ head }])
    expect(reply!.status).toBe(status)
    const [next] = await converse(server, [{ head: [line] }])
    expectAnswer(next!, 'allowed', optional)
  })
})

function expectAnswer({ status, head, body }: Reply, code: Field['code'], optional: boolean): void {
  expectNoLeak([head, body], [good, other, expired])
  if (code === 'allowed' || (optional && code === 'token_missing')) {
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({ caller: code === 'allowed' ? 'known' : 'anonymous' })
    return
  }
  const row: { status: number; error?: string; description: string } = ERRORS[code]
  expect(status).toBe(row.status)
  const parameters = row.error
    ? `, error="${row.error}", error_description="${row.description}"`
    : ''
  expect(head).toContain(`\r\nWWW-Authenticate: Bearer realm="orders"${parameters}\r\n`)
  expect(head).toContain('\r\nCache-Control: no-store\r\n')
  expect(JSON.parse(body)).toEqual({
    ...(row.error && { error: row.error }),
    error_description: row.description,
  })
}

interface Sent {
  readonly head: readonly string[]
  readonly target?: string | undefined
  readonly body?: string | undefined
}

/**
 * Sends requests over one connection as they are, which no HTTP client would, and reads the
 * replies.
 */
async function converse(server: Server, requests: readonly Sent[]): Promise<readonly Reply[]> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  requests.forEach(({ head, target = '/', body = '' }, index) => {
    const last = index === requests.length - 1
    const lines = [
      `POST ${target} HTTP/1.1`,
      'Host: api.example',
      ...head,
      ...(last ? ['Connection: close'] : []),
    ]
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'))
  })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  await once(socket, 'close')
  return text.split(/(?=HTTP\/1\.1 )/).map((reply) => {
    const [head = '', body = ''] = reply.split(/\r\n\r\n/)
    // The body is JSON, whole or in one chunk.
    const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)
    return { status: Number(head.slice(9, 12)), head: `${head}\r\n`, body: json }
  })
}
