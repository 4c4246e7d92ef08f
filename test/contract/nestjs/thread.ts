import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

const root = join(__dirname, '../../..')
const folderOf = (major: number) => join(__dirname, `${major}`)

/**
 * Bundles the adapter's sources with an application into the folder where this version is
 * installed; frameworks stay outside.
 */
function bundle(major: number, application: string): string {
  const format = major >= 12 ? 'esm' : 'cjs'
  const file = join(folderOf(major), 'dist', `${application}.${format === 'esm' ? 'mjs' : 'cjs'}`)
  const external = ['@nestjs/*', 'rxjs', 'reflect-metadata'].map((name) => `--external:${name}`)
  const entry = join(__dirname, `${application}.ts`)
  const shape = [
    '--bundle',
    '--platform=node',
    `--format=${format}`,
    '--conditions=@verifier-guard/source,import',
  ]
  const decorators = `--tsconfig-raw=${JSON.stringify({ compilerOptions: { experimentalDecorators: true } })}`
  const command = join(root, 'node_modules/esbuild/bin/esbuild')
  execFileSync(command, [
    entry,
    ...shape,
    ...external,
    decorators,
    `--outfile=${file}`,
    '--log-level=error',
  ])
  return file
}

/**
 * Runs an application of `test/contract/nestjs` on a version of Nest, in a thread of its own.
 *
 * @returns what it says once it listens, and a way to end it
 */
export async function run<Said>(major: number, application: string, workerData: unknown) {
  const worker = new Worker(bundle(major, application), { workerData })
  const [said] = (await once(worker, 'message')) as [Said]
  const close = async () => {
    worker.postMessage('close')
    await once(worker, 'exit')
  }
  return { said, close }
}

/** The version as installed, or why it is not: newer ones may ask for a newer Node. */
export function installed(
  major: number,
  name = 'core',
): { readonly version: string; readonly unavailable?: string } {
  // Read from the disk, because some versions do not let their manifest be resolved.
  const manifests = [folderOf(major), root].map((folder) =>
    join(folder, 'node_modules/@nestjs', name, 'package.json'),
  )
  const found = manifests
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
  const versions = found.map((text) => (JSON.parse(text) as { readonly version: string }).version)
  // GraphQL's packages count two ahead.
  const line = ['graphql', 'apollo'].includes(name) ? major + 2 : major
  const version = versions.find((version) => version.startsWith(`${line}.`))
  if (version !== undefined) return { version }
  const unavailable = `@nestjs/${name} ${line} is not installed on Node ${process.versions.node}`
  return { version: `${line}`, unavailable }
}
