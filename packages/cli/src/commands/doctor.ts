import { systemRuntime, type IssuerOptions } from '@verifier-guard/core'
import { describeOptions, explainToken, type Meaning } from '@verifier-guard/core/explain'
import { readUrl } from '@verifier-guard/core/support'
import { readConfiguration, type ConfigurationFlags } from '../configuration.js'
import { namedIssuers, type Facts } from '../doctor/facts.js'
import type { DoctorFinding } from '../doctor/findings.js'
import { checkKeys } from '../doctor/keys.js'
import { checkHeaderSize, checkOptions, checkProxy, checkUsedProofs } from '../doctor/options.js'
import {
  checkAddresses,
  checkClock,
  checkInside,
  checkTls,
  readMetadata,
} from '../doctor/verifier.js'
import { EXIT, usageFailure, type ExitCode } from '../exit.js'
import { readText } from '../input.js'
import { createPrinter, type OutputOptions } from '../output.js'
import type { CliRuntime } from '../runtime.js'
import { findingOf } from './explain.js'

/** The flags of `doctor`. */
export interface DoctorFlags extends ConfigurationFlags, OutputOptions {
  readonly inside?: string
  readonly token?: string
}

/** Checks a configuration against its Verifier. */
export async function doctor(runtime: CliRuntime, flags: DoctorFlags): Promise<ExitCode> {
  const configuration = await readConfiguration(runtime, flags)
  if (configuration === undefined)
    throw usageFailure('--config or --issuer', 'neither', 'say what to check')
  if (flags.inside !== undefined && !/^https?:$/.test(readUrl(flags.inside)?.protocol ?? ''))
    throw usageFailure(
      '--inside as an http(s) address',
      'another text',
      'write for instance http://verifier:8080/verifier',
    )
  const { options } = configuration
  const token = flags.token && (await readText(runtime, flags.token, 'token'))
  const facts: Facts = { options, runtime, inside: flags.inside, token }
  const findings = await examine(facts)
  const meanings = describeOptions(options)
  const printer = createPrinter(runtime, flags)
  printer.result({ healthy: exitOf(findings) === EXIT.good, findings, meanings }, () => [
    ...findings.flatMap((finding) => printer.finding(finding)),
    '',
    printer.strong('What these options mean:'),
    ...meanings.map(line),
    '',
    printer.strong(CONCLUSIONS[exitOf(findings)]),
  ])
  return exitOf(findings)
}

async function examine(facts: Facts): Promise<readonly DoctorFinding[]> {
  const findings = [checkOptions, checkUsedProofs, checkProxy, checkHeaderSize].flatMap((check) =>
    check(facts),
  )
  for (const issuer of namedIssuers(facts)) findings.push(...(await examineIssuer(facts, issuer)))
  return [...findings, ...(await examineToken(facts))]
}

async function examineIssuer(facts: Facts, own: IssuerOptions): Promise<readonly DoctorFinding[]> {
  if (own.keys !== undefined) return checkKeys(facts, own)
  const tls = await checkTls(facts, own)
  const { findings, metadata, date } = await readMetadata(facts, own)
  const addresses = metadata === undefined ? [] : await checkAddresses(facts, own, metadata)
  return [
    ...tls,
    ...(own.jwksUri === undefined ? findings : findings.filter(({ mark }) => mark === 'good')),
    ...addresses,
    ...(await checkInside(facts, own)),
    ...(await checkKeys(facts, own)),
    ...checkClock(facts, date),
  ]
}

async function examineToken({ token, options, runtime }: Facts): Promise<readonly DoctorFinding[]> {
  if (token === undefined) return []
  const { checks } = await explainToken(token, {
    ...options,
    runtime: { ...systemRuntime, fetch: runtime.fetch, now: runtime.now },
  })
  return checks.map((check) => {
    const finding = findingOf(check)
    return { ...finding, name: `token: ${finding.name}` }
  })
}

function exitOf(findings: readonly DoctorFinding[]): ExitCode {
  if (findings.some(({ isUnreachable }) => isUnreachable)) return EXIT.unreachable
  return findings.some(({ mark }) => mark === 'bad') ? EXIT.refused : EXIT.good
}

const CONCLUSIONS: Readonly<Record<ExitCode, string>> = {
  [EXIT.good]: 'No fault was found.',
  [EXIT.refused]: 'There are faults: with them, good tokens are refused.',
  [EXIT.usage]: 'The configuration is wrong.',
  [EXIT.unreachable]: 'The Verifier is out of reach: requests are answered with 503.',
}

function line({ about, accepted, refused }: Meaning): string {
  return `  ${about.padEnd(15)} accepts ${accepted}; refuses ${refused}`
}
