/**
 * Writes one line for each decision, for the log that auditors and a SIEM read.
 *
 * @packageDocumentation
 */
import type { AuthContext } from '../context.js'
import { quote } from '../kit/display.js'
import { configurationError } from '../kit/errors.js'
import { namesPersons, type EventListeners, type GuardEvents } from '../kit/events.js'
import { anything, count, readOptions, type OptionRows } from '../kit/option-rows.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'
import { entryOf, PERSONS, type AuditEntry, type AuditPerson } from './entry.js'
import { createWriter, writerOf, type AuditStream } from './writer.js'

export type { AuditEntry, AuditPerson } from './entry.js'
export type { AuditStream } from './writer.js'

/** How an audit trail is written. */
export interface AuditTrailOptions {
  /**
   * A stream, which gets a line of JSON for each decision, or a function, which gets the entry. One
   * that returns a promise is waited for; no request is.
   */
  readonly write: AuditStream | ((entry: AuditEntry) => unknown)
  /**
   * What may be named of the person behind a caller whose token is good. Default: none.
   */
  readonly persons?: readonly AuditPerson[]
  /** Lines that may wait to be written. Further ones are dropped, and counted. Default: 10 000. */
  readonly maxPending?: number
  /** Clock and warnings. Default: those of the process. */
  readonly runtime?: Pick<Runtime, 'now' | 'warn'>
}

/** An audit trail. */
export interface AuditTrail {
  /** For the option `events` of a resource server, or of several. */
  readonly events: Required<Pick<EventListeners, 'allowed' | 'denied'>>
  /** How many lines were dropped until now. */
  readonly dropped: () => number
}

const ROWS = {
  write: { check: anything, defaultIs: 'required', says: 'a stream, or a function' },
  persons: { check: checkPersons, default: [], says: 'what may be named of a person' },
  maxPending: { check: count(1_000_000), default: 10_000, says: 'lines that may wait' },
  runtime: { check: anything, default: systemRuntime, says: 'clock and warnings' },
} as const satisfies OptionRows<AuditTrailOptions>

/**
 * Makes an audit trail: one line of JSON for each request that was decided on, with who called
 * which route and what was decided. It holds no token, and names a person only where `persons` says
 * so, member by member.
 *
 * It never blocks or fails a request. A line that can't be written, or waits behind too many
 * others, is dropped and counted; the next line says how many were.
 *
 * It does not keep lines: what is lost with the process, and for how long they are stored, is the
 * stream's.
 *
 * @param options where lines go, and what they may name
 * @returns listeners for the option `events`, and the count of dropped lines
 * @throws {GuardError} `invalid_configuration`
 * @example
 * ```ts
 * import { createResourceServer } from '@verifier-guard/core'
 * import { auditTrail } from '@verifier-guard/core/audit'
 *
 * const audit = auditTrail({ write: process.stdout })
 * createResourceServer({
 *   issuer: 'https://verifier.example.org/verifier',
 *   profile: 'eudistack',
 *   correlationId: 'traceparent',
 *   events: audit.events,
 * })
 * ```
 */
export function auditTrail(options: AuditTrailOptions): AuditTrail {
  const { write, persons, maxPending, runtime } = readOptions(
    'options of auditTrail',
    options,
    ROWS,
  )
  checkWrite('write', write)
  const writer = createWriter(writerOf(write), maxPending, runtime)

  function note(event: GuardEvents['allowed' | 'denied'], caller?: object): void {
    writer.write(entryOf(event, runtime.now(), caller as AuthContext | undefined, persons))
  }
  const listener = persons.length > 0 ? Object.assign(note, { [namesPersons]: true }) : note
  return {
    events: Object.freeze({ allowed: listener, denied: listener }),
    dropped: writer.dropped,
  }
}

function checkWrite(name: string, value: unknown): void {
  const isStream = typeof (value as AuditStream | null)?.write === 'function'
  if (isStream || typeof value === 'function') return
  throw configurationError(
    `"${name}" as a stream or a function`,
    quote(value),
    'pass process.stdout, or (entry) => logger.info(entry)',
  )
}

function checkPersons(name: string, value: unknown): void {
  const names = Object.keys(PERSONS)
  if (Array.isArray(value) && value.every((one) => names.includes(one as string))) return
  throw configurationError(
    `"${name}" as a list of ${names.join(', ')}`,
    quote(Array.isArray(value) ? value.find((one) => !names.includes(one as string)) : value),
    'leave it out to name no person',
  )
}
