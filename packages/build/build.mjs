#!/usr/bin/env node
// Builds the package in the current folder: dist/esm and dist/cjs, one output file for each source
// file, types beside both.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = process.cwd()
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))

/** What goes into both builds because of what it would install: see the package's README. */
const TAKEN_IN = ['lru-cache', '@noble/curves/nist.js']
/**
 * ESM-only dependencies go into the CommonJS build, because a stock Jest cannot `require` an ES
 * module.
 */
const ESM_ONLY = ['jose', '@scure/base']

rmSync('dist', { recursive: true, force: true })
// A package carries its licence; the one text is at the top.
cpSync(join(root, 'LICENSE'), 'LICENSE')
const takenIn = new Map()
await transpile('esm', TAKEN_IN)
emitTypes('dist/esm')
// The command and the examples are only ever run. What others import comes as CommonJS too.
if (JSON.parse(readFileSync('package.json', 'utf8')).exports?.['.'] !== undefined) {
  await transpile('cjs', [...TAKEN_IN, ...ESM_ONLY])
  for (const name of readdirSync('dist/esm', { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts')) cpSync(join('dist/esm', name), join('dist/cjs', name))
  }
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
}
if (takenIn.size > 0) {
  const all = [...takenIn.values()]
  writeFileSync('dist/THIRD-PARTY-LICENSES', all.map(({ text }) => text).join('\n---\n\n'))
  const bundled = all.map(({ name, version, license }) => ({ name, version, license }))
  writeFileSync('dist/bundled.json', JSON.stringify(bundled))
}

async function transpile(format, inlined) {
  const keepApart = {
    name: 'keep-apart',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point') return undefined
        const ours = !relative(join(folder, 'src'), resolveDir).startsWith('..')
        if (!ours || inlined.includes(path)) return undefined
        return { path, external: true }
      })
    },
  }
  const { metafile } = await build({
    entryPoints: sources,
    outbase: 'src',
    outdir: join('dist', format),
    bundle: true,
    format,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // The variants that every runtime can run: what is taken in must not bring an import of Node's.
    conditions: ['import', 'browser'],
    target: 'es2022',
    sourcemap: format === 'esm',
    sourcesContent: false,
    metafile: true,
    // A stock Jest knows no `import()` either.
    supported: { 'dynamic-import': format === 'esm' },
    plugins: [keepApart],
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, verbatimModuleSyntax: true } },
  })
  for (const input of Object.keys(metafile.inputs)) note(input)
}

/** Whose code goes into a build: its licence has to go along. */
function note(input) {
  const [, location] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
  if (location === undefined || takenIn.has(location)) return
  const { name, version, license } = JSON.parse(
    readFileSync(join(location, 'package.json'), 'utf8'),
  )
  const file = readdirSync(location).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined)
    throw new Error(`expected a licence in ${location}, found none: it can't be taken in`)
  const text = `${name} ${version}\n\n${readFileSync(join(location, file), 'utf8')}`
  takenIn.set(location, { name, version, license, text })
}

function emitTypes(outDir) {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const program = ts.createProgram(sources, {
    ...options,
    // Other packages are seen as their users see them: built.
    customConditions: [],
    noEmit: false,
    emitDeclarationOnly: true,
    rootDir: join(folder, 'src'),
    outDir: join(folder, outDir),
  })
  const { diagnostics } = program.emit()
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  if (problems.length === 0) return
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => '\n',
  }
  process.stderr.write(ts.formatDiagnostics(problems, host))
  process.exit(1)
}
