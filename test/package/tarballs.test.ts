import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { entries, published, readManifest, root, type Manifest } from '../packages.js'
import { install, pack, type Project } from './project.js'

jest.setTimeout(180_000)

/** Whatever is optional to any package is installed too. */
const peers = Object.fromEntries(
  published.flatMap(({ peerDependencies = {} }) => Object.entries(peerDependencies)),
)

/** The versions of frameworks that this repository has, with their types and what they stand on. */
const frameworks = Object.fromEntries(
  Object.entries(readManifest(root).devDependencies!).filter(([name]) => {
    const untyped = name.replace('@types/', '')
    return untyped in peers || ['node', 'reflect-metadata', 'rxjs'].includes(untyped)
  }),
)

const packed = pack()
afterAll(() => rmSync(packed.folder, { recursive: true }))

const tar = (...parameters: readonly string[]) =>
  execFileSync('tar', parameters, { encoding: 'utf8' })

/** The files that a package's `exports` name, whatever the condition. */
function targets(exports: unknown): readonly string[] {
  if (typeof exports === 'string') return [exports]
  return Object.values(exports as object).flatMap(targets)
}

test('the commands that are printed install each package with what it needs of the others', () => {
  const needed = ({ name, dependencies = {} }: Manifest): readonly string[] => {
    const others = published.filter((other) => other.name in dependencies)
    return [...new Set([...others.flatMap(needed), name])]
  }
  const expected = published.flatMap((manifest) => [
    `# ${manifest.name}: ${manifest.description}`,
    ['npm install', ...needed(manifest).flatMap((name) => packed.tarballs[name] ?? [])].join(' '),
  ])
  expect(packed.commands).toEqual(expected)
})

/** The files of a package's tarball. */
function filesOf(name: string): readonly string[] {
  const files = tar('-tzf', packed.tarballs[name]!).trimEnd().split('\n')
  return files.map((file) => posix.relative('package', file))
}

/** Where a package is installed beside the one that it needs, as links see it. */
function besides(name: string): readonly string[] {
  const { dependencies = {} } = published.find((one) => one.name === name)!
  const needed = Object.keys(dependencies).filter((other) => other in packed.tarballs)
  return needed.flatMap((other) =>
    filesOf(other).map((file) => posix.join(posix.relative(name, other), file)),
  )
}

