// Prints what each package brings into node_modules, its dependencies included, and what importing
// it costs, with the framework where a package imports that. The aim: 1.5 MB and 60 ms for an
// adapter that does not.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const RUNS = 7

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const manifestOf = (name) => readManifest(join(root, 'node_modules', name))

const names = readdirSync(join(root, 'packages'))
  .map((name) => readManifest(join(root, 'packages', name)))
  .filter((manifest) => !manifest.private)
  .map(({ name }) => name)

/** A package and everything that it needs, each once. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  for (const dependency of Object.keys(manifestOf(name).dependencies ?? {}))
    closure(dependency, found)
  return found
}

/** Ours as they are packed, others as they are installed. */
function bytesOf(name) {
  if (name.startsWith('@verifier-guard/')) {
    const packed = JSON.parse(run('npm', ['pack', '--dry-run', '--json', `--workspace=${name}`]))
    return Object.values(packed)[0].unpackedSize
  }
  const folder = join(root, 'node_modules', name)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Milliseconds of an import in a fresh process; the middle one of several. */
function importTime(name) {
  const code = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start)`
  const times = Array.from({ length: RUNS }, () =>
    Number(run('node', ['--input-type=module', '--eval', code])),
  )
  return times.sort((one, other) => one - other)[RUNS >> 1]
}

function run(command, parameters) {
  return execFileSync(command, parameters, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

for (const name of names) {
  const all = [...closure(name)]
  const bytes = all.reduce((sum, one) => sum + bytesOf(one), 0)
  console.log(
    `${name.padEnd(28)} ${all.length} packages  ${(bytes / 1e6).toFixed(2)} MB  ${importTime(name).toFixed(1)} ms`,
  )
}
