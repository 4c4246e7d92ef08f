import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import ts from 'typescript'
import { root } from './snippets.js'

/*
 * Runs the programs of the first pages as a reader does: each as a process of its own, with the
 * packages as they are installed, and with the development Verifier for a Verifier.
 */

/** The TypeScript of a page, in order; of tabs, by their names. */
function programs(page: string): readonly (readonly [tab: string, code: string])[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return [...text.matchAll(/^```ts(?: \[(.*)\])?\n([^]*?)^```$/gm)].map(([, tab, code]) => [
    tab ?? page,
    code!,
  ])
}

const onlyProgram = (page: string) => programs(page)[0]![1]

let verifier: DevVerifier
let folder: string
const running: ChildProcess[] = []

beforeAll(async () => {
  verifier = await startDevVerifier()
  folder = mkdtempSync(join(tmpdir(), 'pages-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'listening.mjs'), LISTENING)
})
afterAll(async () => {
  for (const child of running) child.kill()
  await verifier.close()
  rmSync(folder, { recursive: true })
})

/** Has a program print the port of each server that it starts. */
const LISTENING = `
import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (...what) {
  this.once('listening', () => console.log(this.address().port))
  return listen.apply(this, what)
}
`

/** What a page's addresses become here. */
interface Place {
  readonly api?: string
  readonly environment?: NodeJS.ProcessEnv
}

/** Starts a program, with addresses of here in place of the page's. */
function start(code: string, { api = '', environment = {} }: Place = {}): ChildProcess {
  const here = code
    .replaceAll(/http:\/\/127\.0\.0\.1:8082\/verifier/g, verifier.issuer)
    .replaceAll('https://verifier.example.org/verifier', verifier.issuer)
    .replaceAll('https://orders.example.org', api)
    .replaceAll('3000', '0')
  const { outputText } = ts.transpileModule(here, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
    },
  })
  const file = join(folder, `program-${running.length}.mjs`)
  writeFileSync(file, outputText)
  const child = spawn(process.execPath, ['--import', './listening.mjs', file], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  return child
}

/** The first line of digits alone that a program prints: a port, or a status. */
async function printed(child: ChildProcess): Promise<string> {
  const complaints: string[] = []
  child.stderr!.on('data', (data) => complaints.push(String(data)))
  for await (const line of createInterface({ input: child.stdout! }))
    if (/^\d+$/.test(line)) return line
  throw new Error(`expected a port or a status, found the end:\n${complaints.join('')}`)
}

/** Starts the server of a page. @returns its origin */
async function serve(code: string): Promise<string> {
  return `http://127.0.0.1:${await printed(start(code))}`
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const READ = { domain: 'DOME', function: 'Orders', action: 'Read' }

describe.each(programs('start/index.md'))('ten minutes, in %s', (_, code) => {
  let orders: string
  beforeAll(async () => {
    orders = `${await serve(code)}/orders`
  })

  test('a request without a token gets 401, and the challenge that the page shows', async () => {
    const { status, headers } = await fetch(orders)
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"'])
  })

  test('a token with the power gets 200, and the caller', async () => {
    const answer = await fetch(orders, { headers: bearer(verifier.mint({ powers: [READ] })) })
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { caller: expect.stringMatching(/^did:key:zDnae/) as string },
    ])
  })

  test('a token without the power gets 403', async () => {
    const { status, headers } = await fetch(orders, {
      headers: bearer(verifier.mint({ powers: [] })),
    })
    expect(status).toBe(403)
    expect(headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  })
})

test('ten minutes: the event of a denial says what the page shows', async () => {
  const [, express] = programs('start/index.md')[0]!
  const code = express
    .replace("'Read'", "'Delete'")
    .replace("profile: 'eudistack'", '$&, events: { denied: console.warn }')
  const child = start(code)
  const said = once(child.stderr!, 'data') as Promise<[Buffer]>
  const orders = `http://127.0.0.1:${await printed(child)}/orders`
  await fetch(orders, { headers: bearer(verifier.mint({ powers: [READ] })) })
  const page = readFileSync(join(root, 'docs/start/index.md'), 'utf8')
  const [, shown] = /^```text\n(expected: [^]*?)\n```$/m.exec(page)!
  const event = String((await said)[0])
  for (const line of shown!.split('\n')) expect(event).toContain(line)
})

describe.each([
  {
    page: 'runbook/validate.md',
    request: { path: '/offers', method: 'POST' },
    allowed: { powers: [{ domain: 'DOME', function: 'ProductOffering', action: 'Create' }] },
    status: 201,
  },
  {
    page: 'runbook/developer.md',
    request: { path: '/orders/1', method: 'GET' },
    allowed: { powers: [READ], mandator: { organizationIdentifier: 'VATES-B12345678' } },
    status: 200,
  },
])('the API of $page', ({ page, request: { path, method }, allowed, status }) => {
  let address: string
  beforeAll(async () => {
    address = (await serve(onlyProgram(page))) + path
  })
  const call = async (headers = {}) => (await fetch(address, { method, headers })).status

  test('answers 401 without a token, 403 without the power, and else the handler', async () => {
    expect(await call()).toBe(401)
    expect(await call(bearer(verifier.mint({ ...allowed, powers: [] })))).toBe(403)
    expect(await call(bearer(verifier.mint(allowed)))).toBe(status)
  })
})

test('the API of runbook/developer.md refuses the order of another organisation', async () => {
  const api = await serve(onlyProgram('runbook/developer.md'))
  const token = verifier.mint({
    powers: [READ],
    mandator: { organizationIdentifier: 'VATES-A99999999' },
  })
  expect((await fetch(`${api}/orders/1`, { headers: bearer(token) })).status).toBe(403)
})

describe('the client of the runbook', () => {
  let environment: NodeJS.ProcessEnv
  beforeAll(() => {
    const { credential, privateKey } = verifier.issueMachineCredential({ powers: [READ] })
    environment = { CREDENTIAL: credential, PRIVATE_KEY: privateKey.hex }
    writeFileSync(join(folder, 'machine-credential.jwt'), credential)
    writeFileSync(join(folder, 'private-key.hex'), privateKey.hex)
  })
  const ended = async (child: ChildProcess) => (await once(child, 'exit')) as [number]

  test('register: a credential and its key get a token, and the page shows what is printed', async () => {
    const before = verifier.requests.token
    const child = start(onlyProgram('runbook/register.md'))
    const [said, [exit]] = await Promise.all([text(child.stdout!), ended(child)])
    expect([exit, verifier.requests.token - before]).toEqual([0, 1])
    const page = readFileSync(join(root, 'docs/runbook/register.md'), 'utf8')
    const [, shown] = /^```text\n([^]*?)^```$/m.exec(page)!
    expect(said.replaceAll(/\d+/g, '…')).toBe(shown!.replaceAll(/\d+/g, '…'))
  })

  test("register: another machine's key is refused, and nothing is sent", async () => {
    const before = { ...verifier.requests }
    const { privateKey } = verifier.issueMachineCredential()
    writeFileSync(join(folder, 'private-key.hex'), privateKey.hex)
    const child = start(onlyProgram('runbook/register.md'))
    const complaints: string[] = []
    child.stderr!.on('data', (data) => complaints.push(String(data)))
    expect((await ended(child))[0]).toBe(1)
    expect(complaints.join('')).toContain('key_mismatch')
    expect(verifier.requests).toEqual(before)
  })

  test('token: the token is obtained, and the program ends by itself', async () => {
    const place = { api: 'http://127.0.0.1:1', environment }
    const child = start(onlyProgram('runbook/token.md'), place)
    const [said, [exit]] = await Promise.all([text(child.stdout!), ended(child)])
    expect([exit, said]).toEqual([0, expect.stringContaining("status: 'ready'")])
  })

  test('call: the API answers 200', async () => {
    const [, express] = programs('start/index.md')[0]!
    const place = { api: await serve(express), environment }
    const code = `${onlyProgram('runbook/call.md')}\nconsole.log(response.status)\n`
    expect(await printed(start(code, place))).toBe('200')
  })
})
