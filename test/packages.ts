import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(__dirname, '..')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: Readonly<Record<string, unknown>>
  readonly keywords?: readonly string[]
  readonly scripts?: Readonly<Record<string, string>>
}

export const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** Everything that is published. */
export const published: readonly Manifest[] = readdirSync(join(root, 'packages'))
  .map((name) => readManifest(join(root, 'packages', name)))
  .filter((manifest) => manifest.private !== true)

/** Every path that users import, of every package. */
export const entries: readonly string[] = published.flatMap(({ name, exports = {} }) =>
  Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => name + path.slice(1)),
)

/** The folders of the adapters: each stands on core, and calls itself a resource server. */
export const adapters: readonly string[] = published
  .filter(({ keywords, dependencies = {} }) => {
    return keywords?.includes('resource-server') && '@verifier-guard/core' in dependencies
  })
  .map(({ name }) => name.split('/')[1]!)
