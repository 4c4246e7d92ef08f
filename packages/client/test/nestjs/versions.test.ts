import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(__dirname, '../../../..')
const folderOf = (major: number) => join(root, 'test/contract/nestjs', `${major}`)

/** The version that is installed for a line of Nest, if there is one. */
function installed(major: number): string | undefined {
  const manifests = [folderOf(major), root].map((folder) =>
    join(folder, 'node_modules/@nestjs/core/package.json'),
  )
  return manifests
    .filter((file) => existsSync(file))
    .map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version)
    .find((version) => version.startsWith(`${major}.`))
}

/** Bundles the application beside a version of Nest, and runs it there. */
async function run(major: number): Promise<Outcomes> {
  const file = join(folderOf(major), 'dist/token-sources.mjs')
  execFileSync(join(root, 'node_modules/esbuild/bin/esbuild'), [
    join(__dirname, 'application.ts'),
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--conditions=@verifier-guard/source,import',
    ...['@nestjs/*', 'rxjs', 'reflect-metadata'].map((name) => `--external:${name}`),
    `--outfile=${file}`,
    '--log-level=error',
  ])
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  return JSON.parse(stdout) as Outcomes
}

interface Outcomes extends Readonly<Record<string, unknown>> {
  readonly ways: Readonly<Record<string, unknown>>
}

const majors = [10, 11, 12].flatMap((major) => {
  const version = installed(major)
  return version === undefined ? [] : [{ major, version }]
})

describe.each(majors)('several sources in one application of Nest $version', ({ major }) => {
  let outcomes: Outcomes
  beforeAll(async () => {
    outcomes = await run(major)
  })

  it.each(['options', 'useFactory', 'useClass', 'useExisting'])(
    'each feature module gets its own, made by %s',
    (way) => {
      expect(outcomes.ways[way]).toEqual(['token-of-a', 'token-of-b'])
    },
  )

  it.each([
    ['names', ['token-of-a', 'token-of-b']],
    ['a name beside none', ['token-of-x', 'token-of-a']],
    ['one that two modules export again', ['token-of-a']],
    ['a global one', ['token-of-a']],
  ])('each caller gets the one it names: %s', (scene, tokens) => {
    expect(outcomes[scene]).toEqual(tokens)
  })

  it.each([
    ['two of one name in one module', 'expected one token source named "a" in Feature, found two'],
    ['two without a name in one module', 'expected one token source without a name in Feature'],
    ['one that is exported again beside another', 'expected one token source without a name in'],
    ['a global one beside another', 'expected one token source without a name, as it is global'],
    ['one that the module does not import', "Nest can't resolve dependencies of the Caller"],
  ])('the application does not start where two could be meant, or none: %s', (scene, message) => {
    expect(outcomes[scene]).toEqual(expect.stringContaining(message))
  })
})

it('runs on every version that is supported', () => {
  expect(majors.map(({ major }) => major)).toEqual([10, 11, 12])
})
