/**
 * Holds core's two signature paths and jose to the same verdict, and explanations to decisions:
 * `npm run differential [tokens per algorithm] [seed]`. The last lines have the totals; the exit
 * code is 1 for any difference that is not on the list.
 */
import { Buffer } from 'node:buffer'
import { build } from 'esbuild'

const [count = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number)

const code = await bundled('differential.ts')
const node = await import(`${code}#node`)
const getBuiltinModule = process.getBuiltinModule
process.getBuiltinModule = undefined
const portable = await import(`${code}#portable`)
process.getBuiltinModule = getBuiltinModule

const paths = { node: node.createJudge, portable: portable.createJudge }
const sum = { tokens: 0, accepted: 0, stricter: 0, disagreements: 0 }
const algorithms = [...node.ALGORITHMS.keys()]
for (const algorithm of algorithms) {
  const { tokens, accepted, stricter, disagreements } = await node.compare({
    algorithm,
    count,
    seed,
    paths,
  })
  for (const disagreement of disagreements.slice(0, 10)) console.log(`  ${disagreement}`)
  console.log(
    `${algorithm}: ${tokens} tokens, ${accepted} accepted, ${stricter} refused by us alone, ${disagreements.length} disagreements`,
  )
  sum.tokens += tokens
  sum.accepted += accepted
  sum.stricter += stricter
  sum.disagreements += disagreements.length
}
console.log(
  `${sum.tokens} mutated tokens (${count} for each of ${algorithms.length} algorithms, seed ${seed}), ` +
    `${sum.accepted} accepted by both, ${sum.stricter} refused by us alone as listed, ${sum.disagreements} disagreements`,
)
const { compareExplained } = await import(await bundled('explained.ts'))
const explained = await compareExplained('ES256', count, seed)
for (const disagreement of explained.disagreements.slice(0, 10)) console.log(`  ${disagreement}`)
console.log(
  `${explained.tokens} mutated tokens explained, ${explained.accepted} accepted, ${explained.codes.size} different verdicts, ` +
    `${explained.disagreements.length} explained otherwise than decided`,
)
process.exitCode = sum.disagreements + explained.disagreements.length === 0 ? 0 : 1

/** A module with all that it imports, as an address to import. */
async function bundled(file) {
  const { outputFiles } = await build({
    entryPoints: [new URL(file, import.meta.url).pathname],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  })
  return `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
}
