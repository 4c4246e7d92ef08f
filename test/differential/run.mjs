/**
 * Holds core's two signature paths and jose to the same verdict, mutated DPoP proofs to refusal,
 * and explanations to decisions: `npm run differential [tokens per algorithm] [seed]`. The last
 * lines have the totals; the exit code is 1 for any difference that is not on the list.
 */
import { Buffer } from 'node:buffer'
import { build } from 'esbuild'

const [count = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number)

const code = await bundled("export * from './differential.js'; export * from './proofs.js'")
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

let wrong = 0
for (const [path, { mutateProofs }] of Object.entries({ node, portable })) {
  for (const algorithm of ['ES256', 'ES384', 'PS256', 'EdDSA']) {
    const totals = await mutateProofs({ algorithm, count: count / 4, seed })
    for (const text of totals.wrong.slice(0, 10)) console.log(`  ${text}`)
    console.log(
      `${totals.proofs} mutated DPoP proofs by ${algorithm} (${path}), ${totals.good} of them good again, ` +
        `${Object.values(totals.byForm).reduce((sum, one) => sum + one, 0)} accepted as listed, ${totals.wrong.length} wrong`,
    )
    wrong += totals.wrong.length
  }
}

const { compareExplained } = await import(await bundled("export * from './explained.js'"))
const explained = await compareExplained('ES256', count, seed)
for (const disagreement of explained.disagreements.slice(0, 10)) console.log(`  ${disagreement}`)
console.log(
  `${explained.tokens} mutated tokens explained, ${explained.accepted} accepted, ${explained.codes.size} different verdicts, ` +
    `${explained.disagreements.length} explained otherwise than decided`,
)
process.exitCode = sum.disagreements + wrong + explained.disagreements.length === 0 ? 0 : 1

/** What a text exports, with all that it imports, as an address to import. */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: new URL('.', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  })
  return `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
}
