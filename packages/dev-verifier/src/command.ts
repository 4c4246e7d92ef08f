#!/usr/bin/env node
import { configuration, printEvents, readCommandLine, USAGE } from './command-line.js'
import { startDevVerifier } from './verifier.js'

async function run(): Promise<void> {
  const { help, options, powers } = readCommandLine(process.argv.slice(2))
  if (help) return console.log(USAGE)
  const verifier = await startDevVerifier({
    ...options,
    events: printEvents((line) => console.warn(line)),
  })
  console.log(configuration(verifier, verifier.issueMachineCredential({ powers })))
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
