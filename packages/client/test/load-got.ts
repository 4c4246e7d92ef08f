import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Got } from 'got'

const folder = mkdtempSync(join(tmpdir(), 'got-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** got is an ES module, and Jest loads CommonJS: this is got itself, bundled. */
export function loadGot(): Got {
  const bundle = join(folder, 'got.cjs')
  const args = [
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--log-level=error',
    `--outfile=${bundle}`,
  ]
  execFileSync(require.resolve('esbuild/bin/esbuild'), [require.resolve('got'), ...args])
  return (createRequire(__filename)(bundle) as { default: Got }).default
}
