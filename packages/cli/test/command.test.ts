import { createResourceServer, systemRuntime } from '@verifier-guard/core'
import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { command } from './support.js'

const verifier = createDevVerifier()
const machine = verifier.issueMachineCredential()
const VARIABLES = ['VERIFIER', 'CREDENTIAL', 'AUTHORIZATION_SERVER', 'CLIENT_ID', 'PRIVATE_KEY']
const base64 = (text: string) => Buffer.from(text).toString('base64')
const server = createResourceServer({
  issuer: verifier.issuer,
  profile: 'eudistack',
  runtime: { ...systemRuntime, fetch: verifier.fetch, warn: () => {} },
})

describe('token', () => {
  const files = { 'credential.jwt': machine.credential, 'key.hex': machine.privateKey.hex }
  const flags = `token --verifier ${verifier.issuer} --credential credential.jwt --key key.hex`

  test('prints a token that an API accepts, and nothing else', async () => {
    const { exit, out, err } = await command(flags, { files, fetch: verifier.fetch })
    expect([exit, err]).toEqual([0, ''])
    expect((await server.verifyAccessToken(out)).clientId).toBe(machine.did)
  })

  test('reads the variables that the development Verifier prints', async () => {
    const env = {
      VERIFIER: verifier.issuer,
      CREDENTIAL: machine.credential,
      PRIVATE_KEY: machine.privateKey.hex,
    }
    expect((await command('token', { env, fetch: verifier.fetch })).exit).toBe(0)
  })

  test('prints JSON when it is asked to', async () => {
    const { out } = await command(`${flags} --json`, { files, fetch: verifier.fetch })
    expect(JSON.parse(out)).toEqual({ access_token: expect.stringMatching(/^eyJ/) as string })
  })

  test.each([
    ['a refused request', 1, () => verifier.fail('token', 'status-400')],
    ['a Verifier that is down', 3, () => verifier.fail('token', 'refuse')],
    ['a Verifier with a fault', 3, () => verifier.fail('token', 'status-500')],
  ])('%s exits with %i, and shows no key', async (_, status, plant) => {
    plant()
    const { exit, out, err } = await command(flags, { files, fetch: verifier.fetch })
    verifier.heal()
    expect([exit, out]).toEqual([status, ''])
    expect(err).not.toContain(machine.privateKey.hex)
  })

  test('a key on the command line is refused, without being shown', async () => {
    const { exit, err } = await command(`token --verifier ${verifier.issuer} --key {"kty":"EC"}`, {
      files,
    })
    expect(exit).toBe(2)
    expect(err).toContain('process list')
  })

  const secret = 'hunter2'
  test.each([
    ['a key as hexadecimal', `--key ${machine.privateKey.hex}`, 'process list'],
    ['one that lost zeros', `--key ${machine.privateKey.hex.slice(3)}`, 'process list'],
    ['one with 0x', `--key 0x${machine.privateKey.hex}`, 'process list'],
    ['a JWK in Base64', `--key ${base64(JSON.stringify(machine.privateKey.jwk))}`, 'process list'],
    ['a PEM in Base64', `--key ${base64(machine.privateKey.pkcs8)}`, 'process list'],
    ['DER in Base64', `--key ${machine.privateKey.pkcs8.split('\n')[1]!}`, 'process list'],
    ['a credential in Base64', `--credential ${base64(machine.credential)}`, 'process list'],
    ['a secret of any form', `--secret ${secret}`, 'ENOENT'],
    ['a key behind a misspelt flag', `--kye=${machine.privateKey.hex}`, 'unknown option'],
  ])('%s in place of a file is refused, without being shown', async (_, flag, says) => {
    const line = `token --verifier ${verifier.issuer} --json ${flag}`
    const { exit, out, err } = await command(line, { files })
    expect(exit).toBe(2)
    expect(err).toContain(says)
    for (const text of [out, err]) expect(text).not.toContain(flag.split(/[ =]/)[1]!.slice(0, 12))
  })

  test.each([
    'mint --power ',
    'mint --expires-in ',
    'mint --profile ',
    'dev --port ',
    'explain x -',
  ])('a key in place of a word is not shown: %s', async (line) => {
    for (const json of [' --json', '']) {
      const { exit, out, err } = await command(`${line}${machine.privateKey.hex}${json}`)
      expect(exit).toBe(2)
      expect(out + err).not.toContain(machine.privateKey.hex.slice(0, 12))
    }
  })

  test('a Verifier gets no CLIENT_ID that is left from another server', async () => {
    const env = { CLIENT_ID: 'orders' }
    expect((await command(flags, { files, env, fetch: verifier.fetch })).exit).toBe(0)
  })

  test.each([
    [
      'two variables',
      'token',
      { VERIFIER: verifier.issuer, AUTHORIZATION_SERVER: 'https://as.example.org' },
    ],
    ['two flags', `${flags} --authorization-server https://as.example.org`, {}],
  ])('%s that name a Verifier and another server are refused', async (_, line, env) => {
    const { exit, err } = await command(line, { files, env, fetch: verifier.fetch })
    expect(exit).toBe(2)
    expect(err).toMatch(/expected .*(?:VERIFIER or AUTHORIZATION|--verifier or --auth).*found both/)
  })

  test('a flag goes before the variable of the other server', async () => {
    const env = { AUTHORIZATION_SERVER: 'https://as.example.org' }
    expect((await command(flags, { files, env, fetch: verifier.fetch })).exit).toBe(0)
  })

  test('its help names every variable', async () => {
    const { out } = await command('token --help')
    for (const name of VARIABLES) expect(out).toContain(name)
  })

  test('without a Verifier it says what is missing', async () => {
    const { exit, err } = await command('token')
    expect(exit).toBe(2)
    expect(err).toContain('--verifier or --authorization-server')
  })
})

