// Packs everything that is published into one folder, and prints how to install each package from
// there. Usage: node packages/build/pack.mjs [folder; default: packages/build/dist] [package …;
// default: all] Packs what is built: `npm run pack` builds first, and `prepack` does for `npm pack`
// and `npm publish`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = join(dirname(fileURLToPath(import.meta.url)), '..')
const [folder = join(packages, 'build', 'dist'), ...wanted] = process.argv.slice(2)
const target = resolve(process.env.INIT_CWD ?? '', folder)

const published = new Map(
  readdirSync(packages)
    .map((name) => JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')))
    .filter((manifest) => manifest.private !== true)
    .map((manifest) => [manifest.name, manifest]),
)
const names = wanted.length === 0 ? [...published.keys()] : wanted

mkdirSync(target, { recursive: true })
const workspaces = names.map((name) => `--workspace=${name}`)
const { status, error, stderr } = spawnSync(
  'npm',
  ['pack', '--ignore-scripts', '--pack-destination', target, ...workspaces],
  { cwd: join(packages, '..'), encoding: 'utf8', shell: process.platform === 'win32' },
)
if (error) throw error
if (status !== 0) {
  process.stderr.write(stderr)
  process.exit(status ?? 1)
}
for (const name of names) console.log(['npm install', ...closure(name).map(tarball)].join(' '))

/** A package after those of ours that it depends on. */
function closure(name) {
  const ours = Object.keys(published.get(name).dependencies ?? {}).filter((dependency) =>
    published.has(dependency),
  )
  return [...new Set([...ours.flatMap(closure), name])]
}

function tarball(name) {
  return join(
    target,
    `${name.replace('@', '').replace('/', '-')}-${published.get(name).version}.tgz`,
  )
}
