import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startConsole, type ConsoleOptions, type DevConsole } from '../src/console/index.js'
import { watchAddress } from '../src/console/watch.js'

let running: DevConsole | undefined
afterEach(async () => {
  await running?.close()
  running = undefined
})
const start = async (options: ConsoleOptions = {}) => (running = await startConsole(options))

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A request with any header: `fetch` sets Host and Origin by itself. */
function send(
  url: string,
  headers: Record<string, string> = {},
  form?: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = form === undefined ? 'GET' : 'POST'
    const sent = httpRequest(url, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text }),
      )
    })
    sent.once('error', reject)
    sent.end(form && new URLSearchParams(form).toString())
  })
}

const PAGE = { accept: 'text/html' }
const json = async (url: string, form: Record<string, string>) =>
  JSON.parse((await send(url, {}, form)).text) as Record<string, unknown>

describe('who may use the console', () => {
  test.each(['127.0.0.1', 'localhost', '[::1]', 'my.localhost'])(
    'the loopback host %s may',
    async (host) => {
      const { consoleUrl } = await start()
      const { port } = new URL(consoleUrl)
      expect((await send(consoleUrl, { host: `${host}:${port}` })).status).toBe(200)
    },
  )

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '192.0.2.1'])(
    'DNS rebinding: the host %s may not',
    async (host) => {
      const { consoleUrl } = await start()
      for (const path of ['', '/events', '/page.js'])
        expect((await send(consoleUrl + path, { host })).status).toBe(421)
    },
  )

  test('the host of the issuer serves tokens, and not the console', async () => {
    const port = await freePort()
    await start({ port, issuer: 'http://verifier.example/verifier' })
    const headers = { host: 'verifier.example' }
    const url = `http://127.0.0.1:${port}`
    expect((await send(`${url}/verifier/oidc/jwks`, headers)).status).toBe(200)
    expect((await send(`${url}/console`, headers)).status).toBe(421)
  })

  test.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['no origin to name', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port, by its site', { 'sec-fetch-site': 'same-site' }],
  ])('a page of %s may neither act nor read', async (_, headers) => {
    const { consoleUrl, jwks } = await start()
    const before = jwks()
    expect((await send(`${consoleUrl}/rotate`, headers, {})).status).toBe(403)
    expect((await send(`${consoleUrl}/events`, headers)).status).toBe(403)
    expect(jwks()).toEqual(before)
  })

  test('a link from elsewhere opens the page', async () => {
    const { consoleUrl } = await start()
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await send(consoleUrl, headers)).status).toBe(200)
  })

  test('every answer forbids framing, foreign content, caching and reading by others', async () => {
    const { consoleUrl } = await start()
    for (const path of ['', '/page.css', '/page.js', '/none']) {
      const { headers } = await send(consoleUrl + path)
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|http/)
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('on another address than loopback', () => {
  test('it does not start without the option force', async () => {
    await expect(startConsole({ host: '0.0.0.0' })).rejects.toThrow('loopback only')
  })

  test('the page asks for the access token that is printed, and moves it into a cookie', async () => {
    const { consoleUrl } = await start({ host: '0.0.0.0', force: true })
    const { origin, searchParams } = new URL(consoleUrl)
    expect(searchParams.get('token')!.length).toBeGreaterThan(30)
    expect((await send(`${origin}/console`)).status).toBe(401)
    expect((await send(`${origin}/console?token=guess`)).status).toBe(401)
    expect((await send(`${origin}/console/rotate`, {}, {})).status).toBe(401)
    const entered = await send(consoleUrl)
    expect([entered.status, entered.headers.location]).toEqual([303, '/console'])
    const [cookie] = entered.headers['set-cookie']!
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/)
    expect((await send(`${origin}/console`, { cookie: cookie!.split(';')[0]! })).status).toBe(200)
    const authorization = `Bearer ${searchParams.get('token')!}`
    expect((await send(`${origin}/console/heal`, { authorization }, {})).status).toBe(200)
  })

  test('a page of another origin may not act, whatever it holds', async () => {
    const { consoleUrl } = await start({ host: '0.0.0.0', force: true })
    const { origin, searchParams } = new URL(consoleUrl)
    const cookie = `verifier-guard-console=${searchParams.get('token')!}`
    const headers = { cookie, origin: 'http://evil.example' }
    expect((await send(`${origin}/console/rotate`, headers, {})).status).toBe(403)
  })
})

describe('the actions, as a program uses them', () => {
  test('issue a credential that the Verifier takes', async () => {
    const { consoleUrl, issuer } = await start()
    const issued = await json(`${consoleUrl}/credential`, { powers: 'DOME/Order/Read' })
    const body = running!.tokenRequest(issued as never)
    const answer = await fetch(`${issuer}/oidc/token`, { method: 'POST', body })
    expect(answer.status).toBe(200)
  })

  test('mint a token with chosen powers, life and audience, and explain it', async () => {
    const asked: unknown[] = []
    const explained = { verdict: 'accepted', is: { says: 'a signed JWT' }, checks: [] } as const
    const { consoleUrl } = await start({
      explain: () => (token, held) => {
        asked.push(token, held)
        return Promise.resolve(explained)
      },
    })
    const minted = await json(`${consoleUrl}/mint`, {
      ...{ powers: 'DOME/Order/Read', 'expires-in': '60', audience: 'api' },
      required: 'DOME/Order/Create',
    })
    const claims = claimsOf(minted['token'] as string)
    expect(claims).toMatchObject({ aud: 'api' })
    expect(claims['exp']! - claims['iat']!).toBe(60)
    expect(minted['explanation']).toEqual(explained)
    const power = { domain: 'DOME', function: 'Order', action: 'Create' }
    expect(asked).toEqual([minted['token'], { power }])
  })

  test('make broken tokens', async () => {
    const { consoleUrl } = await start()
    const { token } = await json(`${consoleUrl}/mint`, { shape: 'alg-none' })
    expect(token).toMatch(/\.$/)
  })

  test('rotate the key, set faults and the clock, and heal', async () => {
    const { consoleUrl, issuer, jwks, mint } = await start()
    const [before] = jwks().keys
    await json(`${consoleUrl}/rotate`, {})
    expect(jwks().keys[0]).not.toEqual(before)
    await json(`${consoleUrl}/faults`, { place: 'jwks', fault: 'status-500' })
    expect((await fetch(`${issuer}/oidc/jwks`)).status).toBe(500)
    await json(`${consoleUrl}/clock`, { offset: '-3600' })
    expect(claimsOf(mint())['exp']).toBeLessThan(Date.now() / 1_000)
    expect(await json(`${consoleUrl}/heal`, {})).toEqual({ faults: {}, offset: 0 })
    expect((await fetch(`${issuer}/oidc/jwks`)).status).toBe(200)
    expect(claimsOf(mint())['exp']).toBeGreaterThan(Date.now() / 1_000)
  })

  test('call an API on this machine, and no other', async () => {
    const { consoleUrl, issuer } = await start()
    const called = await json(`${consoleUrl}/call`, { url: `${issuer}/health` })
    expect(called['status']).toBe(200)
    for (const url of ['http://192.0.2.1/', 'http://evil.example/', 'file:///etc/passwd', 'x'])
      expect((await send(`${consoleUrl}/call`, {}, { url })).status).toBe(400)
  })

  test('an answer without end is shown by its beginning', async () => {
    const api = createServer((_, response) => void response.writeHead(200).write('x'.repeat(5_000)))
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const { port } = api.address() as AddressInfo
    const { consoleUrl } = await start()
    const called = await json(`${consoleUrl}/call`, { url: `http://127.0.0.1:${port}/` })
    api.closeAllConnections()
    api.close()
    expect(called).toMatchObject({ status: 200, body: 'x'.repeat(2_000) })
  })

  test('a form is read up to its limit, however long it goes on', async () => {
    const { consoleUrl } = await start()
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(`${consoleUrl}/mint`, { method: 'POST' }, (response) => {
        resolve(response.statusCode)
        sent.destroy()
      })
      sent.once('error', reject)
      sent.write(`powers=${'x'.repeat(300_000)}`)
    })
    expect(status).toBe(400)
  })

  test.each([
    ['mint', { powers: 'Order' }, 'domain/function/action'],
    ['mint', { 'expires-in': 'soon' }, 'whole number'],
    ['faults', { place: 'moon', fault: 'hang' }, 'an endpoint'],
    ['faults', { place: 'jwks', fault: 'flood' }, 'a fault'],
    ['clock', { offset: '1e9' }, 'whole number'],
    ['explain', {}, 'Expected a token'],
    ['call', { url: 'http://127.0.0.1:1/', method: 'TRACE' }, 'a method'],
    ['mint', { powers: 'x'.repeat(300_000) }, 'at most 256 KiB'],
  ])('%s says what was expected (%#)', async (action, form, message) => {
    const { consoleUrl } = await start()
    const answer = await send(`${consoleUrl}/${action}`, {}, form)
    expect(answer.status).toBe(400)
    expect((JSON.parse(answer.text) as { error: string }).error).toContain(message)
  })
})

