import { existsSync, readFileSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { IssuedCredential } from './credentials.js'
import type { Listeners, RefusedEvent } from './events.js'
import { clientEnvironment, PATHS } from './hand-out.js'
import type { Power } from './mandate.js'
import { OPTIONS, type FlagKind, type OptionRow } from './option-table.js'
import type { ListenOptions } from './options.js'
import { readPower } from './power.js'
import type { DevVerifier } from './verifier.js'

/** What the command was asked to do. */
export interface CommandLine {
  readonly help: boolean
  readonly options: ListenOptions
  readonly powers: readonly Power[]
}

const DEFAULT_PORT = 8_082
const DEFAULT_POWER = 'ProductOffering/Create'

/** A flag of the command. */
export interface Flag {
  /** The option's name, in the spelling of the command line: `mimicLaxity` is `--mimic-laxity`. */
  readonly flag: string
  readonly name: keyof ListenOptions
  readonly row: OptionRow & { readonly flag: FlagKind }
}

/** A flag as help shows it: what stands behind it, and what it means. */
export function shownFlag({ flag, name, row }: Flag): { flags: string; says: string } {
  const says = row.says.replaceAll('`', '')
  return {
    flags: `--${flag}${KINDS[row.flag].shown}`,
    says: `${says} Default: ${defaultOf(name, row)}.`,
  }
}

/** Every option that can be given on a command line. */
export const FLAGS = Object.entries<OptionRow>(OPTIONS).flatMap(([name, row]) =>
  row.flag === undefined
    ? []
    : [{ flag: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name, row } as Flag],
)

/** What stands behind a flag of each kind, and how it is read. */
const KINDS: Readonly<
  Record<FlagKind, { readonly shown: string; readonly read: (value: unknown) => unknown }>
> = {
  text: { shown: ' <text>', read: (value) => value },
  number: {
    shown: ' <number>',
    read: (value) => (/^\d+$/.test(String(value)) ? Number(value) : value),
  },
  switch: { shown: '', read: (value) => value },
  file: { shown: ' <text or file>', read: (value) => readTextOrFile(String(value)) },
  ids: { shown: ' <id>', read: (value) => (value as string[]).map((id) => ({ id })) },
}

/** What `dev-verifier --help` prints. */
export const USAGE = `Usage: dev-verifier [options]

Starts a development Verifier on this machine. Prints the configuration of a client for it, and
where to get access tokens.

${[
  ...FLAGS.map(({ flag, name, row }) =>
    usage(`--${flag}${KINDS[row.flag].shown}`, row.says, defaultOf(name, row)),
  ),
  usage(
    '--power <power>',
    'A power of the machine as domain/function/action. Repeatable.',
    `DOME/${DEFAULT_POWER}, or the same in the tenant`,
  ),
  usage('--help', 'Prints this text.'),
].join('\n')}`

function usage(flag: string, says: string, standard?: string): string {
  const sentence = says.replaceAll('`', '')
  return `  ${flag}\n      ${sentence}${standard === undefined ? '' : ` Default: ${standard}.`}`
}

function defaultOf(name: keyof ListenOptions, row: OptionRow): string {
  return name === 'port' ? String(DEFAULT_PORT) : (row.defaultIs ?? String(row.default))
}

/**
 * Reads the command line. Each flag is the option of its name.
 *
 * @throws Error that says what was expected.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({ args: [...args], options: ACCEPTED })
  const options: ListenOptions = { port: DEFAULT_PORT, ...readFlags(values) }
  const powers = (values['power'] as string[] | undefined) ?? [
    `${options.tenant ?? 'DOME'}/${DEFAULT_POWER}`,
  ]
  return { help: values['help'] === true, options, powers: powers.map(readPower) }
}

const ACCEPTED = Object.fromEntries([
  ...FLAGS.map(({ flag, row }) => [
    flag,
    { type: row.flag === 'switch' ? 'boolean' : 'string', multiple: row.flag === 'ids' },
  ]),
  ['power', { type: 'string', multiple: true }],
  ['help', { type: 'boolean' }],
]) as NonNullable<ParseArgsConfig['options']>

/**
 * Reads flags that were given, by their names on the command line.
 *
 * @throws Error that says what was expected.
 */
export function readFlags(values: Readonly<Record<string, unknown>>): ListenOptions {
  const given = FLAGS.filter(({ flag }) => values[flag] !== undefined)
  return Object.fromEntries(
    given.map(({ flag, name, row }) => {
      const value = KINDS[row.flag].read(values[flag])
      row.check(`--${flag}`, value)
      return [name, value]
    }),
  )
}

/** A key is given as it is or in a file; a JWK is text here. */
function readTextOrFile(value: string): unknown {
  const text = existsSync(value) ? readFileSync(value, 'utf8').trim() : value
  try {
    return text.startsWith('{') ? (JSON.parse(text) as unknown) : text
  } catch {
    // The parser's own message quotes what may be a key; the option's check says what it expects.
    return text
  }
}

/** What the command prints once it listens: shell lines, with comments for the reader. */
export function configuration(verifier: DevVerifier, machine: IssuedCredential): string {
  const { origin } = new URL(verifier.issuer)
  return [
    `# A development Verifier (${verifier.profile}) listens at ${verifier.issuer}. Its tokens prove nothing: for local work only.`,
    `# Configuration of a client, also at ${origin}${PATHS.client}:`,
    clientEnvironment(verifier, machine),
    '',
    '# A fresh access token, as often as you ask:',
    `curl --silent ${origin}${PATHS.token}`,
  ].join('\n')
}

/** Listeners that print what happens, a line for each event. */
export function printEvents(print: (line: string) => void): Listeners {
  const refused = ({ endpoint, check, status, error, cause }: RefusedEvent): void => {
    const answer = [status ?? 'connection closed', error].filter((part) => part !== undefined)
    print(`${endpoint ?? 'request'} refused (${check}, ${answer.join(' ')}): ${cause}`)
  }
  return {
    tokenIssued: ({ clientId, expiresIn }) => print(`token issued to ${clientId}, ${expiresIn} s`),
    tokenRefused: refused,
    requestRefused: refused,
    failed: ({ endpoint, message }) => print(`${endpoint} failed (500): ${message}`),
  }
}
