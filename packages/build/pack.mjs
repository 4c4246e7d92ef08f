// Packs everything that is published into one folder, and prints how to install each package from
// there. Usage: node packages/build/pack.mjs [folder; default: packages/build/dist] [package …;
// default: all] Packs what is built: `npm run pack` builds first, and `prepack` does for `npm pack`
// and `npm publish`.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileName, pack, packages, root } from './manifests.mjs'

const [folder = join(root, 'packages/build/dist'), ...wanted] = process.argv.slice(2)
const target = resolve(process.env.INIT_CWD ?? '', folder)

const published = new Map(packages.map(({ manifest }) => [manifest.name, manifest]))
const names = wanted.length === 0 ? [...published.keys()] : wanted

mkdirSync(target, { recursive: true })
pack(names, target)
for (const name of names) {
  console.log(`# ${name}: ${published.get(name).description}`)
  console.log(['npm install', ...closure(name).map(tarball)].join(' '))
}

/** A package after those of ours that it depends on. */
function closure(name) {
  const ours = Object.keys(published.get(name).dependencies ?? {}).filter((dependency) =>
    published.has(dependency),
  )
  return [...new Set([...ours.flatMap(closure), name])]
}

function tarball(name) {
  return join(target, fileName(published.get(name)))
}