describe('mint', () => {
  test('signs a token with a key that is given, for the issuer that is given', async () => {
    const made = await command('keys make')
    const files = { 'key.pem': made.out }
    const { out } = await command('mint --key key.pem --power DOME/Order/Read --json', { files })
    const { token, issuer, keys } = JSON.parse(out) as Minted
    const api = createResourceServer({ issuer, keys: { keys }, profile: 'eudistack' })
    const { powers } = await api.verifyAccessToken(token)
    expect(powers).toEqual([expect.objectContaining({ function: 'Order', domain: 'DOME' })])
  })

  test('prints the token alone, an expired one too', async () => {
    const { exit, out } = await command('mint --expires-in -60')
    expect(exit).toBe(0)
    expect(out).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  test('makes broken tokens by name, and lists the names', async () => {
    const { out } = await command('mint --broken list')
    expect(out).toContain('expired: exp has passed')
    expect((await command('mint --broken alg-none')).out).toMatch(/\.$/)
  })

  test.each([
    ['a JWK that is cut short', '{"kty":"EC","d":"c2VjcmV0'],
    ['a JWK without quotes', '{"kty":"EC","d":c2VjcmV0}'],
    ['no key', 'c2VjcmV0'],
  ])('%s as its key exits with 2, and no part of it is shown', async (_, key) => {
    const { exit, out, err } = await command('mint --key key.jwk', { files: { 'key.jwk': key } })
    expect([exit, out]).toEqual([2, ''])
    expect(err).toMatch(/[Ee]xpected .*key/)
    expect(err).not.toMatch(/c2V|"d"/)
  })

  test.each([
    'mint --broken nonsense',
    'mint --expires-in soon',
    'mint --power Order',
    'mint --profile x',
  ])('%s exits with 2', async (line) => {
    const { exit, err } = await command(line)
    expect(exit).toBe(2)
    expect(err).toMatch(/[Ee]xpected/)
  })
})

interface Minted {
  readonly token: string
  readonly issuer: string
  readonly keys: readonly { kty: string }[]
}

describe('keys', () => {
  test.each(['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'])(
    'makes a key for %s that inspect knows',
    async (alg) => {
      for (const format of ['pem', 'jwk']) {
        const { out } = await command(`keys make --alg ${alg} --format ${format}`)
        const inspected = await command('keys inspect -', { stdin: out })
        expect(inspected.exit).toBe(0)
        expect(inspected.out).toMatch(new RegExp(`algorithms .*${alg}`))
      }
    },
  )

  test('knows the did:key of a machine, and prints no private half', async () => {
    for (const stdin of Object.values(machine.privateKey).map((form) =>
      typeof form === 'string' ? form : JSON.stringify(form),
    )) {
      const { out } = await command('keys inspect -', { stdin })
      expect(out).toContain(machine.did)
      expect(out).not.toContain('"d"')
      expect(out).not.toContain(machine.privateKey.hex)
    }
  })

  test('names each key of a set by its thumbprint', async () => {
    const { out } = await command('keys inspect - --json', {
      stdin: JSON.stringify({
        keys: [verifier.jwks().keys[0], createDevVerifier().jwks().keys[0]],
      }),
    })
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ thumbprint: expect.stringMatching(/^[\w-]{43}$/) as string }),
      expect.objectContaining({ type: 'public, P-256' }),
    ])
  })

  test('a key of a set that cannot be read is named beside the others', async () => {
    const keys = [
      { kty: 'AKP', kid: 'pq', pub: 'AA' },
      verifier.jwks().keys[0],
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      null,
    ]
    const stdin = JSON.stringify({ keys })
    const { exit, out } = await command('keys inspect - --json', { stdin })
    const unreadable = expect.stringContaining('no EC, OKP or RSA key') as string
    expect(exit).toBe(0)
    expect(JSON.parse(out)).toEqual([
      { kid: 'pq', unreadable },
      expect.objectContaining({ type: 'public, P-256' }),
      { unreadable },
      { unreadable },
    ])
    expect((await command('keys inspect -', { stdin })).out).toContain('unreadable ')
  })

  test('a set without any key that can be read exits with 2', async () => {
    const stdin = JSON.stringify({ keys: [{ kty: 'AKP', kid: 'pq' }] })
    expect((await command('keys inspect -', { stdin })).exit).toBe(2)
  })

  test.each([
    ['lost its leading zero', `${'1'.repeat(63)}`],
    ['lost four', '1'.repeat(60)],
    ['gained a zero byte', `00${'1'.repeat(64)}`],
    ['has 0x', `0x${'1'.repeat(64)}`],
  ])('a scalar that %s is the key that token takes', async (_, digits) => {
    const { exit, out } = await command('keys inspect -', { stdin: digits })
    expect(exit).toBe(0)
    const whole = await command('keys inspect -', { stdin: digits.slice(-64).padStart(64, '0') })
    expect(out).toBe(whole.out)
  })

  test('half a scalar is no key', async () => {
    expect((await command('keys inspect -', { stdin: '1'.repeat(40) })).exit).toBe(2)
  })

  test('the thumbprint is that of RFC 7638 §3.1', async () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const { out } = await command('keys inspect -', {
      stdin: JSON.stringify({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }),
    })
    expect(out).toContain('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test('writes to a new file, and leaves one that exists alone', async () => {
    const { out, written } = await command('keys make --out key.pem')
    expect(written['key.pem']).toContain('BEGIN PRIVATE KEY')
    expect(out).not.toContain('PRIVATE KEY')
    const again = await command('keys make --out key.pem', { files: { 'key.pem': '' } })
    expect([again.exit, again.written]).toEqual([2, {}])
  })

  test.each([
    'keys make --format hex --alg RS256',
    'keys make --alg HS256',
    'keys inspect none.pem',
  ])('%s exits with 2', async (line) => {
    expect((await command(line)).exit).toBe(2)
  })

  test('what is no key is said without being shown', async () => {
    const { exit, err } = await command('keys inspect -', { stdin: 'my secret words' })
    expect(exit).toBe(2)
    expect(err).not.toContain('secret words')
  })
})

