/*
 * Reports to the application what happens inside. Events in; listeners, diagnostics channels and
 * the first warnings out. Nothing in an event is secret or personal.
 */
import { printable } from './display.js'
import { explain, type DenialReason, type ErrorCode } from './errors.js'
import type { HttpFailureReason } from './http.js'
import { nodeDiagnostics } from './node.js'
import type { Runtime } from './runtime.js'

/**
 * Whose request it is, where the signature of its token held, and where it goes. Texts that the
 * issuer chose are cut after 256 characters.
 */
export interface AboutRequest {
  /** The calling client, as `auth.clientId`. */
  readonly clientId?: string
  /** The organisation that granted the mandate: `VATES-B12345678`. */
  readonly organizationIdentifier?: string
  /** The tenant that the token was issued for. */
  readonly tenant?: string
  /** The kind of actor; absent where a refused token's credential can't be read. */
  readonly kind?: 'machine' | 'employee' | 'unknown' | 'none'
  /** The request's method. */
  readonly method?: string
  /**
   * The route's pattern, where the framework knows it: `/orders/:id`. Never the query. Express
   * states where a router is mounted as it was requested.
   */
  readonly route?: string
  /** The name of the requirement that refused, or of those that were met, separated by `; `. */
  readonly requirement?: string
  /** What the caller was given to quote, or what the request brought along: `correlationId`. */
  readonly correlationId?: string
}

/** Every event by its name, with what it carries. */
export interface GuardEvents {
  /**
   * A request is allowed. Each request is published once, as this or as `denied`. An adapter
   * publishes this once all guards have allowed the request, at the latest when its answer ends.
   * Neither is published where the caller left before, or where a guard failed with status 500.
   */
  readonly allowed: AboutRequest & {
    /** Absent for an anonymous caller, where authentication is optional. */
    readonly issuer?: string
    /** Whether the token had been validated for an earlier request. */
    readonly cached: boolean
  }
  /** A request was refused; the operator's half of the answer. */
  readonly denied: DenialReason &
    AboutRequest & {
      readonly code: ErrorCode
      readonly status: number
      /**
       * First 16 characters of the token's SHA-256 in base64url: tells tokens apart without being
       * one.
       */
      readonly fingerprint?: string
      /**
       * The issuer that the token states, where the options or a lookup know it. The signature may
       * be another's. An issuer of a template stands here only once its key has signed.
       */
      readonly issuer?: string
      /** The share of denials that is published, where that is not all: option `sampleDenied`. */
      readonly share?: number
      /** The failure beneath, where there was one. */
      readonly cause?: unknown
    }
  /** A key set was fetched. */
  readonly keySetRefreshed: {
    readonly issuer: string
    readonly keys: number
    /** Published keys that can't be used with the allowed algorithms, and why. */
    readonly ignored: readonly { readonly kid: string | undefined; readonly why: string }[]
  }
  /** Keys appeared or disappeared. */
  readonly keysChanged: {
    readonly issuer: string
    readonly added: readonly (string | undefined)[]
    readonly removed: readonly (string | undefined)[]
  }
  /** A key set could not be fetched. */
  readonly keySetFailed: {
    readonly issuer: string
    /** Failures in a row, this one included. */
    readonly failures: number
    /** Why: `unreachable` or `timeout` without an answer, the others with one that is unfit. */
    readonly reason: HttpFailureReason
    readonly message: string
    /** Seconds until the next attempt in the background. */
    readonly retryIn: number
  }
  /** The keys in use are stale, because no newer ones can be fetched. Once an outage. */
  readonly keySetStale: {
    readonly issuer: string
    /** Age of the keys, in seconds. */
    readonly age: number
  }
  /** A status list was fetched. */
  readonly statusListRefreshed: {
    /** The address of the list. */
    readonly list: string
  }
  /** A status list could not be fetched. */
  readonly statusListFailed: {
    /** The address of the list. */
    readonly list: string
    /** Failures in a row, this one included. */
    readonly failures: number
    readonly message: string
    /** Seconds until the next attempt. */
    readonly retryIn: number
  }
  /** The store of used proofs failed. */
  readonly replayStoreFailed: {
    readonly message: string
    /** Whether the proof was accepted without knowing whether it was used. */
    readonly accepted: boolean
  }
  /** The memory of used proofs is filled to four fifths. Once until it has emptied to half. */
  readonly replayMemoryFilling: {
    readonly entries: number
    readonly maxEntries: number
  }
}

/**
 * Functions that get the events. One that throws, or whose promise rejects, disturbs no request.
 */
export type EventListeners = {
  readonly [Name in keyof GuardEvents]?: (event: GuardEvents[Name]) => void
}

/**
 * Sends events to the application's listeners and to the `diagnostics_channel` named
 * `verifier-guard:<event>`.
 */
export interface Emitter {
  /**
   * Whether an event is worth building: there is a listener, or the developer is to be warned.
   *
   * @param code of a `denied` event; without it, any that may be warned of counts
   */
  listens(name: keyof GuardEvents, code?: ErrorCode): boolean
  /** @param caller for listeners that name persons: see {@link namesPersons} */
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name], caller?: object): void
}

/**
 * Marks a listener that gets the caller beside the event. Events carry nothing of the persons in a
 * credential, so they can be logged as they are; an audit trail may have to.
 */
export const namesPersons = Symbol.for('@verifier-guard/core/names-persons')

interface Listener<Event> {
  (event: Event, caller?: object): void
  readonly [namesPersons]?: true
}

