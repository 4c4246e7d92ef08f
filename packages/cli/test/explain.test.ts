import { inspect } from 'node:util'
import type { Explanation } from '@verifier-guard/core/explain'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { command, type World } from './support.js'

const verifier = createDevVerifier()
const config = JSON.stringify({ issuer: verifier.issuer, profile: 'eudistack' })
const world = (token: string, more: World = {}): World => ({
  files: { 'token.txt': `${token}\n`, 'api.json': config },
  fetch: verifier.fetch,
  ...more,
})
const AGAINST = 'explain token.txt --against api.json --online'

describe('a token', () => {
  test('that is accepted exits with 0, a line for each check', async () => {
    const { exit, out, err } = await command(AGAINST, world(verifier.mint()))
    expect([exit, err]).toEqual([0, ''])
    expect(out).toContain('The token is accepted.')
    expect(out).toMatch(/✓ signature: one by the key/)
    expect(out).toMatch(/✓ credential: a credential of kind machine, powers: "\w+\/\w+\/\w+/)
  })

  test('that is refused exits with 1 and says expected, found and the cure', async () => {
    const { exit, out } = await command(AGAINST, world(verifier.mintBroken('expired')))
    expect(exit).toBe(1)
    expect(out).toContain('The token is refused: token_expired (401).')
    expect(out).toMatch(/✗ expiry: token_expired\n {4}expected .*\n {4}found .*\n {4}cure .*/)
  })

  test('is never printed, nor any part of it', async () => {
    for (const json of ['', ' --json']) {
      const token = verifier.mint()
      const { out, err } = await command(`${AGAINST}${json}`, world(token))
      for (const part of token.split('.')) expect(out + err).not.toContain(part)
    }
  })

  test('is explained offline by default: no request is sent, and 3 says undecided', async () => {
    const fetch = jest.fn<Promise<Response>, []>()
    const { exit, out } = await command('explain token.txt', world(verifier.mint(), { fetch }))
    expect([exit, fetch.mock.calls]).toEqual([3, []])
    expect(out).toContain('signature was not checked')
    expect(out).toContain('No configuration was given')
  })

  test.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'] as const)(
    'signed with %s has no fault without a configuration',
    async (algorithm) => {
      const { exit, out } = await command('explain token.txt', world(verifier.mint({ algorithm })))
      expect(exit).toBe(3)
      expect(out).not.toContain('✗')
    },
  )

  test('comes from stdin too', async () => {
    const { exit } = await command('explain - --against api.json --online', {
      ...world(''),
      stdin: verifier.mint(),
    })
    expect(exit).toBe(0)
  })

  test('on the command line itself is refused, without being shown', async () => {
    const token = verifier.mint()
    const { exit, err } = await command(`explain ${token}`)
    expect(exit).toBe(2)
    expect(err).toContain('process list')
    expect(err).not.toContain(token.slice(0, 40))
  })

  test('is held to scopes and powers', async () => {
    const { out, exit } = await command(
      `${AGAINST} --power DOME/ProductOffering/Delete --scope machine`,
      world(verifier.mint()),
    )
    expect(exit).toBe(1)
    expect(out).toContain('power_missing')
  })

  test('is explained as JSON: verdict, code and checks', async () => {
    const { out } = await command(`${AGAINST} --json`, world(verifier.mintBroken('foreign-key')))
    const explanation = JSON.parse(out) as Explanation
    expect([explanation.verdict, explanation.code]).toEqual(['refused', 'signature_invalid'])
    expect(explanation.checks.length).toBeGreaterThan(10)
  })
})

describe('what-if', () => {
  test('--against answers for another configuration', async () => {
    const files = {
      'token.txt': verifier.mint(),
      'other.json': JSON.stringify({
        issuer: verifier.issuer,
        audience: 'https://api.example.org',
      }),
    }
    const { exit, out } = await command('explain token.txt --against other.json', { files })
    expect(exit).toBe(1)
    expect(out).toContain('audience_mismatch')
  })

  test('flags override the file', async () => {
    const { out } = await command(`${AGAINST} --issuer https://x.example.org`, {
      ...world(verifier.mint()),
    })
    expect(out).toContain('issuer_not_trusted')
  })
})

