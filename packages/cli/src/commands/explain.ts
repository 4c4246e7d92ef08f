import {
  allOf,
  ERRORS,
  GuardError,
  requiredPower,
  requiredScopes,
  systemRuntime,
  type Algorithm,
  type ErrorCode,
  type Requirement,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import {
  CURES,
  explainToken,
  recognize,
  type Check,
  type Explanation,
} from '@verifier-guard/core/explain'
import { ALGORITHMS } from '@verifier-guard/core/support'
import { readConfiguration, type ConfigurationFlags } from '../configuration.js'
import { EXIT, usageFailure, type ExitCode } from '../exit.js'
import { powerIn, readText } from '../input.js'
import { createPrinter, harmless, type Finding, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'

/** The flags of `explain`. */
export interface ExplainFlags extends Omit<ConfigurationFlags, 'config'>, OutputOptions {
  readonly against?: string
  readonly online?: boolean
  readonly scope?: readonly string[]
  readonly power?: readonly string[]
}

/** Explains a token, or a denial that was recorded. Never prints the token. */
export async function explain(
  runtime: CliRuntime,
  place: string,
  flags: ExplainFlags,
): Promise<ExitCode> {
  const text = await readText(runtime, place, 'token or denial')
  const denial = recordedDenial(text)
  return denial === undefined
    ? explainText(runtime, text, flags)
    : explainDenial(runtime, denial, flags)
}

const VERDICTS = {
  accepted: EXIT.good,
  refused: EXIT.refused,
  undecided: EXIT.unreachable,
} as const satisfies Record<Explanation['verdict'], ExitCode>

async function explainText(
  runtime: CliRuntime,
  text: string,
  flags: ExplainFlags,
): Promise<ExitCode> {
  const { against, ...stated } = flags
  const given = await readConfiguration(runtime, { ...stated, ...(against && { config: against }) })
  const options = given?.options ?? optionsOfToken(text)
  const requirement = requirementOf(flags)
  const explanation = await explainToken(
    text,
    { ...options, runtime: { ...systemRuntime, fetch: runtime.fetch, now: runtime.now } },
    { offline: flags.online !== true, ...(requirement && { requirement }) },
  )
  const printer = createPrinter(runtime, flags)
  printer.result(explanation, () => [
    printer.strong(headline(explanation)),
    `It is ${explanation.is.says}.${explanation.is.cure ? ` ${sentence(explanation.is.cure)}` : ''}`,
    ...(given === undefined ? [WITHOUT_CONFIGURATION] : []),
    ...explanation.checks.flatMap((check) => printer.finding(findingOf(check))),
  ])
  return VERDICTS[explanation.verdict]
}

const WITHOUT_CONFIGURATION =
  'No configuration was given, so its own issuer and audience count as right. Use --against <file> for those of your API.'

function headline({ verdict, code, checks }: Explanation): string {
  if (verdict === 'accepted') return 'The token is accepted.'
  if (code !== undefined) return `The token is ${verdict}: ${code} (${ERRORS[code].status}).`
  const skipped = checks.filter((check) => check.verdict === 'skipped').map(({ name }) => name)
  return `Undecided: no check failed, and ${skipped.join(', ')} was not checked.`
}

const MARKS = {
  passed: 'good',
  failed: 'bad',
  undecided: 'undecided',
  skipped: 'skipped',
} as const satisfies Record<Check['verdict'], Finding['mark']>

/** A check as a line of a report. */
export function findingOf({ verdict, ...check }: Check): Finding {
  return { ...check, mark: MARKS[verdict] }
}

/** What the token itself says: then neither issuer nor audience can fail. */
function optionsOfToken(text: string): ResourceServerOptions {
  const issuer = claimOf(text, 'iss')
  const options: ResourceServerOptions = {
    issuer: typeof issuer === 'string' ? issuer : NO_ISSUER,
    audience: null,
    algorithms: [...ALGORITHMS.keys()] as Algorithm[],
    allowInsecureHttp: true,
  }
  return isUsable(options) ? options : { ...options, issuer: NO_ISSUER }
}

const NO_ISSUER = 'https://issuer.invalid'

function isUsable({ issuer }: ResourceServerOptions): boolean {
  return /^https?:\/\/[^\s?#{}]+$/.test(issuer as string)
}

function claimOf(text: string, name: string): unknown {
  if (recognize(text).form === 'broken jwt') return undefined
  try {
    const payload = Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()
    return (JSON.parse(payload) as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

function requirementOf({
  scope = [],
  power = [],
}: ExplainFlags): Requirement<undefined> | undefined {
  const requirements = [
    ...(scope.length > 0 ? [requiredScopes(...(scope as [string]))] : []),
    ...power.map(powerIn).map((one) => requiredPower(one)),
  ] as Requirement<undefined>[]
  if (requirements.length < 2) return requirements[0]
  return allOf(...(requirements as [Requirement<undefined>]))
}

/** What the `denied` event holds, as it may stand in a log. */
interface Denial extends Readonly<Partial<Record<(typeof WHERE)[number], string>>> {
  readonly code: ErrorCode
  readonly check?: string
  readonly expected?: string
  readonly actual?: string
  readonly hint?: string
}

/** What a denial says of its request and its caller; the last three only of a verified token. */
const WHERE = [
  'time',
  'correlationId',
  'method',
  'route',
  'requirement',
  'issuer',
  'clientId',
  'organizationIdentifier',
  'tenant',
] as const

/** `{ code: 'token_expired', …` over several lines: what `console` prints of an object. */
const PRINTED = /^\{\s+code: '\w+'/

/** The denial in a line of a log, at its top or one level down. */
function recordedDenial(text: string): Denial | undefined {
  if (PRINTED.test(text))
    throw usageFailure(
      'a denial as one line of JSON',
      'an object as the console prints it',
      'log it by console.warn(JSON.stringify(event))',
    )
  if (!text.startsWith('{')) return undefined
  try {
    const line = JSON.parse(text) as Record<string, unknown>
    const { time } = line as { readonly time?: string }
    const found = [line, ...Object.values(line)].find(isDenial)
    return found && { ...(time !== undefined && { time }), ...found }
  } catch {
    return undefined
  }
}

function isDenial(value: unknown): value is Denial {
  const { code } = Object(value) as { code?: unknown }
  return typeof code === 'string' && Object.hasOwn(ERRORS, code)
}

function explainDenial(runtime: CliRuntime, denial: Denial, flags: ExplainFlags): ExitCode {
  const { code, expected = 'nothing recorded', actual = 'nothing recorded', hint } = denial
  const { status, kind, description } = ERRORS[code]
  const cure = hint ?? CURES[code]
  const printer = createPrinter(runtime, flags)
  const where = WHERE.flatMap((name) => {
    const { [name]: value } = denial
    return value === undefined ? [] : [[name, harmless(String(value))] as const]
  })
  const shown = {
    ...Object.fromEntries(where),
    ...{ code, status, kind, expected, actual, cure, answered: description },
  }
  printer.result(shown, () => [
    printer.strong(`A request was refused: ${code} (${status}).`),
    `    expected ${harmless(expected)}`,
    `    found    ${harmless(actual)}`,
    `    cure     ${harmless(cure)}`,
    ...where.map(([name, value]) => `    ${name}: ${value}`),
    `    ${WHOSE[kind]}`,
    `The caller was answered: ${description}.`,
  ])
  return kind === 'verifier' ? EXIT.unreachable : EXIT.refused
}

const WHOSE = {
  configuration: 'The mistake is in the configuration of the API.',
  token: "The mistake is in the caller's request, or the configuration expects another token.",
  verifier: 'The Verifier, or the way to it, has a fault. The token was not decided on.',
} as const

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}

/** Whether an error is a wrong option of core, and its message. */
export function optionMistake(error: unknown): string | undefined {
  if (!(error instanceof GuardError) || error.kind !== 'configuration') return undefined
  const { expected, actual, hint } = error.reason
  return `expected ${expected}, found ${actual}${hint ? `: ${hint}` : ''}`
}