/** The names of all events. */
export const EVENT_NAMES = [
  'allowed',
  'denied',
  'keySetRefreshed',
  'keysChanged',
  'keySetFailed',
  'keySetStale',
  'statusListRefreshed',
  'statusListFailed',
  'replayStoreFailed',
  'replayMemoryFilling',
] as const

/**
 * Denials whose first one is a mistake in the configuration or the application more often than in a
 * token.
 */
const LIKELY_MISTAKES = [
  'issuer_not_trusted',
  'audience_mismatch',
  'token_type_not_accepted',
  'algorithm_not_allowed',
  'key_unsuitable',
  'certificate_malformed',
  // A clock that is wrong refuses every fresh token.
  'token_not_yet_valid',
  'dpop_proof_invalid',
  'rule_failed',
] as const satisfies readonly ErrorCode[]

/**
 * Places whose failures the developer is warned of, beside the configured issuers: callers can
 * invent tenants of a template.
 */
const MOST_PLACES = 10

/**
 * Connects the application's listeners and the diagnostics channels; without either, warns once of
 * what a developer has to know.
 *
 * @param configured issuers whose failures the developer is warned of in any case
 */
export function createEmitter(
  listeners: EventListeners,
  runtime: Pick<Runtime, 'warn'>,
  configured: readonly string[] = [],
): Emitter {
  const channels = new Map(
    EVENT_NAMES.map((name) => [name, nodeDiagnostics?.channel(`verifier-guard:${name}`)] as const),
  )
  const isHeard = (name: keyof GuardEvents) =>
    listeners[name] !== undefined || channels.get(name)?.hasSubscribers === true
  const warnings = createWarnings(runtime, new Set(configured))
  return {
    listens: (name, code) => isHeard(name) || (name === 'denied' && warnings.mayWarn(code)),
    emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name], caller?: object) {
      if (!isHeard(name)) return warnings.warn(name, event)
      channels.get(name)?.publish(event)
      const listener: Listener<GuardEvents[Name]> | undefined = listeners[name]
      if (listener === undefined) return
      const isAudit = listener[namesPersons] === true
      tell(name, () => (isAudit ? listener(event, caller) : listener(event)), runtime)
    },
  }
}

/** A listener that throws, or whose promise rejects, disturbs no request and no process. */
function tell(
  name: keyof GuardEvents,
  listener: () => unknown,
  { warn }: Pick<Runtime, 'warn'>,
): void {
  const failed = (error: unknown) => {
    const what = error instanceof Error ? error.name : 'something'
    warn(`a listener of the event "${name}" threw ${what}; it should not`)
  }
  try {
    const late = listener()
    if (late instanceof Object && 'then' in late) Promise.resolve(late).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/**
 * Without it, an application that listens to nothing answers 401 or 503 for ever because of one
 * wrong option, and nothing says why.
 */
function createWarnings({ warn }: Pick<Runtime, 'warn'>, configured: ReadonlySet<string>) {
  const codes = new Set<ErrorCode>(LIKELY_MISTAKES)
  const failed = new Set<string>()
  let others = 0

  function warnOnce(place: string, message: string): void {
    if (failed.has(place) || (!configured.has(place) && others >= MOST_PLACES)) return
    failed.add(place)
    if (!configured.has(place)) others += 1
    warn(message)
  }

  const about: { readonly [Name in keyof GuardEvents]?: (event: GuardEvents[Name]) => void } = {
    denied: ({ code, ...reason }) => {
      if (codes.delete(code)) warn(denied(code, reason))
    },
    keySetFailed: ({ issuer, message }) => warnOnce(issuer, keySetFailed(issuer, message)),
    replayStoreFailed: ({ message }) => warnOnce('replay store', replayStoreFailed(message)),
    replayMemoryFilling: ({ maxEntries }) => warnOnce('replay memory', memoryFilling(maxEntries)),
    statusListFailed: ({ list, message }) => warnOnce(list, statusListFailed(message)),
  }
  return {
    mayWarn: (code: ErrorCode | undefined) =>
      code === undefined ? codes.size > 0 : codes.has(code),
    warn<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
      about[name]?.(event)
    },
  }
}

function denied(code: ErrorCode, reason: DenialReason): string {
  const page = `The page docs/errors.md#${code} of the repository has its causes.`
  return `A request was refused with ${code}: ${explain(reason)}. ${page} ${once('denied', 'every denial')}`
}

function keySetFailed(issuer: string, message: string): string {
  const hint =
    'check "issuer" and "jwksUri", and that this process can reach the Verifier; without keys, requests get 503'
  return `The keys of ${printable(issuer)} could not be fetched: ${message}: ${hint}. ${once('keySetFailed', 'every failure')}`
}

function statusListFailed(message: string): string {
  return `A status list could not be fetched: ${message}. ${once('statusListFailed', 'every failure')}`
}

function replayStoreFailed(message: string): string {
  return `The store of used DPoP proofs failed: ${printable(message)}: requests with bound tokens get 503 meanwhile, unless "dpop.replay.unavailable" says otherwise. ${once('replayStoreFailed', 'every failure')}`
}

function memoryFilling(maxEntries: number): string {
  return `The memory of used DPoP proofs is filled to four fifths of ${maxEntries}: once it is full, bound tokens get 503. Raise "dpop.replay.maxEntries". ${once('replayMemoryFilling', 'every time')}`
}

function once(name: keyof GuardEvents, what: string): string {
  return `This is said once; the event "${name}" (option "events") reports ${what}.`
}
