import { startDevVerifier, type ListenOptions } from '@verifier-guard/dev-verifier'
import { EXIT, type ExitCode } from '../exit.js'
import type { OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

/** The flags of `dev`. */
export interface DevFlags extends OutputOptions {
  readonly port?: string
  readonly host?: string
}

/** Starts a development Verifier, until the user ends it. */
export async function dev(
  runtime: CliRuntime,
  { port = '8082', host }: DevFlags,
): Promise<ExitCode> {
  const options: ListenOptions = { port: Number(port), ...(host !== undefined && { host }) }
  const verifier = await startDevVerifier(options)
  runtime.out(verifier.issuer)
  await runtime.interrupted()
  await verifier.close()
  return EXIT.good
}
