import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(__dirname, '../..')

/**
 * One module with everything in it, under the conditions that bundlers for workers set, and what it
 * still imports.
 */
export function bundle(entry: string, outfile: string): readonly unknown[] {
  const metafile = join(dirname(outfile), 'meta.json')
  const shape = [
    '--bundle',
    '--format=esm',
    '--platform=neutral',
    '--main-fields=module,main',
    '--log-level=error',
  ]
  const conditions = '--conditions=@verifier-guard/source,worker,browser,import'
  const esbuild = join(root, 'node_modules/esbuild/bin/esbuild')
  execFileSync(esbuild, [
    entry,
    `--outfile=${outfile}`,
    `--metafile=${metafile}`,
    ...shape,
    '--external:node:*',
    conditions,
  ])
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as {
    outputs: Record<string, { imports: unknown[] }>
  }
  return Object.values(outputs).flatMap(({ imports }) => imports)
}
