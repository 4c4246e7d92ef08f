import { dirname, join } from 'node:path'
import ts from 'typescript'
import { root, snippets, type Snippet } from './snippets.js'

/**
 * Type-checks all snippets in one program, each as a module that lives beside this test, and says
 * what is wrong with which.
 */
function compile(all: readonly Snippet[]): ReadonlyMap<string, readonly string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const files = new Map(
    all.map(({ code }, index) => [join(__dirname, `snippet-${index}.ts`), `${code}\nexport {}\n`]),
  )
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram(
    [...files.keys()],
    { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
    {
      ...host,
      fileExists: (path) => files.has(path) || host.fileExists(path),
      readFile: (path) => files.get(path) ?? host.readFile(path),
      getSourceFile: (path, languageVersion) => {
        const text = files.get(path)
        return text === undefined
          ? host.getSourceFile(path, languageVersion)
          : ts.createSourceFile(path, text, languageVersion)
      },
    },
  )
  const paths = [...files.keys()]
  return new Map(
    all.map(({ place }, index) => [
      place,
      problems(program, program.getSourceFile(paths[index]!)!),
    ]),
  )
}

function problems(program: ts.Program, file: ts.SourceFile): readonly string[] {
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    ({ messageText, start = 0 }) => {
      const line = file.text.slice(0, start).split('\n').length
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    },
  )
}

const all = snippets()
const found = compile(all)

test('documentation shows code', () => {
  expect(all.length).toBeGreaterThan(10)
  expect(dirname(all[0]!.place)).toBe('.')
})

test.each(all.map(({ place }) => place))('%s compiles', (place) => {
  expect(found.get(place)).toEqual([])
})

test('every example of core names an issuer of the Verifiers that its profile is for', () => {
  const examples = all.filter(
    ({ place, code }) => /^packages.core/.test(place) && /'eudistack'/.test(code),
  )
  const wrong = examples.filter(({ code }) => /issuer: '(?!https:[^']*\/verifier')/.test(code))
  expect(examples.length).toBeGreaterThan(5)
  expect(wrong.map(({ place }) => place)).toEqual([])
})

test('code that is wrong would be noticed', () => {
  const wrong = {
    place: 'nowhere:1',
    code: "import { auth } from '@verifier-guard/express'\nauth({ issuer: 1 })\n",
  }
  expect(compile([wrong]).get('nowhere:1')).not.toEqual([])
})

/** Issuers of options with this profile: Verifiers from 3.1 on end it in "/verifier". */
const EUDISTACK =
  /issuer: '([^']*)',\s*profile: 'eudistack'|profile: 'eudistack',\s*issuer: '([^']*)'/g

test('an example with the profile eudistack has an issuer as its Verifiers state it', () => {
  const issuers = all.flatMap(({ place, code }) =>
    [...code.matchAll(EUDISTACK)].map(([, one, other]) => ({ place, issuer: one ?? other! })),
  )
  expect(issuers.length).toBeGreaterThan(20)
  expect(issuers.filter(({ issuer }) => !issuer.endsWith('/verifier'))).toEqual([])
})
