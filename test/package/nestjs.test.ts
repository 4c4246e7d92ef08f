import { rmSync } from 'node:fs'
import { install, pack, type Project } from './project.js'

jest.setTimeout(180_000)

const packed = pack([
  '@verifier-guard/core',
  '@verifier-guard/dev-verifier',
  '@verifier-guard/nestjs',
])
afterAll(() => rmSync(packed.folder, { recursive: true }))

/** What `nest new` writes. */
const stock = {
  jest: {
    moduleFileExtensions: ['js', 'json', 'ts'],
    rootDir: 'src',
    testRegex: '.*\\.spec\\.ts$',
    transform: { '^.+\\.(t|j)s$': 'ts-jest' },
    testEnvironment: 'node',
  },
}

const nest = (major: number) => ({
  ...packed.tarballs,
  ...Object.fromEntries(
    ['common', 'core', 'platform-express', 'testing'].map((name) => [
      `@nestjs/${name}`,
      `^${major}.0.0`,
    ]),
  ),
  '@types/node': '^20.19.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.1',
  typescript: '~5.9.3',
})

const answers = [
  { status: 401, challenge: 'Bearer realm="api"' },
  { status: 200, challenge: null },
]

describe('a stock CommonJS project on NestJS 11', () => {
  let project: Project
  beforeAll(() => {
    const tools = {
      '@types/jest': '^30.0.0',
      '@types/supertest': '^7.0.0',
      jest: '^30.0.0',
      supertest: '^7.0.0',
      'ts-jest': '^29.2.5',
    }
    project = install(stock, { ...nest(11), ...tools }, 'projects/nestjs-commonjs')
  })
  afterAll(() => project.remove())

  test('passes its tests under its stock Jest', async () => {
    const { code, output } = await project.run('node', 'node_modules/jest/bin/jest.js')
    expect(output).toContain('5 passed')
    expect(code).toBe(0)
  })

  test('builds and runs', async () => {
    expect(await project.run('node', 'node_modules/typescript/bin/tsc')).toEqual({
      code: 0,
      output: '',
    })
    const { output } = await project.run('node', 'dist/main.js')
    expect(JSON.parse(output)).toEqual(answers)
  })
})

describe('an ESM project on NestJS 12', () => {
  let project: Project
  beforeAll(() => {
    project = install({ type: 'module' }, nest(12), 'projects/nestjs-esm')
  })
  afterAll(() => project.remove())

  test('builds and runs', async () => {
    expect(await project.run('node', 'node_modules/typescript/bin/tsc')).toEqual({
      code: 0,
      output: '',
    })
    const { output } = await project.run('node', 'dist/main.js')
    expect(JSON.parse(output)).toEqual(answers)
  })

  test('passes its tests under the runner of Node', async () => {
    const { code, output } = await project.run('node', '--test', 'dist/app.spec.js')
    expect(output).toMatch(/pass 3\b/)
    expect(code).toBe(0)
  })
})