describe('something else than an access token', () => {
  test.each([
    ['an opaque token', 'd3b07384d113edec49eaa6238ad5ff00', 'an opaque token'],
    ['an encrypted one', 'eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d', 'an encrypted token (JWE'],
    ['an id_token', verifier.mintIdToken(), 'an id_token'],
    ['a credential', verifier.issueMachineCredential().credential, 'a verifiable credential'],
    ['with its scheme', `Bearer ${verifier.mint()}`, 'the value of an Authorization field'],
    ['nothing', '', 'an empty text'],
  ])('%s is named as what it is, with what to send instead', async (_, text, says) => {
    const { exit, out } = await command('explain token.txt', world(text))
    expect(exit).toBe(1)
    expect(out).toContain(`It is ${says}`)
  })
})

describe('a recorded denial', () => {
  const denial = {
    code: 'audience_mismatch',
    status: 401,
    check: 'claims',
    expected: '"aud" to hold https://a.example.org',
    actual: '"https://b.example.org"',
  }

  test.each([
    ['an event', denial],
    ['a line of a log', { level: 40, msg: 'refused', denied: denial }],
  ])('%s is explained with its cure', async (_, line) => {
    const { exit, out } = await command('explain denied.json', {
      files: { 'denied.json': JSON.stringify(line) },
    })
    expect(exit).toBe(1)
    expect(out).toContain('audience_mismatch (401)')
    expect(out).toContain('ask for a token for this API')
    expect(out).toContain('The caller was answered: The access token is invalid.')
  })

  test('says when, where and whose it was, as far as it is recorded', async () => {
    const line = {
      time: '2026-11-28T14:05:00.000Z',
      denied: { ...denial, correlationId: 'a1', route: '/orders/:id', clientId: 'did:key:zDn' },
    }
    const files = { 'd.json': JSON.stringify(line) }
    const { out } = await command('explain d.json', { files })
    for (const text of ['time: 2026-11-28T14:05', 'correlationId: a1', 'route: /orders/:id'])
      expect(out).toContain(text)
    const json = JSON.parse((await command('explain d.json --json', { files })).out) as object
    expect(json).toMatchObject({ clientId: 'did:key:zDn', correlationId: 'a1' })
  })

  test('as the console prints an object is asked for as JSON', async () => {
    const { exit, err } = await command('explain d.txt', { files: { 'd.txt': inspect(denial) } })
    expect(exit).toBe(2)
    expect(err).toContain('JSON.stringify(event)')
  })

  test('of a Verifier that is out of reach exits with 3', async () => {
    const files = { 'denied.json': JSON.stringify({ code: 'keys_unavailable' }) }
    expect((await command('explain denied.json', { files })).exit).toBe(3)
  })

  test('that holds control sequences prints none', async () => {
    const files = { 'd.json': JSON.stringify({ ...denial, hint: '\u001b[2J\u202e' }) }
    const { out } = await command('explain d.json', { files })
    for (const character of ['\u001b', '\u202e']) expect(out).not.toContain(character)
  })
})

describe('a wrong configuration file', () => {
  const explain = (text: string) =>
    command('explain token.txt --against api.json', {
      files: { 'token.txt': verifier.mint(), 'api.json': text },
    })

  test.each([
    ['no JSON', '{\n  "issuer": "https://v.example.org",\n}', /api\.json:3: text that is not JSON/],
    ['cut short', '{\n  "issuer":\n', /api\.json:[23]: text that is not JSON/],
    ['another value', '[]', /a JSON object/],
    [
      'an option of another name',
      '{\n  "issuer": "https://v.example.org",\n  "audienc": "x"\n}',
      /api\.json:3: .*"audienc"/,
    ],
    [
      'a wrong value',
      '{\n  "issuer": "https://v.example.org",\n  "audience": "x",\n  "clockTolerance": 30000\n}',
      /api\.json:4: .*"clockTolerance" as a number from 0 to 600/,
    ],
    [
      'a wrong value in a group',
      '{\n  "issuer": "https://v.example.org",\n  "audience": "x",\n  "keySet": {\n    "maxAge": 0\n  }\n}',
      /api\.json:5: .*keySet\.maxAge/,
    ],
    ['a missing option', '{ "issuer": "https://v.example.org" }', /"audience"/],
  ])('%s: names line and option, and exits with 2', async (_, text, message) => {
    const { exit, out, err } = await explain(text)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toMatch(message)
  })
})
