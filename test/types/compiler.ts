import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Where the files are that users might write. */
export const FILES = join(__dirname, 'files')

/** What a compiler says of a program. */
export interface Compilation {
  /** Every file of the program, by its absolute path. */
  readonly files: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** One error; `file` is relative to {@link FILES}, and empty where it is about no file. */
export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly code: string
}

const ERROR = /^(?:(?<file>.+)\((?<line>\d+),\d+\): )?error (?<code>TS\d+): /

/** The folder of a TypeScript version: the one of this workspace, or one of `compilers`. */
export function compilerFolder(version: string): string {
  const here = version === '6' ? dirname(require.resolve('typescript/package.json')) : undefined
  return here ?? join(__dirname, 'compilers', version, 'node_modules', 'typescript')
}

/** The version that a folder says it has. */
export function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string })
    .version
}

/**
 * Compiles the program of a `tsconfig` by the command line, which is all that TypeScript 7 has in
 * common with the others.
 *
 * @param more flags, which override the `tsconfig`
 */
export async function compile(
  folder: string,
  project: string,
  more: readonly string[] = [],
): Promise<Compilation> {
  const flags = ['--project', project, '--noEmit', '--pretty', 'false', '--listFiles', ...more]
  const { stdout } = spawn(process.execPath, [join(folder, 'bin', 'tsc'), ...flags], {
    cwd: FILES,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = (await text(stdout)).split(/\r?\n/)
  return {
    files: lines.filter((line) => /^(\/|[A-Za-z]:).*\.[cm]?ts$/.test(line)),
    diagnostics: lines.flatMap(read),
  }
}

function read(line: string): Diagnostic[] {
  const { file = '', line: at = '0', code } = ERROR.exec(line)?.groups ?? {}
  return code === undefined ? [] : [{ file, line: Number(at), code }]
}
