import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configuration, readCommandLine, USAGE } from '../src/command-line.js'
import { createHandOut } from '../src/hand-out.js'
import { createDevVerifier, type DevVerifier, type ListenOptions } from '../src/index.js'
import { decodeJwt } from '../src/jwt.js'
import { OPTIONS } from '../src/option-table.js'
import { startBehind } from '../src/start.js'
import { postForm } from './support.js'

const { privateKey } = createDevVerifier().issueMachineCredential()
const folder = mkdtempSync(join(tmpdir(), 'dev-verifier-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file with this text. */
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(readCommandLine([])).toEqual({
      help: false,
      options: { port: 8_082 },
      powers: [{ domain: 'DOME', function: 'ProductOffering', action: 'Create' }],
    })
  })

  it.each<[string, ListenOptions]>([
    ['--profile dome', { profile: 'dome' }],
    ['--port 0', { port: 0 }],
    ['--host 0.0.0.0 --force', { host: '0.0.0.0', force: true }],
    ['--issuer http://verifier:8082/verifier', { issuer: 'http://verifier:8082/verifier' }],
    ['--issuer-from-request', { issuerFromRequest: true }],
    ['--tenant kpmg', { tenant: 'kpmg' }],
    ['--trusted-issuers A --trusted-issuers B', { trustedIssuers: [{ id: 'A' }, { id: 'B' }] }],
    ['--kid thumbprint', { kid: 'thumbprint' }],
    ['--lifetime 60', { lifetime: 60 }],
    ['--service orders', { service: 'orders' }],
    [
      '--bare-errors --mimic-laxity --rate-limit',
      { bareErrors: true, mimicLaxity: true, rateLimit: true },
    ],
  ])('reads %s as the options of these names', (args, options) => {
    expect(readCommandLine(args.split(' ')).options).toEqual({ port: 8_082, ...options })
  })

  it.each([
    ['hex', privateKey.hex, privateKey.hex],
    ['a JWK', JSON.stringify(privateKey.jwk), privateKey.jwk],
    ['a file with PEM', file('key.pem', privateKey.pkcs8), privateKey.pkcs8.trim()],
    ['a file with a JWK', file('key.json', JSON.stringify(privateKey.jwk)), privateKey.jwk],
    ['a file with hex', file('key.txt', `${privateKey.hex}\n`), privateKey.hex],
  ])('takes the key as %s', (_, argument, key) => {
    const { options } = readCommandLine(['--key', argument])
    expect(options.key).toEqual(key)
    expect(createDevVerifier({ key: options.key! }).jwks().keys[0]).toMatchObject({
      x: privateKey.jwk['x'],
    })
  })

  it('takes several powers', () => {
    expect(readCommandLine(['--power', 'A/B/C', '--power', 'D/E/F']).powers).toEqual([
      { domain: 'A', function: 'B', action: 'C' },
      { domain: 'D', function: 'E', action: 'F' },
    ])
  })

  it.each([
    [['--port', 'x'], /^Expected --port to be a whole number .*; found "x"/],
    [['--port', '65536'], /--port/],
    [['--profile', 'toString'], /^Expected --profile to be one of/],
    [['--issuer', 'verifier'], /^Expected --issuer to be an http\(s\) URL/],
    [['--lifetime', 'long'], /--lifetime/],
    [['--power', 'Create'], /domain\/function\/action/],
    [['--unknown'], /--unknown/],
  ])('refuses %j', (args, message) => {
    expect(() => readCommandLine(args)).toThrow(message)
  })

  it('quotes nothing of a key that it cannot read', () => {
    const { options } = readCommandLine(['--key', '{"kty":"EC","d":"secret'])
    expect(() => createDevVerifier({ key: options.key! })).toThrow(/^Expected a P-256 private key/)
    expect(() => createDevVerifier({ key: options.key! })).not.toThrow(/secret/)
  })

  it('has a flag for each option that a text can state, and explains it', () => {
    const flags = [...USAGE.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag]) =>
      flag!.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    )
    const inCode = ['clients', 'events', 'runtime']
    expect(flags.sort()).toEqual(
      [...Object.keys(OPTIONS).filter((name) => !inCode.includes(name)), 'power', 'help'].sort(),
    )
  })
})

describe('the command', () => {
  const start = async (options: ListenOptions = {}, powers = readCommandLine([]).powers) => {
    const { machineOf, answer } = createHandOut(powers, 'my-service')
    const verifier = await startBehind(answer, options)
    const { origin } = new URL(verifier.issuer)
    const get = (path: string) => fetch(origin + path)
    return { verifier, machine: machineOf(verifier), origin, get }
  }
  let verifier: DevVerifier
  afterEach(() => verifier.close())

  it.each(['eudistack-3.3', 'eudistack-3.0', 'eudistack-2', 'dome', 'fiware', 'oauth'] as const)(
    'hands out a fresh token at each request, as %s',
    async (profile) => {
      const started = await start({ profile })
      verifier = started.verifier
      const tokens = []
      for (let count = 0; count < 3; count++) {
        const response = await started.get('/dev/token')
        expect(response.headers.get('content-type')).toBe('text/plain')
        tokens.push((await response.text()).trim())
      }
      const { issuer } = verifier
      for (const token of tokens) expect(decodeJwt(token).claims).toMatchObject({ iss: issuer })
      expect(new Set(tokens).size).toBe(3)
    },
  )

  it('hands out the machine that it has printed, as environment of a client', async () => {
    const started = await start()
    verifier = started.verifier
    const { machine, origin } = started
    const text = await (await started.get('/dev/client')).text()
    expect(text.trim().split('\n')).toEqual([
      `VERIFIER=${verifier.issuer}`,
      `CREDENTIAL=${machine.credential}`,
      `PRIVATE_KEY=${machine.privateKey.hex}`,
    ])
    const printed = configuration(verifier, machine)
    expect(printed).toContain(text.trim())
    expect(printed).toContain(`curl --silent ${origin}/dev/token`)
    expect(printed).toContain(`${origin}/dev/client`)
  })

  it('answers as the Verifier does where that refuses', async () => {
    const started = await start()
    verifier = started.verifier
    started.machine.revoke()
    const response = await started.get('/dev/token')
    expect([response.status, await response.json()]).toEqual([400, { error: 'invalid_grant' }])
  })

  it('leaves everything else to the Verifier', async () => {
    const started = await start()
    verifier = started.verifier
    expect((await started.get('/dev/other')).status).toBe(404)
    expect((await fetch(`${started.origin}/dev/token`, { method: 'POST' })).status).toBe(404)
    const form = verifier.tokenRequest(started.machine)
    expect((await postForm(verifier, form)).status).toBe(200)
  })

  it('gives its machine a power in the tenant that it was started for', async () => {
    const { options, powers } = readCommandLine(['--tenant', 'kpmg', '--port', '0'])
    const started = await start(options, powers)
    verifier = started.verifier
    const token = await (await started.get('/dev/token')).text()
    expect(decodeJwt(token.trim()).claims).toMatchObject({ tenant: 'kpmg' })
  })
})
