import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Driver, Mount, Running } from '../application.js'

const root = join(__dirname, '../../..')
const folderOf = (major: number) => join(root, 'test/contract/nestjs', `${major}`)

/** Bundles the adapter's sources with the application into the folder where this version is installed; frameworks stay outside. */
function bundle(major: number): string {
  const format = major >= 12 ? 'esm' : 'cjs'
  const file = join(folderOf(major), 'dist', `application.${format === 'esm' ? 'mjs' : 'cjs'}`)
  const external = ['@nestjs/*', 'rxjs', 'reflect-metadata'].map((name) => `--external:${name}`)
  const entry = join(root, 'test/contract/nestjs/application.ts')
  const shape = ['--bundle', '--platform=node', `--format=${format}`, '--conditions=@verifier-guard/source,import']
  const decorators = `--tsconfig-raw=${JSON.stringify({ compilerOptions: { experimentalDecorators: true } })}`
  const command = join(root, 'node_modules/esbuild/bin/esbuild')
  execFileSync(command, [entry, ...shape, ...external, decorators, `--outfile=${file}`, '--log-level=error'])
  return file
}

async function start(file: string, platform: string, mounts: readonly Mount[]): Promise<Running> {
  const worker = new Worker(file, { workerData: { mounts, platform } })
  const [url] = (await once(worker, 'message')) as [string]
  const close = async () => {
    worker.postMessage('close')
    await once(worker, 'exit')
  }
  return { url: url.replace('[::1]', '127.0.0.1'), close }
}

/** The version as installed, or why it is not: newer ones may ask for a newer Node. */
function installed(major: number): { readonly version: string; readonly unavailable?: string } {
  try {
    const manifest = createRequire(join(folderOf(major), 'package.json')).resolve('@nestjs/core/package.json')
    return JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  } catch (error) {
    return {
      version: `${major}`,
      unavailable: `not installed on Node ${process.versions.node}: ${(error as Error).message}`,
    }
  }
}

export const drivers: readonly Driver[] = [10, 11, 12].flatMap((major) => {
  const { version, unavailable } = installed(major)
  return ['express', 'fastify'].map((platform) => ({
    name: `nestjs ${version} ${platform}`,
    ...(unavailable !== undefined && { unavailable }),
    alwaysGuarded: true,
    start: (mounts: readonly Mount[]) => start(bundle(major), platform, mounts),
  }))
})
