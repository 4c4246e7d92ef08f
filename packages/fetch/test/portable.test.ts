import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EdgeVM } from '@edge-runtime/vm'
import { createDevVerifier } from '@verifier-guard/dev-verifier'

// A bundler is started, on machines that may be busy.
jest.setTimeout(30_000)

const root = join(__dirname, '../../..')

/** One file with everything in it, under the conditions that bundlers for workers set, and what it still imports. */
function bundle(entry: string): { readonly code: string; readonly imports: readonly unknown[] } {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  const [outfile, metafile] = [join(folder, 'bundle.js'), join(folder, 'meta.json')]
  const shape = ['--bundle', '--format=iife', '--global-name=guard', '--platform=neutral', '--main-fields=module,main']
  const external = [
    '--external:node:*',
    '--conditions=@verifier-guard/source,worker,browser,import',
    '--log-level=error',
  ]
  try {
    const esbuild = join(root, 'node_modules/esbuild/bin/esbuild')
    const files = [join(__dirname, '../src', entry), `--outfile=${outfile}`, `--metafile=${metafile}`]
    execFileSync(esbuild, [...files, ...shape, ...external])
    const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as {
      outputs: Record<string, { imports: unknown[] }>
    }
    return { code: readFileSync(outfile, 'utf8'), imports: Object.values(outputs).flatMap(({ imports }) => imports) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.each(['index.ts', 'hono.ts'])('the bundle of %s imports nothing of Node', (entry) => {
  const { code, imports } = bundle(entry)
  expect(code.length).toBeGreaterThan(10_000)
  expect(imports).toEqual([])
})

describe('in a runtime without Node', () => {
  const verifier = createDevVerifier()
  const edge = new EdgeVM({ initialCode: bundle('index.ts').code })
  const documents = new Map<string, string>()

  beforeAll(async () => {
    for (const path of ['/.well-known/openid-configuration', '/oidc/jwks'])
      documents.set(verifier.issuer + path, await (await verifier.fetch(verifier.issuer + path)).text())
    // Text and numbers cross the border between the two; objects of one would be strangers in the other.
    edge.evaluate(`
      globalThis.handlerOf = (issuer, read) => {
        const fetch = async (url) => {
          const text = read(url)
          return text === undefined ? new Response('', { status: 404 }) : new Response(text, { headers: { 'content-type': 'application/json' } })
        }
        const options = { issuer, profile: 'eudistack', runtime: { ...guard.systemRuntime, fetch } }
        globalThis.server = guard.createResourceServer(options)
        const handler = guard.protect((request, auth) => Response.json({ kind: auth.kind }), server)
        return async (authorization) => {
          const request = new Request('https://orders.example.org/', { headers: authorization ? { authorization } : {} })
          const response = await handler(request)
          return JSON.stringify([response.status, response.headers.get('www-authenticate'), await response.text()])
        }
      }`)
  })

  afterAll(() => void edge.evaluate('server.close()'))

  test('has no Node in it', () => {
    expect(edge.evaluate('typeof process + typeof Buffer + typeof require')).toBe('undefinedundefinedundefined')
  })

  test('a token is verified, and a bad one refused', async () => {
    type Call = (authorization?: string) => Promise<string>
    const handlerOf = edge.evaluate<(issuer: string, read: (url: string) => string | undefined) => Call>('handlerOf')
    const call = handlerOf(verifier.issuer, (url) => documents.get(url))
    expect(JSON.parse(await call(`Bearer ${verifier.mint()}`))).toEqual([200, null, '{"kind":"machine"}'])
    expect(JSON.parse(await call())).toEqual([401, 'Bearer', '{"error_description":"An access token is required"}'])
    const [status, challenge] = JSON.parse(await call(`Bearer ${verifier.mintBroken('tampered-signature')}`)) as [
      number,
      string,
    ]
    expect(status).toBe(401)
    expect(challenge).toContain('error="invalid_token"')
  })
})
