/**
 * Measures what telemetry costs: `node packages/opentelemetry/test/bench/run.mjs`. Figures of one
 * run compare with each other, not with those of another machine.
 */
import { Buffer } from 'node:buffer'
import { build } from 'esbuild'

const { outputFiles } = await build({
  entryPoints: [new URL('telemetry.ts', import.meta.url).pathname],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  conditions: ['@verifier-guard/source'],
})
const module = { exports: {} }
new Function('module', 'exports', 'require', Buffer.from(outputFiles[0].contents).toString())(
  module,
  module.exports,
  process.getBuiltinModule('node:module').createRequire(import.meta.url),
)
await module.exports.measure((line) => console.log(line))