describe('tokens that are bound', () => {
  const oauth = () => start({ profile: 'oauth' })
  const minted = async (form: Record<string, string>) => {
    const { token } = await json(`${running!.consoleUrl}/mint`, form)
    return claimsOf(token as string)['cnf'] as unknown
  }

  test.each([
    ['oauth', true],
    ['eudistack-3.3', false],
  ] as const)('the profile %s offers them: %s', async (profile, offers) => {
    const { consoleUrl } = await start({ profile })
    expect((await send(consoleUrl)).text.includes('name="bound-to"')).toBe(offers)
  })

  test('to the key of the page, to another key, or to a certificate', async () => {
    const { proofKey, issueCertificate } = await oauth()
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = other.publicKey.export({ format: 'jwk' }) as Record<string, string>
    const { certificate, thumbprint } = issueCertificate()
    expect(await minted({ 'bound-to': 'key' })).toEqual({ jkt: jktOf(proofKey.jwk) })
    expect(await minted({ 'bound-to': 'key', own: JSON.stringify(jwk) })).toEqual({
      jkt: jktOf(jwk),
    })
    const pem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    expect(await minted({ 'bound-to': 'key', own: pem })).toEqual({ jkt: jktOf(jwk) })
    expect(await minted({ 'bound-to': 'certificate', own: certificate })).toEqual({
      'x5t#S256': thumbprint,
    })
    expect(await minted({ 'bound-to': 'certificate' })).toEqual({
      'x5t#S256': expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    expect(await minted({})).toBeUndefined()
  })

  test.each([
    ['another kind', { 'bound-to': 'moon' }, 400, 'a key or a certificate'],
    ['broken JSON', { 'bound-to': 'key', own: '{"kty":' }, 400, 'a JWK, hexadecimal or PEM'],
    ['no certificate', { 'bound-to': 'certificate', own: 'PEM' }, 422, 'a certificate in PEM'],
  ])('%s says what was expected', async (_, form, status, message) => {
    const { consoleUrl } = await oauth()
    const answer = await send(`${consoleUrl}/mint`, {}, form)
    expect(answer.status).toBe(status)
    expect((JSON.parse(answer.text) as { error: string }).error).toContain(message)
  })

  test('a proof is handed out for any request, and a new one each time', async () => {
    const { consoleUrl } = await oauth()
    const proofs = new URL('/dev/proof', consoleUrl)
    proofs.search = String(
      new URLSearchParams({ url: 'http://127.0.0.1:3000/a?b', method: 'PUT', token: 'x' }),
    )
    const [one, other] = [(await send(proofs.href)).text, (await send(proofs.href)).text]
    expect(claimsOf(one)).toMatchObject({ htm: 'PUT', htu: 'http://127.0.0.1:3000/a' })
    expect(claimsOf(one)['jti']).not.toBe(claimsOf(other)['jti'])
  })

  test('a proof for no address says what was expected', async () => {
    const { consoleUrl } = await oauth()
    const answer = await send(new URL('/dev/proof?url=orders', consoleUrl).href)
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('absolute URL')])
  })
})

