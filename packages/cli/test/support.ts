import { run } from '../src/program.js'
import type { ExitCode } from '../src/exit.js'
import { systemRuntime, type CliRuntime } from '../src/runtime.js'

/** What a run of the command came to. */
export interface Ran {
  readonly exit: ExitCode
  readonly out: string
  readonly err: string
  readonly written: Readonly<Record<string, string>>
}

/** The world around a run: files by their paths, and replacements of the runtime. */
export interface World extends Partial<Omit<CliRuntime, 'out' | 'err'>> {
  readonly files?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** Runs the command in this process, with files of the test's own. */
export async function command(args: string, world: World = {}): Promise<Ran> {
  const { files = {}, stdin = '', ...replaced } = world
  const [out, err]: [string[], string[]] = [[], []]
  const written: Record<string, string> = {}
  const exit = await run(args.split(' ').filter(Boolean), {
    ...systemRuntime(16_384),
    env: {},
    isTerminal: false,
    readStdin: () => Promise.resolve(stdin),
    readFile(path) {
      if (Object.hasOwn(files, path)) return files[path]!
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    },
    writeSecret(path, text) {
      if (Object.hasOwn(files, path)) throw Object.assign(new Error('there'), { code: 'EEXIST' })
      written[path] = text
    },
    ...replaced,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { exit, out: out.join('\n'), err: err.join('\n'), written }
}
