import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(__dirname, '../../..')
const MINUTE = 60_000

/** What the compiler says of a file beside this one, by line. */
function diagnose(file: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const program = ts.createProgram([join(__dirname, 'types', file)], { ...options, noEmit: true })
  const source = program.getSourceFile(join(__dirname, 'types', file))
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ messageText, start = 0 }) => {
    const line = source?.text.slice(0, start).split('\n').length
    return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

describe('the options, to the compiler', () => {
  it('may be what they may be', () => expect(diagnose('must-compile.ts')).toEqual([]), MINUTE)

  // A line that is expected to fail and does not is an error of its own.
  it(
    'may not be combined otherwise',
    () => expect(diagnose('must-not-compile.ts')).toEqual([]),
    MINUTE,
  )

  it('are refused in several ways', () => {
    const text = readFileSync(join(__dirname, 'types/must-not-compile.ts'), 'utf8')
    expect(text.match(/@ts-expect-error/g)?.length).toBeGreaterThan(10)
  })
})
