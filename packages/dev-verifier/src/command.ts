#!/usr/bin/env node
import { configuration, printEvents, readCommandLine, USAGE } from './command-line.js'
import { createHandOut } from './hand-out.js'
import { OPTIONS } from './option-table.js'
import { startBehind } from './start.js'

async function run(): Promise<void> {
  const { help, options, powers } = readCommandLine(process.argv.slice(2))
  if (help) return console.log(USAGE)
  const { machineOf, answer } = createHandOut(powers, options.service ?? OPTIONS.service.default)
  const events = printEvents((line) => console.warn(line))
  const verifier = await startBehind(answer, { ...options, events })
  console.log(configuration(verifier, machineOf(verifier)))
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void verifier.close())
}

run().catch((error: NodeJS.ErrnoException) => {
  const inUse =
    error.code === 'EADDRINUSE'
      ? ' Choose another port with --port, or any free one with --port 0.'
      : ''
  console.error(`dev-verifier: ${error.message}.${inUse}`.replace('..', '.'))
  process.exitCode = 1
})