describe.each(published.map(({ name }) => name))('%s', (name) => {
  const tarball = packed.tarballs[name]!
  const files = filesOf(name)
  const read = (file: string) => tar('-xOzf', tarball, `package/${file}`)

  test('can be published as it is: to everybody, with keywords, its licence, and built', () => {
    const {
      publishConfig,
      keywords = [],
      scripts,
      exports = {},
    } = JSON.parse(read('package.json')) as Manifest
    expect(publishConfig).toEqual({ access: 'public' })
    // Tools ask a package for its version this way.
    expect(exports['./package.json']).toBe('./package.json')
    expect(keywords.length).toBeGreaterThan(3)
    expect(new Set(keywords).size).toBe(keywords.length)
    expect(scripts?.['prepack']).toBe(`node ../build/prepare.mjs ${name}`)
    expect(read('LICENSE')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    const wanted = ['README.md', ...targets(exports).map((target) => posix.normalize(target))]
    expect(wanted.filter((file) => !files.includes(file))).toEqual([])
  })

  test('its pages link to nothing that does not come along', () => {
    const there = [...files, ...besides(name)]
    const broken = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((page) =>
        [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => ({
          page,
          link: link!,
        })),
      )
      .filter(
        ({ page, link }) =>
          !/^https?:/.test(link) && !there.includes(posix.join(posix.dirname(page), link)),
      )
    expect(broken).toEqual([])
  })

  test('publint and attw find nothing in its tarball', () => {
    const inspect = join(__dirname, 'inspect.mjs')
    const found = JSON.parse(
      execFileSync('node', [inspect, packed.tarballs[name]!], { encoding: 'utf8' }),
    ) as string[]
    expect(found).toEqual([])
  })
})

/** A package and everything that it brings along, each once, as installed in a folder. */
function closure(modules: string, name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found
  found.add(name)
  const manifest = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as {
    dependencies?: object
  }
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    closure(modules, dependency, found)
  return found
}

function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/**
 * The repository's own TypeScript is the newest that its tools understand; others have folders of
 * their own.
 */
function compilerOf(version: string): string {
  const folder = version === '6' ? root : join(root, 'test/types/compilers', version)
  return join(folder, 'node_modules/typescript/bin/tsc')
}

describe('installed in an empty project', () => {
  let project: Project
  beforeAll(() => {
    project = install({}, { ...peers, ...frameworks, ...packed.tarballs })
  })
  afterAll(() => project.remove())

  test.each(entries)('%s: import and require give the same names', async (entry) => {
    const print = (names: string) =>
      `console.log(JSON.stringify(Object.keys(${names}).filter((n) => n !== 'default').sort()))`
    const [imported, required] = await Promise.all([
      project.run('node', '--input-type=module', '--eval', print(`await import('${entry}')`)),
      project.run(
        'node',
        '--no-experimental-require-module',
        '--eval',
        print(`require('${entry}')`),
      ),
    ])
    expect(imported).toEqual({ code: 0, output: expect.stringMatching(/^\[.*\]\n$/) as string })
    expect(required.output.replaceAll('"module.exports",', '')).toEqual(imported.output)
  })

  test('the Express adapter brings no more than 3 MB along', () => {
    const modules = join(project.folder, 'node_modules')
    const all = [...closure(modules, '@verifier-guard/express')]
    expect(all).toEqual(['@verifier-guard/express', '@verifier-guard/core', 'jose'])
    expect(all.reduce((sum, name) => sum + bytesIn(join(modules, name)), 0)).toBeLessThan(3_000_000)
  })

  test('what a package takes in of others goes along with its licence', () => {
    const dist = join(project.folder, 'node_modules/@verifier-guard/core/dist')
    const licences = readFileSync(join(dist, 'THIRD-PARTY-LICENSES'), 'utf8')
    for (const name of ['lru-cache', 'jose'])
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'))
  })

  test('a stock Jest requires every package', async () => {
    const tests = entries.map(
      (entry) => `test('${entry}', () => expect(Object.keys(require('${entry}'))).toBeDefined())`,
    )
    project.write('require.test.js', tests.join('\n'))
    const jest = join(root, 'node_modules/jest/bin/jest.js')
    const { code, output } = await project.run(
      'node',
      jest,
      '--rootDir',
      project.folder,
      '--config',
      '{}',
    )
    expect(output).toContain(`${entries.length} passed`)
    expect(code).toBe(0)
  })

  test.each([
    ['5.5', 'commonjs', 'node10', 'commonjs'],
    ['5.5', 'node16', 'node16', 'module'],
    ['6', 'esnext', 'bundler', 'module'],
    ['7', 'node16', 'node16', 'commonjs'],
    ['7', 'nodenext', 'nodenext', 'commonjs'],
    ['7', 'nodenext', 'nodenext', 'module'],
  ])(
    'the types compile: TypeScript %s, module %s, resolution %s, in a %s package',
    async (compiler, module, resolution, type) => {
      const extension = type === 'module' ? 'mts' : 'cts'
      const imports = entries.map(
        (entry, index) => `import * as entry${index} from '${entry}'\nvoid entry${index}`,
      )
      project.write(`types.${extension}`, imports.join('\n'))
      const options = [
        '--module',
        module,
        '--moduleResolution',
        resolution,
        '--target',
        'es2022',
        '--types',
        'node',
      ]
      const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--experimentalDecorators']
      const tsc = compilerOf(compiler)
      const { output } = await project.run('node', tsc, ...options, ...strict, `types.${extension}`)
      // What frameworks ship is theirs to get right.
      const ours = output
        .split('\n')
        .filter((line) => /^(types\.|node_modules\/@verifier-guard)|error TS[56]\d{3}/.test(line))
      expect(ours).toEqual([])
    },
  )
})
