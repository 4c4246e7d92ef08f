import { join } from 'node:path'
import ts from 'typescript'
import { adapters, entries, root } from '../packages.js'
import { FILES } from './compiler.js'

/** What is not for users, and what exports nothing. */
const LEFT_OUT = /\/(core\/support|global)$/

/** Every module whose names users hover. */
const MODULES = entries.filter((entry) => !LEFT_OUT.test(entry))

const TAGS = new Set([
  'param',
  'typeParam',
  'returns',
  'throws',
  'example',
  'see',
  'packageDocumentation',
  'deprecated',
])

const declarations = ['core', ...adapters].flatMap((name) =>
  ts.sys.readDirectory(join(root, 'packages', name, 'dist/esm'), ['.d.ts']),
)

/** What an editor does with a file of a user's that stands beside those of the other type tests. */
class Editor {
  readonly path = join(FILES, 'must-compile', 'hovered.ts')
  private text = ''
  private version = 0
  private readonly service: ts.LanguageService

  constructor() {
    const { config } = ts.readConfigFile(join(FILES, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    ) as {
      config: { compilerOptions: object }
    }
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, FILES)
    const read = (path: string) => (path === this.path ? this.text : ts.sys.readFile(path))
    this.service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [this.path],
      getScriptVersion: (path) => (path === this.path ? `${this.version}` : '0'),
      getScriptSnapshot(path) {
        const text = read(path)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => FILES,
      getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
      fileExists: (path) => path === this.path || ts.sys.fileExists(path),
      readFile: read,
      directoryExists: (path) => ts.sys.directoryExists(path),
    })
  }

  write(text: string): void {
    this.text = text
    this.version += 1
  }

  /** What hovering the last occurrence of a name shows. */
  hover(name: string): { readonly documentation: string; readonly tags: readonly string[] } {
    const info = this.service.getQuickInfoAtPosition(this.path, this.text.lastIndexOf(name))
    return {
      documentation: ts.displayPartsToString(info?.documentation),
      tags: (info?.tags ?? []).map((tag) => tag.name),
    }
  }

  /** The names that a module exports. */
  namesOf(module: string): readonly string[] {
    this.write(`import * as all from '${module}'\nall.`)
    const completions = this.service.getCompletionsAtPosition(this.path, this.text.length, {})
    return (completions?.entries ?? []).map(({ name }) => name)
  }
}

const editor = new Editor()

describe.each(MODULES)('%s in an editor', (module) => {
  const names = editor.namesOf(module)

  test('the module exports something', () => {
    expect(names).not.toEqual([])
  })

  test.each(names)('%s is documented', (name) => {
    editor.write(`import { ${name} } from '${module}'\nconst used = ${name}`)
    const { documentation, tags } = editor.hover(name)
    expect(documentation).not.toBe('')
    expect(tags.filter((tag) => !TAGS.has(tag))).toEqual([])
  })
})

/** Those whose requirements are handlers as well. */
const lifting = MODULES.filter((module) => {
  const names = editor.namesOf(module)
  return names.includes('required') && names.includes('auth')
})

test('an adapter has requirements that are handlers', () => {
  expect(lifting).toContain('@verifier-guard/express')
})

test.each(lifting)('%s documents each requirement for itself', (module) => {
  const requirements = editor
    .namesOf(module)
    .filter((name) => /^required.|^(all|any)Of$/.test(name))
  expect(requirements).toHaveLength(10)
  const shown = requirements.map((name) => {
    editor.write(`import { ${name} } from '${module}'\nconst used = ${name}`)
    return editor.hover(name).documentation
  })
  expect(new Set(shown).size).toBe(10)
})

// Where white space is before it, and no backtick on the same line, an `@` begins a tag: within a
// block of code as well.
test('no text is torn apart by what only looks like a tag', () => {
  const unknown = declarations.flatMap((path) => {
    const source = ts.createSourceFile(
      path,
      ts.sys.readFile(path) ?? '',
      ts.ScriptTarget.Latest,
      true,
    )
    const found: string[] = []
    const visit = (node: ts.Node): void => {
      for (const { tagName } of ts.getJSDocTags(node))
        if (!TAGS.has(tagName.text)) found.push(tagName.text)
      node.forEachChild(visit)
    }
    visit(source)
    return found.map((tag) => `${path}: @${tag}`)
  })
  expect(declarations.length).toBeGreaterThan(50)
  expect(unknown).toEqual([])
})
