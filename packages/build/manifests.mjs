// The manifests of what is published.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

const read = (path) => readFileSync(path, 'utf8')

/** The manifest of the project: it states the version and the address of the repository. */
export const project = JSON.parse(read(join(root, 'package.json')))

/** What users install: its folder below `packages`, and its manifest. */
export const packages = readdirSync(join(root, 'packages'))
  .map((folder) => ({ folder, path: join(root, 'packages', folder, 'package.json') }))
  .map((one) => ({ ...one, manifest: JSON.parse(read(one.path)) }))
  .filter(({ manifest }) => manifest.private !== true)

/**
 * Packs packages into a folder, with manifests that state where they come from, as provenance asks.
 * The address stands in one place, the manifest of the project.
 *
 * @returns what npm lists of each: its file name, files and size
 */
export function pack(names, target) {
  const folder = mkdtempSync(join(tmpdir(), 'pack-'))
  try {
    npmPack(
      folder,
      names.map((name) => `--workspace=${name}`),
    )
    return names.map((name) => packAgain(name, folder, target))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function packAgain(name, folder, target) {
  const { folder: directory, manifest } = packages.find((one) => one.manifest.name === name)
  execFileSync('tar', ['-xzf', fileName(manifest)], { cwd: folder })
  const path = join(folder, 'package/package.json')
  const repository = { ...project.repository, directory: `packages/${directory}` }
  writeFileSync(path, `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`)
  const [listed] = npmPack(target, [join(folder, 'package')])
  rmSync(join(folder, 'package'), { recursive: true })
  return listed
}

function npmPack(target, what) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', target, ...what]
  const listed = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64e6,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return Object.values(JSON.parse(listed))
}

/** What npm calls the tarball of a package. */
export function fileName({ name, version }) {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
}
