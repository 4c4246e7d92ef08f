import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { published, root, type Manifest } from '../packages.js'

const run = promisify(execFile)

/** A folder outside the repository, so that nothing is found by accident. */
export interface Project {
  readonly folder: string
  /** Runs a command in the folder; answers what it printed, whether it succeeded or not. */
  run(
    command: string,
    ...parameters: readonly string[]
  ): Promise<{ readonly code: number; readonly output: string }>
  write(file: string, content: string): void
  remove(): void
}

/** Builds and packs what is published, as `npm run pack` does. */
export function pack(names = published.map(({ name }) => name)): {
  readonly folder: string
  readonly tarballs: Readonly<Record<string, string>>
  /** What it printed: for each package, what it is and the command that installs it. */
  readonly commands: readonly string[]
} {
  const folder = mkdtempSync(join(tmpdir(), 'tarballs-'))
  npm(root, 'run', '--silent', 'build', '--', '--filter=./packages/*', '--output-logs=errors-only')
  const script = join(root, 'packages/build/pack.mjs')
  const commands = execFileSync('node', [script, folder, ...names], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  const packed = published.filter(({ name }) => names.includes(name))
  const fileOf = ({ name, version }: Manifest) =>
    `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  return {
    folder,
    tarballs: Object.fromEntries(packed.map((one) => [one.name, join(folder, fileOf(one))])),
    commands,
  }
}

/**
 * Makes an empty project, or a copy of one beside this file, and installs the tarballs and what
 * else it depends on.
 */
export function install(
  manifest: object,
  dependencies: Readonly<Record<string, string>>,
  copyOf?: string,
): Project {
  const folder = mkdtempSync(join(tmpdir(), 'project-'))
  if (copyOf !== undefined) cpSync(join(__dirname, copyOf), folder, { recursive: true })
  const project: Project = {
    folder,
    run: (command, ...parameters) =>
      run(command, parameters, { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } }).then(
        ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          output: stdout + stderr,
        }),
      ),
    write: (file, content) => writeFileSync(join(folder, file), content),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
  project.write(
    'package.json',
    JSON.stringify({ name: 'project', private: true, ...manifest, dependencies }),
  )
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error')
  return project
}

function npm(cwd: string, ...parameters: readonly string[]): void {
  execFileSync('npm', parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}
