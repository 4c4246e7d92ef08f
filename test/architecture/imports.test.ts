import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(__dirname, '../../packages')

/** What each package of ours may import of the others; everything else is forbidden. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'dev-verifier': [],
  client: ['core'],
  express: ['core'],
  koa: ['core'],
  nestjs: ['core'],
  fastify: ['core'],
  fetch: ['core'],
}

/** The way of a request through core: a file imports only files above it in this list, or support. */
const ORDER = [
  'request',
  'token',
  'jws',
  'algorithms',
  'profiles',
  'options',
  'issuer',
  'metadata',
  'key',
  'key-index',
  'key-source',
  'key-set',
  'signature',
  'claims',
  'credential',
  'admission',
  'requirements',
  'context',
  'token-cache',
  'challenge',
  'resource-server',
  'index',
]

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
}

function imports(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm)].map(([, first, second]) => (first ?? second)!)
}

const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, 'src')))

describe('dependencies between packages point one way', () => {
  test('every package has a rule', () => {
    expect(names.filter((name) => ALLOWED[name] === undefined)).toEqual([])
  })

  test.each(names)('%s', (name) => {
    const folder = join(packages, name, 'src')
    const ours = sources(folder)
      .flatMap((file) => imports(join(folder, file)))
      .filter((target) => target.startsWith('@verifier-guard/'))
      .map((target) => target.split('/')[1]!)
    expect([...new Set(ours)].filter((target) => !ALLOWED[name]!.includes(target) && target !== name)).toEqual([])
  })
})
