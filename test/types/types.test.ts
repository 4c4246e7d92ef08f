import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { adapters } from '../packages.js'
import { compile, compilerFolder, FILES, versionOf, type Compilation } from './compiler.js'

/**
 * `global` entries change the whole program that imports them, so the files that do are a program
 * of their own.
 */
const PROGRAMS = ['tsconfig.json', 'tsconfig.global.json']
const PACKAGES = ['client', 'core', ...adapters]
const MINUTE = 60_000

const mustCompile = readdirSync(join(FILES, 'must-compile'))
const mustNotCompile = readdirSync(join(FILES, 'must-not-compile'))

describe.each(['5.5', '5.9', '6', '7'])('the published types, to TypeScript %s', (version) => {
  const folder = compilerFolder(version)
  let compilations: readonly Compilation[]
  beforeAll(async () => {
    compilations = await Promise.all(PROGRAMS.map((project) => compile(folder, project)))
  }, 3 * MINUTE)

  const codesOf = (file: string) =>
    compilations
      .flatMap(({ diagnostics }) => diagnostics)
      .filter((diagnostic) => diagnostic.file === file)
      .sort((one, other) => one.line - other.line)
      .map(({ code }) => code)
  const files = () => compilations.flatMap((compilation) => compilation.files)

  test('are read by that version', () => {
    expect(versionOf(folder).startsWith(`${version}.`)).toBe(true)
  })

  test.each(PACKAGES)('come from the build of %s, and not from its source', (name) => {
    const ofPackage = files().filter((file) => file.includes(`/packages/${name}/`))
    expect(ofPackage.some((file) => file.endsWith(`/packages/${name}/dist/esm/index.d.ts`))).toBe(
      true,
    )
    expect(ofPackage.filter((file) => file.includes(`/packages/${name}/src/`))).toEqual([])
  })

  test('have no errors in themselves', () => {
    // What frameworks declare may be too new for a compiler, which is between the two.
    const elsewhere = compilations
      .flatMap(({ diagnostics }) => diagnostics)
      .filter(({ file }) => !/^must-(not-)?compile\/|\/node_modules\//.test(file))
    expect(elsewhere).toEqual([])
  })

  test.each(mustCompile)('let %s compile', (name) => {
    expect(files().filter((file) => file.endsWith(`/must-compile/${name}`))).toHaveLength(1)
    expect(codesOf(`must-compile/${name}`)).toEqual([])
  })

  test.each(mustNotCompile)('refuse %s, by every error that it states', (name) => {
    const [firstLine = ''] = readFileSync(join(FILES, 'must-not-compile', name), 'utf8').split('\n')
    expect(firstLine).toMatch(/^\/\/ expected:( TS\d+)+$/)
    expect(codesOf(`must-not-compile/${name}`)).toEqual(firstLine.match(/TS\d+/g))
  })
})
