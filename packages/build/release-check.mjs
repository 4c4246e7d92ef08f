/*
 * Whether everything is ready to be published: `npm run release:check`. Packs each package, checks
 * its manifest, contents, size, licences and changelog, and writes a software bill of materials
 * (CycloneDX) beside the tarballs in packages/build/dist.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileName, pack, packages, project, root } from './manifests.mjs'

const out = join(root, 'packages/build/dist')
const MOST_BYTES = 2_500_000
/** Those that ask for no more than their own text. Blue Oak's is MIT's, in plain words. */
const LICENCES = [
  'Apache-2.0',
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]
const MEMBERS = ['description', 'keywords', 'license', 'engines', 'files']
/** What leads into a package: to import it, or to run it. */
const ENTRIES = { library: ['exports', 'types'], command: ['bin'] }

/** Each check: what it is called, and what it finds wrong. */
const CHECKS = {
  'one version for all': () =>
    packages
      .filter(({ manifest }) => manifest.version !== project.version)
      .map(({ manifest }) => `${manifest.name} is ${manifest.version}, not ${project.version}`),
  'a section of the changelog': () =>
    readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`## ${project.version}`)
      ? []
      : [`CHANGELOG.md has no section "## ${project.version}"`],
  'whole manifests': () =>
    packages.flatMap(({ manifest }) =>
      [...MEMBERS, ...ENTRIES[manifest.bin ? 'command' : 'library']]
        .filter((member) => manifest[member] === undefined)
        .map((member) => `${manifest.name} states no "${member}"`),
    ),
  'dependencies among packages by exact version': () =>
    packages.flatMap(({ manifest }) =>
      Object.entries(manifest.dependencies ?? {})
        .filter(([name, range]) => isOurs(name) && range !== project.version)
        .map(([name, range]) => `${manifest.name} takes ${name} ${range}`),
    ),
  'no dependency on a URL': () =>
    packages.flatMap(({ manifest }) =>
      Object.entries(manifest.dependencies ?? {})
        .filter(([, range]) => /[:/]/.test(range))
        .map(([name, range]) => `${manifest.name} takes ${name} from ${range}`),
    ),
  'licences that allow it': licences,
  'contents and size': contents,
  'the address of the repository': () =>
    project.repository?.url?.includes('OWNER')
      ? ['note: "repository" of package.json holds a placeholder; provenance needs the real one']
      : [],
}

mkdirSync(out, { recursive: true })
let failures = 0
for (const [name, check] of Object.entries(CHECKS)) {
  const found = check()
  const wrong = found.filter((text) => !text.startsWith('note: '))
  failures += wrong.length
  console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name}`)
  for (const text of found) console.log(`       ${text}`)
}
writeBillOfMaterials()
process.exitCode = failures === 0 ? 0 : 1

function read(...path) {
  return JSON.parse(readFileSync(join(root, ...path), 'utf8'))
}

function isOurs(name) {
  return name.startsWith('@verifier-guard/')
}

/** What a build took in from others: installed by no one, so that no lock file knows it. */
function bundled() {
  const lists = packages.flatMap(({ folder }) => {
    const file = join(root, 'packages', folder, 'dist/bundled.json')
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  })
  return [...new Map(lists.map((one) => [`${one.name}@${one.version}`, one])).values()]
}

/** Runtime dependencies, of dependencies too, and what their manifests say. */
function licences() {
  const found = new Map()
  const visit = (name) => {
    if (found.has(name)) return
    const manifest = isOurs(name)
      ? packages.find((one) => one.manifest.name === name).manifest
      : read('node_modules', name, 'package.json')
    found.set(name, manifest.license)
    for (const dependency of Object.keys(manifest.dependencies ?? {})) visit(dependency)
  }
  for (const { manifest } of packages) visit(manifest.name)
  for (const { name, license } of bundled()) found.set(name, license)
  return [...found]
    .filter(([, licence]) => !LICENCES.includes(licence))
    .map(([name, licence]) => `${name} has the licence ${licence}`)
}

/** What each tarball holds, as npm lists it. */
function contents() {
  const names = packages.map(({ manifest }) => manifest.name)
  return pack(names, out).flatMap(({ name, files, unpackedSize, filename }) => {
    const paths = files.map(({ path }) => path)
    const lacking = ['README.md', 'LICENSE', 'package.json'].filter((path) => !paths.includes(path))
    const strange = paths.filter((path) =>
      /(^|\/)(test|\.env|node_modules)(\/|$)|\.test\./.test(path),
    )
    console.log(
      `     ${filename}: ${paths.length} files, ${kilobytes(unpackedSize)}, packed ${kilobytes(statSync(join(out, filename)).size)}`,
    )
    return [
      ...lacking.map((path) => `${name} lacks ${path}`),
      ...strange.map((path) => `${name} brings ${path}`),
      ...(unpackedSize > MOST_BYTES ? [`${name} has ${kilobytes(unpackedSize)}`] : []),
    ]
  })
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1_000)} kB`
}

/** Of what an application gets that installs every package: without peers, which it has already. */
function writeBillOfMaterials() {
  const file = join(out, `verifier-guard-${project.version}.cdx.json`)
  const folder = mkdtempSync(join(tmpdir(), 'release-'))
  const here = { cwd: folder, encoding: 'utf8', maxBuffer: 64e6 }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: project.name, version: project.version, private: true }),
  )
  const quiet = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--loglevel=error',
  ]
  execFileSync('npm', ['install', ...quiet, ...tarballs()], here)
  const tool = join(root, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js')
  // The frameworks are missing, since an application brings its own.
  const args = ['--ignore-npm-errors', '--output-reproducible', '--output-file', file]
  execFileSync('node', [tool, ...args], { ...here, stdio: ['ignore', 'ignore', 'ignore'] })
  rmSync(folder, { recursive: true })
  const bill = JSON.parse(readFileSync(file, 'utf8'))
  const { components, specVersion } = bill
  const isListed = ({ name, version }) =>
    components.some((one) => one.version === version && fullName(one) === name)
  components.push(
    ...bundled()
      .filter((one) => !isListed(one))
      .map(component),
  )
  writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`)
  console.log(
    `     ${file.slice(root.length)}: CycloneDX ${specVersion}, ${components.length} components`,
  )
}

function fullName({ group, name }) {
  return group ? `${group}/${name}` : name
}

/** A bundled library as a component of CycloneDX. */
function component({ name, version, license }) {
  const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const licenses = [{ license: { id: license } }]
  return { type: 'library', group, name: short, version, 'bom-ref': purl, purl, licenses }
}

function tarballs() {
  return packages.map(({ manifest }) => join(out, fileName(manifest)))
}
