/*
 * The configuration of a resource server, from a JSON file and from flags. A mistake names its line
 * and option.
 */
import { GuardError, type ResourceServerOptions } from '@verifier-guard/core'
import { describeOptions } from '@verifier-guard/core/explain'
import { EXIT, Failure, usageFailure } from './exit.js'
import { readFile, readText } from './input.js'
import type { CliRuntime } from './runtime.js'

/** The flags that state a configuration. */
export interface ConfigurationFlags {
  readonly config?: string
  readonly issuer?: string
  readonly audience?: string
  readonly profile?: string
  readonly jwksUri?: string
  readonly keys?: string
  readonly allowInsecureHttp?: boolean
}

type Json = Readonly<Record<string, unknown>>

/** A configuration, and where it stands. */
export interface Configuration {
  readonly options: ResourceServerOptions
  /** The text of the file, for the lines of mistakes. */
  readonly source?: { readonly path: string; readonly text: string }
}

/**
 * Reads the configuration: the file, and the flags over it.
 *
 * @returns `undefined` when neither file nor flags name an issuer
 * @throws {Failure} with line and option
 */
export async function readConfiguration(
  runtime: CliRuntime,
  flags: ConfigurationFlags,
): Promise<Configuration | undefined> {
  const source =
    flags.config === undefined
      ? undefined
      : { path: flags.config, text: readFile(runtime, flags.config, 'configuration') }
  const stated = source === undefined ? {} : parseSource(source.text, source.path)
  const given = { ...stated, ...(await optionsOf(runtime, flags)) }
  if (Object.keys(given).length === 0) return undefined
  const options = given as unknown as ResourceServerOptions
  const configuration = { options, ...(source && { source }) }
  checkOptions(configuration)
  return configuration
}

async function optionsOf(runtime: CliRuntime, flags: ConfigurationFlags): Promise<Json> {
  const { issuer, audience, profile, jwksUri, allowInsecureHttp } = flags
  const keys =
    flags.keys === undefined
      ? undefined
      : parseSource(await readText(runtime, flags.keys, 'key set'), flags.keys)
  const named = { issuer, audience, profile, jwksUri, keys, allowInsecureHttp }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** A wrong option is said with the line it stands on. */
function checkOptions({ options, source }: Configuration): void {
  try {
    describeOptions(options)
  } catch (error) {
    if (!(error instanceof GuardError)) throw error
    const { expected, actual, hint = 'correct the option' } = error.reason
    const line = source && lineOf(source.text, `${expected} ${actual}`)
    const place = source === undefined ? '' : `${source.path}${line ? `:${line}` : ''}: `
    throw new Failure(EXIT.usage, `${place}expected ${expected}, found ${actual}: ${hint}`)
  }
}

/** The line of the option that a message names: the last part of `"keySet.maxAge"`. */
function lineOf(text: string, message: string): number | undefined {
  const names = [...message.matchAll(/"([\w.]+)"/g)].map(([, name]) => name!.split('.').at(-1)!)
  const positions = names.map((name) => text.search(new RegExp(`"${name}"\\s*:`)))
  const found = positions.find((position) => position >= 0)
  return found === undefined ? undefined : text.slice(0, found).split('\n').length
}

function parseSource(text: string, path: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    throw usageFailure(
      'a configuration in JSON',
      `${path}:${faultyLine(text, message)}: text that is not JSON`,
      'mind quotes, and commas between the members but not after the last',
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw usageFailure('a JSON object', `${path}: another value`, 'write { "issuer": "https://…" }')
}

/** V8 says a position, and from Node 22 on a line; at the end of the text it says neither. */
function faultyLine(text: string, message: string): number {
  const [, line] = /line (\d+)/.exec(message) ?? []
  if (line !== undefined) return Number(line)
  const [, position] = /position (\d+)/.exec(message) ?? []
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length
}
