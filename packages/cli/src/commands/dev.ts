import { requiredPower, systemRuntime, type ResourceServerOptions } from '@verifier-guard/core'
import { explainToken } from '@verifier-guard/core/explain'
import type { DevVerifier, ListenOptions } from '@verifier-guard/dev-verifier'
import {
  apiProfileOf,
  configuration,
  FLAGS,
  printEvents,
  readFlags,
  startConsole,
  type ConsoleOptions,
  type DevConsole,
  type Explain,
} from '@verifier-guard/dev-verifier/console'
import { EXIT, Failure, type ExitCode } from '../exit.js'
import { powerIn } from '../input.js'
import { createPrinter, harmless, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

/** The flags of `dev`: those of the development Verifier, and these. */
export interface DevFlags extends OutputOptions {
  readonly power?: readonly string[]
  readonly watch?: string
  readonly [option: string]: unknown
}

const DEFAULT_PORT = 8_082

/** Starts a development Verifier with its console, until the user ends it. */
export async function dev(runtime: CliRuntime, flags: DevFlags): Promise<ExitCode> {
  const events = printEvents((line) => runtime.err(harmless(line)))
  const verifier = await start({ ...optionsOf(flags), events })
  const { issuer, consoleUrl } = verifier
  createPrinter(runtime, flags).result({ issuer, console: consoleUrl }, () => linesOf(verifier))
  await runtime.interrupted()
  await verifier.close()
  return EXIT.good
}

async function start(options: ConsoleOptions): Promise<DevConsole> {
  try {
    return await startConsole(options)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const cure = code === 'EADDRINUSE' ? ': choose another port with --port, or 0 for any' : ''
    throw new Failure(EXIT.usage, message + cure)
  }
}

function optionsOf({ power, watch, ...flags }: DevFlags): ConsoleOptions {
  return {
    port: DEFAULT_PORT,
    ...verifierOptions(flags),
    ...(power !== undefined && { powers: power.map(powerIn) }),
    ...(watch !== undefined && { watch }),
    explain: explainer,
  }
}

/** Each flag of the development Verifier is the option of its name. */
function verifierOptions(flags: Readonly<Record<string, unknown>>): ListenOptions {
  try {
    return readFlags(Object.fromEntries(FLAGS.map(({ flag, name }) => [flag, flags[name]])))
  } catch (error) {
    throw new Failure(EXIT.usage, (error as Error).message)
  }
}

/** Explains tokens as an API in front of this Verifier decides on them. */
function explainer(verifier: DevVerifier): Explain {
  const options = {
    issuer: verifier.issuer,
    profile: apiProfileOf(verifier.profile),
    allowInsecureHttp: true,
    runtime: { ...systemRuntime, fetch: verifier.fetch },
  } as ResourceServerOptions
  return (token, { audience, power }) =>
    explainToken(
      token,
      { ...options, ...(audience !== undefined && { audience }) },
      power === undefined ? {} : { requirement: requiredPower(power) },
    )
}

function linesOf(verifier: DevConsole): readonly string[] {
  return [`# The page: ${verifier.consoleUrl}`, configuration(verifier, verifier.machine)]
}
