/*
 * The pages of the site that come from elsewhere: the reference from TSDoc, the options from the
 * rows that check them, the figures from the last `npm run bench`, and the guides that packages
 * bring along. Needs a build. Usage: node packages/build/reference.mjs [folder of the site]
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Application } from 'typedoc'
import { overview as figures, tables } from '../../test/bench/report.mjs'
import { GUIDES } from './guides.mjs'
import { packages, root } from './manifests.mjs'
import { markdown, TABLES } from './option-tables.mjs'

const site = process.argv[2] ?? join(root, 'docs')
const out = join(site, 'reference')

const OPTIONS = `The options of a resource server, for every adapter. Times are in seconds. This page is made
from the rows that check the options at start. An option that is misspelt or insecure throws.`

const read = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'))

await write()

async function write() {
  rmSync(join(out, 'api'), { recursive: true, force: true })
  for (const one of packages.filter(isLibrary)) await writeApi(one)
  for (const [place, source] of Object.entries(GUIDES))
    writeFileSync(join(site, place), linked(readFileSync(join(root, source), 'utf8'), source))
  page('index.md', 'Packages', overview())
  page('options.md', 'Options', `${OPTIONS}\n\n${options()}`)
  page('measured.md', 'Measured', measured(read('test/bench/results.json')))
}

/** A page whose links to other such pages lead to where these stand on the site. */
function linked(text, source) {
  return text.replace(/\]\(([^):#]+\.md)/g, (link, path) => {
    const target = posix.join(posix.dirname(source), path)
    const place = Object.keys(GUIDES).find((one) => GUIDES[one] === target)
    return place === undefined ? link : `](/${place}`
  })
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

function measured(results) {
  return `${figures(results)}\n\n## In full\n\n${tables(results)}`
}

function overview() {
  const rows = packages.map((one) => {
    const page = isLibrary(one) ? `./api/${one.folder}/index.md` : '../guides/explain.md'
    return `| [\`${one.manifest.name}\`](${page}) | ${one.manifest.description} |`
  })
  return ['| Package | Is |', '| --- | --- |', ...rows].join('\n')
}

function options() {
  return Object.entries(TABLES)
    .flatMap(([name, tables]) => [
      `## @verifier-guard/${name}`,
      ...Object.entries(tables).map(([heading, rows]) => `### ${heading}\n\n${markdown(rows)}`),
    ])
    .join('\n\n')
}

function page(name, title, text) {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, name), `---\neditLink: false\n---\n\n# ${title}\n\n${text}\n`)
}
