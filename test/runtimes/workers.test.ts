import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  startDevVerifier,
  type DevVerifier,
  type IssuedCredential,
} from '@verifier-guard/dev-verifier'
import { bundle } from './bundle.js'

/** Where the runtime of Cloudflare Workers is; it is not published for every machine. */
const workerd = (() => {
  try {
    return (createRequire(__filename)('workerd') as { default: string }).default
  } catch {
    console.log(`workerd left out: it is not published for ${process.platform} on ${process.arch}`)
    return undefined
  }
})()

const source = (name: string) =>
  JSON.stringify(join(__dirname, '../../packages', name, 'src/index.ts'))

/**
 * A service that is called and calls: both parts are made once for all requests, where a worker may
 * neither fetch nor set a timer nor make an AbortController.
 */
const worker = (issuer: string, machine: IssuedCredential) => `
  import { createTokenSource } from ${source('client')}
  import { createResourceServer, protect } from ${source('fetch')}

  let denied
  const server = createResourceServer({ issuer: ${JSON.stringify(issuer)}, profile: 'eudistack', events: { keySetFailed() {}, denied: (event) => (denied = event) } })
  const handler = protect((request, auth) => Response.json({ kind: auth.kind, process: typeof process }), server)
  const tokens = createTokenSource({
    verifier: ${JSON.stringify(issuer)},
    credential: ${JSON.stringify(machine.credential)},
    privateKey: ${JSON.stringify(machine.privateKey.jwk)},
  })
  const token = async () => Response.json(await tokens.getToken())
  const late = async () => (await scheduler.wait(100), Response.json('late', { status: 504 }))

  export default {
    fetch: (request) => {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === '/denied') return Response.json(denied)
      const answer = pathname === '/token' ? token() : handler(request)
      return searchParams.has('hurry') ? Promise.race([answer, late()]) : answer
    },
  }
`

const config = (flags: readonly string[]) => `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [
      (name = "main", worker = (
        modules = [(name = "worker", esModule = embed "worker.js")],
        compatibilityDate = "2025-01-01",
        compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
      )),
      (name = "internet", network = (allow = ["private", "public"])),
    ],
    sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  );
`

/** Starts workerd, which tells by a pipe of its own on which port it listens. */
async function serve(
  folder: string,
): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const process = spawn(workerd!, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const control = process.stdio[3] as NodeJS.ReadableStream
  const port = await new Promise<number>((resolve, reject) => {
    let told = ''
    control.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      const port = /"port":(\d+)/.exec(told)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    process.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)))
  })
  return { url: `http://127.0.0.1:${port}/`, process }
}

const describeWorkers = workerd === undefined ? describe.skip : describe

describeWorkers.each([
  ['without Node', [], 'undefined'],
  ['with the stand-ins for Node', ['nodejs_compat'], 'object'],
] as const)('on Cloudflare Workers, %s', (_, flags, typeOfProcess) => {
  const folder = mkdtempSync(join(tmpdir(), 'worker-'))
  let verifier: DevVerifier
  let url: string
  let running: ChildProcess | undefined

  beforeAll(async () => {
    verifier = await startDevVerifier()
    const entry = join(folder, 'entry.js')
    writeFileSync(entry, worker(verifier.issuer, verifier.issueMachineCredential()))
    bundle(entry, join(folder, 'worker.js'))
    writeFileSync(join(folder, 'config.capnp'), config(flags))
    ;({ url, process: running } = await serve(folder))
  })

  afterAll(async () => {
    running?.kill()
    await verifier.close()
    rmSync(folder, { recursive: true })
  })

  async function call(token?: string, path = ''): Promise<{ status: number; body: unknown }> {
    const response = await fetch(url + path, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    return { status: response.status, body: await response.json() }
  }

  test('nobody waits for the fetch of a request that is over', async () => {
    verifier.fail('jwks', 'slow', { delay: 500 })
    expect(await call(verifier.mint(), '?hurry')).toEqual({ status: 504, body: 'late' })
    const others = await Promise.all([verifier.mint(), verifier.mint()].map((token) => call(token)))
    expect(others).toEqual(
      Array(2).fill({ status: 200, body: { kind: 'machine', process: typeOfProcess } }),
    )
    verifier.heal()
  })

  test('a token is verified, remembered, and a bad one refused', async () => {
    const token = verifier.mint()
    expect(await call(token)).toMatchObject({ status: 200 })
    expect(await call(token)).toMatchObject({ status: 200 })
    expect(await call()).toEqual({
      status: 401,
      body: { error_description: 'An access token is required' },
    })
    expect(await call(verifier.mintBroken('tampered-signature'))).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    expect(await call(undefined, 'denied')).toMatchObject({
      body: { code: 'signature_invalid', fingerprint: expect.any(String) as string },
    })
  })

  test('a key published a moment ago is found by a later request', async () => {
    verifier.rotateKeys()
    expect(await call(verifier.mint())).toMatchObject({ status: 200 })
  })

  test('a client gets a token, and keeps it, although the request that asked first is over', async () => {
    verifier.fail('token', 'slow', { delay: 500 })
    expect(await call(undefined, 'token?hurry')).toEqual({ status: 504, body: 'late' })
    verifier.heal()
    const [first, second] = [await call(undefined, 'token'), await call(undefined, 'token')]
    expect(await call(first.body as string)).toMatchObject({ status: 200 })
    expect(second).toEqual(first)
  })

  test('an outage is no denial', async () => {
    const known = verifier.mint()
    verifier.fail('jwks', 'refuse')
    expect(await call(known)).toMatchObject({ status: 200 })
    expect(await call(verifier.mint({ header: { kid: 'unknown' } }))).toMatchObject({ status: 503 })
    verifier.heal()
  })
})
