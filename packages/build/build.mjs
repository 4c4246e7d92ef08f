#!/usr/bin/env node
// Builds the package in the current folder: dist/esm and dist/cjs, one output file for each source file, types beside both.
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

/** ESM-only dependencies go into the CommonJS build, because a stock Jest cannot `require` an ES module. */
const ESM_ONLY = new Set(['jose', '@scure/base'])

rmSync('dist', { recursive: true, force: true })
// A package carries its licence; the one text is at the top.
cpSync(join(root, 'LICENSE'), 'LICENSE')
await transpile('esm', [])
emitTypes('dist/esm')
// An application (an example, say) is only ever run; what others import comes as CommonJS too.
if (JSON.parse(readFileSync('package.json', 'utf8')).exports !== undefined) {
  await transpile('cjs', ESM_ONLY)
  for (const name of readdirSync('dist/esm', { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts') || name.endsWith('.d.ts.map')) cpSync(join('dist/esm', name), join('dist/cjs', name))
  }
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
}

async function transpile(format, inlined) {
  const keepApart = {
    name: 'keep-apart',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point') return undefined
        const ours = !relative(join(folder, 'src'), resolveDir).startsWith('..')
        if (!ours || new Set(inlined).has(path)) return undefined
        return { path, external: true }
      })
    },
  }
  await build({
    entryPoints: sources,
    outbase: 'src',
    outdir: join('dist', format),
    bundle: true,
    format,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    target: 'es2022',
    sourcemap: true,
    sourcesContent: false,
    plugins: [keepApart],
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, verbatimModuleSyntax: true } },
  })
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
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }
  process.stderr.write(ts.formatDiagnostics(problems, host))
  process.exit(1)
}
