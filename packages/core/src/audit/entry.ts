/*
 * What a line of the audit trail says. Event in, entry out; of persons only what is named.
 */
import type { AuthContext } from '../context.js'
import type { GuardEvents } from '../kit/events.js'

/** One decision. Members that are not known are absent. */
export interface AuditEntry {
  /** When it was decided: RFC 3339, in UTC, with milliseconds. */
  readonly time: string
  /** `unavailable` where nothing could be decided: the caller got 503. */
  readonly result: 'allowed' | 'denied' | 'unavailable'
  /** Why it was not allowed. */
  readonly code?: string
  /** The status of a refusal. */
  readonly status?: number
  readonly method?: string
  /** The pattern of the route, never the path. */
  readonly route?: string
  readonly requirement?: string
  readonly issuer?: string
  readonly clientId?: string
  readonly organizationIdentifier?: string
  readonly tenant?: string
  readonly kind?: string
  /** What joins it with the answer, the event and the span. */
  readonly correlationId?: string
  /** Tells the tokens of refusals apart, without being one. */
  readonly fingerprint?: string
  /** The share of denials that is written, where the option `sampleDenied` leaves some out. */
  readonly share?: number
  /** The persons that the option `persons` names. */
  readonly persons?: Readonly<Partial<Record<AuditPerson, string>>>
  /** How many lines were lost since the line before. */
  readonly dropped?: number
}

/** What an audit trail can name of a person. */
export type AuditPerson = keyof typeof PERSONS

/** What may be named of a person, and where it stands. */
export const PERSONS = {
  subject: ({ subject }: AuthContext) => subject,
  mandateeId: ({ mandate }: AuthContext) => mandate?.mandatee.id,
  mandateeEmail: ({ mandate }: AuthContext) => mandate?.mandatee.email,
  mandateeFirstName: ({ mandate }: AuthContext) => mandate?.mandatee.firstName,
  mandateeLastName: ({ mandate }: AuthContext) => mandate?.mandatee.lastName,
  mandateeEmployeeId: ({ mandate }: AuthContext) => mandate?.mandatee.employeeId,
  mandatorCommonName: ({ mandate }: AuthContext) => mandate?.mandator.commonName,
} as const

/** What of an event becomes part of its line; the reason in full stays in the event. */
const MEMBERS = [
  'code',
  'status',
  'method',
  'route',
  'requirement',
  'issuer',
  'clientId',
  'organizationIdentifier',
  'tenant',
  'kind',
  'correlationId',
  'fingerprint',
  'share',
] as const satisfies readonly (keyof AuditEntry)[]

type Decided = GuardEvents['allowed' | 'denied']

/**
 * Makes the entry of a decision.
 *
 * @param now milliseconds since 1970
 * @param caller whose token is good; `undefined` for others, and where no person is to be named
 */
export function entryOf(
  event: Decided,
  now: number,
  caller: AuthContext | undefined,
  persons: readonly AuditPerson[],
): AuditEntry {
  const named = caller && personsOf(caller, persons)
  return {
    time: new Date(now).toISOString(),
    result: resultOf(event),
    ...pick(event),
    ...(named !== undefined && { persons: named }),
  }
}

function resultOf(event: Decided): AuditEntry['result'] {
  if (!('status' in event)) return 'allowed'
  return event.status >= 500 ? 'unavailable' : 'denied'
}

function pick(event: Partial<AuditEntry>): Partial<AuditEntry> {
  const entry: Record<string, unknown> = {}
  for (const name of MEMBERS) if (event[name] !== undefined) entry[name] = event[name]
  return entry
}

function personsOf(
  caller: AuthContext,
  names: readonly AuditPerson[],
): AuditEntry['persons'] | undefined {
  const known = names
    .map((name) => [name, PERSONS[name](caller)] as const)
    .filter(([, value]) => value !== undefined)
  return known.length > 0 ? Object.fromEntries(known) : undefined
}
