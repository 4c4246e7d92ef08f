/**
 * Measures the client: `node packages/client/test/bench/run.mjs`. Figures of one run compare with
 * each other, not with those of another machine.
 */
import { Buffer } from 'node:buffer'
import { build } from 'esbuild'

const { outputFiles } = await build({
  entryPoints: [new URL('client.ts', import.meta.url).pathname],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  conditions: ['@verifier-guard/source'],
})
const { measure } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
)
await measure((line) => console.log(line))
