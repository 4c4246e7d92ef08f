import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

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

/** The way of a request through core. A step takes code only from steps above it and from support, so there are no cycles and the order is true. */
const STEPS = [
  'request',
  'token',
  'jws',
  'issuer',
  'metadata',
  'algorithms',
  'key',
  'key-index',
  'key-source',
  'key-set',
  'signature',
  'claims',
  'credential',
  'admission',
  'status',
  'requirements',
  'context',
  'challenge',
  'resource-server',
  'adapter',
  'upgrade',
  'when-expired',
  'index',
]

/** What every step may use. Support takes nothing from steps, but for the two tables that options are checked against. */
const SUPPORT = [
  'errors',
  'options',
  'profiles',
  'runtime',
  'http',
  'url',
  'json',
  'base64url',
  'jose',
  'lru-cache',
  'fingerprint',
  'token-cache',
  'members',
  'events',
  'support',
]

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
}

function imports(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s(?!type\b)[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm)].map(
    ([, first, second]) => (first ?? second)!,
  )
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

describe('core reads in the order in which a request flows', () => {
  const folder = join(packages, 'core/src')
  const files = sources(folder).map((name) => name.replace(/\.ts$/, ''))
  /** The step that a file is, or belongs to: `requirements/power` is a part of `requirements`. */
  const stepOf = (file: string) => file.split('/')[0]!
  const local = (file: string) =>
    imports(join(folder, `${file}.ts`))
      .filter((target) => target.startsWith('.'))
      .map((target) => stepOf(posix.join(posix.dirname(file), target).replace(/\.js$/, '')))

  test('every file is a step, a part of one, or support', () => {
    const known = [...STEPS, ...SUPPORT]
    expect(files.filter((file) => !known.includes(stepOf(file)))).toEqual([])
    expect(known.filter((file) => !files.includes(file))).toEqual([])
  })

  test.each(files.filter((file) => STEPS.includes(stepOf(file))))(
    '%s takes code only from earlier steps and support',
    (file) => {
      const allowed = [...STEPS.slice(0, STEPS.indexOf(stepOf(file))), ...SUPPORT, stepOf(file)]
      expect(local(file).filter((target) => !allowed.includes(target))).toEqual([])
    },
  )

  // Options are checked against the table of algorithms; `support` is the second door, for the other packages.
  test.each(SUPPORT.filter((file) => file !== 'support'))('%s takes code only from support', (file) => {
    expect(local(file).filter((target) => !SUPPORT.includes(target) && target !== 'algorithms')).toEqual([])
  })
})