describe('help', () => {
  test.each(['doctor', 'explain', 'token', 'dev', 'mint', 'keys make', 'keys inspect'])(
    '%s --help teaches with examples',
    async (name) => {
      const { exit, out } = await command(`${name} --help`)
      expect(exit).toBe(0)
      expect(out).toContain('Examples:\n  verifier-guard')
    },
  )

  test('the exit codes stand in --help', async () => {
    const { exit, out } = await command('--help')
    expect(exit).toBe(0)
    expect(out).toContain('0 good, 1 refused, 2 wrong usage, 3 unreachable')
  })

  test.each([
    ['explian', 'Did you mean explain?'],
    ['explain', "missing required argument 'file'"],
  ])('a mistake in usage exits with 2: %s', async (line, message) => {
    const { exit, err } = await command(line)
    expect(exit).toBe(2)
    expect(err).toContain(message)
  })

  test.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const { exit, out } = await command(`completion ${shell}`)
    expect(exit).toBe(0)
    for (const word of ['explain', 'doctor', 'inspect', 'against']) expect(out).toContain(word)
  })

  test('an error is JSON too where JSON is asked for', async () => {
    const { exit, out, err } = await command('explain none.txt --json')
    expect(JSON.parse(out)).toEqual({ error: expect.stringMatching(/ENOENT/) as string, exit: 2 })
    expect([exit, err]).toEqual([2, expect.stringMatching(/ENOENT/)])
  })

  test.each([
    ['explian --json', "unknown command 'explian'"],
    ['explain --json', "missing required argument 'file'"],
    ['keys make --alg HS256 --json', "argument 'HS256' is invalid"],
    ['keys --json', "unknown option '--json'"],
    ['--json', "unknown option '--json'"],
  ])('a mistake in usage too: %s', async (line, message) => {
    const { exit, out, err } = await command(line)
    expect(JSON.parse(out)).toEqual({ error: expect.stringContaining(message) as string, exit: 2 })
    expect([exit, err]).toEqual([2, expect.stringContaining(message)])
  })

  test('knows no other shell', async () => {
    expect((await command('completion tcsh')).exit).toBe(2)
  })
})

describe('colours', () => {
  const stdin = verifier.mint()
  const colored = async (flags: string, env = {}) =>
    (await command(`explain - ${flags}`, { stdin, env, isTerminal: true })).out.includes('\u001b[')

  test('are for terminals, and never against NO_COLOR, --no-color or --json', async () => {
    expect(await colored('')).toBe(true)
    expect(await colored('--no-color')).toBe(false)
    expect(await colored('--json')).toBe(false)
    expect(await colored('', { NO_COLOR: '1' })).toBe(false)
    expect((await command('explain -', { stdin })).out).not.toContain('\u001b[')
  })
})
