// Compares this project with its peers, and itself with its own bounds. Writes results.json and the
// page of figures, and prints all tables.
import { fork } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { said } from './cores.mjs'
import { overHttp } from './http.mjs'
import { inProcess, onOneCore } from './in-process.mjs'
import { summary } from './measure.mjs'
import { writeFigures, writeFormatted } from './page.mjs'
import { tables } from './report.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const rounds = Number(process.argv[2] ?? 7)

const KINDS = [
  ['ES256', '1.8 kB'],
  ['ES256', '0.6 kB'],
  ['RS256', '1.8 kB'],
  ['RS256', '0.6 kB'],
  ['EdDSA', '1.8 kB'],
]

/** Those whose processes are compared by what they hold. */
const RESIDENTS = ['floor', 'verifier-guard', 'jose', 'aws-jwt-verify', 'fast-jwt, cached']
const RESIDENT_ROUNDS = Math.min(rounds, 3)

const memory = () => said(fork(here('memory.mjs'), { execArgv: ['--expose-gc'] }))

/** Not measured in time, so that all contestants of a round run beside each other. */
async function resident() {
  const samples = []
  for (let round = 0; round < RESIDENT_ROUNDS; round += 1)
    samples.push(
      await Promise.all(RESIDENTS.map((name) => said(fork(here('resident.mjs'), [name])))),
    )
  return RESIDENTS.map((contestant, index) => ({
    contestant,
    distinct: samples[0][index].distinct,
    bytes: summary(samples.map((round) => round[index].bytes)),
  }))
}

const machine = () => ({
  node: process.version,
  cpu: cpus()[0].model,
  cores: cpus().length,
  load: loadavg()[0],
})

const results = { date: new Date().toISOString().slice(0, 10), rounds, ...machine(), inProcess: [] }
for (const [algorithm, size] of KINDS) {
  console.error(`${algorithm}, ${size} …`)
  results.inProcess.push(...(await inProcess(algorithm, size, rounds)))
}
console.error('on one core …')
results.oneCore = await onOneCore(rounds)
console.error('behind Express …')
results.http = await overHttp(rounds)
console.error('memory …')
results.memory = await memory()
results.resident = await resident()
results.loadAtEnd = loadavg()[0]

await writeFormatted(here('results.json'), JSON.stringify(results))
await writeFigures(results)
console.log(tables(results))
process.exit()
