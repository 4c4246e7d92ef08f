/*
 * The pages of the site that come from elsewhere: the reference from TSDoc, the options from the
 * rows that check them, and the documents that stand beside the code. Needs a build.
 * Usage: node packages/build/reference.mjs [folder of the site]
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Application } from 'typedoc'
import { packages, root } from './manifests.mjs'
import { markdown, SITE_TABLES } from './option-tables.mjs'
import { SOURCES } from './sources.mjs'

const site = process.argv[2] ?? join(root, 'docs')
const out = join(site, 'reference')

const OPTIONS = `The options of a resource server, for every adapter, then those of the development Verifier and of a
client. Times are in seconds. This page is made from the rows that check the options at start. An
option that is misspelt or insecure throws.`

await writeAll()

async function writeAll() {
  rmSync(join(out, 'api'), { recursive: true, force: true })
  for (const one of packages.filter(isLibrary)) await writeApi(one)
  for (const [place, source] of Object.entries(SOURCES))
    write(place, { source }, readFileSync(join(root, source), 'utf8'))
  write('reference/index.md', {}, `# The API of each package\n\n${overview()}\n`)
  write('reference/options.md', {}, `# Options\n\n${OPTIONS}\n\n${options()}\n`)
}

/** The command has nothing to import, and so no reference: a guide shows it. */
function isLibrary({ manifest }) {
  return manifest.bin === undefined
}

async function writeApi({ folder, manifest }) {
  const sources = sourcesOf(folder, manifest)
  const app = await Application.bootstrapWithPlugins({
    name: manifest.name,
    entryPoints: [...sources.keys()],
    tsconfig: join(root, 'tsconfig.json'),
    skipErrorChecking: true,
    plugin: ['typedoc-plugin-markdown'],
    out: join(out, 'api', folder),
    cleanOutputDir: false,
    // What an adapter re-exports stands in the reference of core, and Node's types in Node's own.
    excludeExternals: true,
    externalPattern: ['**/node_modules/**', ...(folder === 'core' ? [] : ['**/packages/core/**'])],
    useHTMLAnchors: true,
    readme: 'none',
    githubPages: false,
    disableSources: true,
    excludeInternal: true,
    hidePageHeader: true,
    outputFileStrategy: 'modules',
    entryFileName: 'index',
    validation: { notExported: false, invalidLink: true },
    logLevel: 'Error',
  })
  const entryPoints = app.getEntryPoints()
  if (entryPoints === undefined) throw new Error(`the reference of ${manifest.name} can't be made`)
  for (const one of entryPoints) one.displayName = sources.get(one.sourceFile.fileName)
  await app.generateOutputs(app.converter.convert(entryPoints))
}

/** The sources of a package's entry points, by file, and what each is imported as. */
function sourcesOf(folder, { name, exports }) {
  const entries = Object.entries(exports).map(([path, one]) => [
    join(root, 'packages', folder, one['@verifier-guard/source'] ?? ''),
    name + path.slice(1),
  ])
  // "support" is for the other packages of this project alone.
  return new Map(entries.filter(([file, as]) => file.endsWith('.ts') && !as.endsWith('/support')))
}

function overview() {
  const rows = packages.map((one) => {
    const page = isLibrary(one) ? `./api/${one.folder}/index.md` : `../packages/${one.folder}.md`
    return `| [\`${one.manifest.name}\`](${page}) | ${one.manifest.description} |`
  })
  return ['| Package | Is |', '| --- | --- |', ...rows].join('\n')
}

function options() {
  return Object.entries(SITE_TABLES)
    .flatMap(([name, tables]) => [
      `## @verifier-guard/${name}`,
      ...Object.entries(tables).map(([heading, rows]) => `### ${heading}\n\n${markdown(rows)}`),
    ])
    .join('\n\n')
}

/** Writes a page of the site, with what the build has to know of it at its head. */
function write(place, head, text) {
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
  const file = join(site, place)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, ['---', ...lines, '---', '', text].join('\n'))
}