/** RFC 7638. */
function jktOf({ crv, kty, x, y }: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

function claimsOf(token: string): Record<string, number> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as never
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('what others chose is shown as text', () => {
  const HOSTILE = '<img src=x onerror=alert(1)><script>alert(1)</script>"\'&\u202e\u0000'
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

  test('in a token, in its explanation and in a mistake', async () => {
    const check = { name: HOSTILE, verdict: 'failed', expected: HOSTILE, found: HOSTILE } as const
    const { consoleUrl } = await start({
      explain: () => () =>
        Promise.resolve({ verdict: 'refused', is: { says: HOSTILE }, checks: [check] }),
    })
    const token = `${encode({ alg: HOSTILE })}.${encode({ sub: HOSTILE })}.${HOSTILE}`
    const { text } = await send(`${consoleUrl}/explain`, PAGE, { token })
    const mistake = await send(`${consoleUrl}/mint`, PAGE, { powers: HOSTILE })
    for (const shown of [text, mistake.text]) {
      expect(shown).toContain('&lt;img')
      for (const raw of ['<img', '<script', '\u202e', '\u0000']) expect(shown).not.toContain(raw)
    }
  })

  test('in a token request', async () => {
    const { consoleUrl, issuer } = await start()
    const events = await listenTo(`${consoleUrl}/events`)
    await fetch(`${issuer}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: HOSTILE, client_id: HOSTILE }),
    })
    const shown = await events.until('refused')
    expect(shown).not.toMatch(/<img|<script|\u202e/)
    expect(shown).toContain('Cure:')
  })
})

/** Reads server-sent events until one of them holds a text. */
async function listenTo(url: string) {
  const { body } = await fetch(url)
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted) || !text.endsWith('\n\n')) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`ended without "${wanted}": ${text}`)
        text += value
      }
      await reader.cancel()
      return text
    },
  }
}

describe('live', () => {
  test('token requests come with the cause that their answer hides, and the cure', async () => {
    const { consoleUrl, issuer, tokenRequest, machine } = await start()
    const body = tokenRequest(machine)
    const events = await listenTo(`${consoleUrl}/events`)
    await fetch(`${issuer}/oidc/token`, { method: 'POST', body })
    await fetch(`${issuer}/oidc/token`, { method: 'POST', body })
    const shown = await events.until('assertion-replayed')
    expect(shown).toContain('token issued')
    expect(shown).toContain('Make a new assertion')
  })

  test('a page that is opened later sees what came before', async () => {
    const { consoleUrl } = await start()
    await fetch(new URL('/dev/token', consoleUrl))
    expect(await (await listenTo(`${consoleUrl}/events`)).until('token issued')).toContain('<li')
  })

  test('listeners of the application hear of the same', async () => {
    const heard: string[] = []
    const { consoleUrl } = await start({
      events: { tokenIssued: ({ clientId }) => void heard.push(clientId) },
    })
    await fetch(new URL('/dev/token', consoleUrl))
    expect(heard).toEqual([running!.machine.did])
  })
})

describe('watching an API', () => {
  test.each(['http://192.0.2.1:3000', 'https://127.0.0.1:3000', 'http://api.example', 'soon'])(
    '%s is refused: decisions are read on loopback only',
    async (watch) => {
      await expect(startConsole({ watch })).rejects.toThrow('on this machine')
    },
  )

  test('an address without a path is that of the handler', () => {
    expect(watchAddress('http://127.0.0.1:3000')).toBe(
      'http://127.0.0.1:3000/.verifier-guard/decisions',
    )
    expect(watchAddress('http://localhost:3000/mine')).toBe('http://localhost:3000/mine')
  })

  test('the body of an answer without decisions is cancelled', async () => {
    let isCancelled = (): void => {}
    const cancelled = new Promise<void>((resolve) => (isCancelled = resolve))
    const api = createServer((_, response) => {
      response.once('close', isCancelled)
      response.writeHead(404).write('no such page')
    })
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const { port } = api.address() as AddressInfo
    await start({ watch: `http://127.0.0.1:${port}` })
    await cancelled
    api.closeAllConnections()
    api.close()
  })

  test('its decisions are shown, whatever stands in them', async () => {
    const decision = {
      result: 'denied',
      status: 403,
      code: '<b>',
      expected: '<img src=x>',
      checks: [
        { name: 'form', verdict: 'passed' },
        { name: 'claims', verdict: 'failed' },
      ],
    }
    const api = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`: hello\ndata: no json\ndata: {}\ndata: ${JSON.stringify(decision)}\n\n`)
    })
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const { port } = api.address() as AddressInfo
    try {
      const { consoleUrl } = await start({ watch: `http://127.0.0.1:${port}` })
      const shown = await (await listenTo(`${consoleUrl}/events`)).until('refused with 403')
      expect(shown).toContain('&lt;img src=x&gt;')
      expect(shown).not.toContain('<img')
    } finally {
      api.closeAllConnections()
      api.close()
    }
  })
})
