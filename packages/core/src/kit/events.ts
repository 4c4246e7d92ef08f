import { explain, printable, type ErrorCode, type Reason } from './errors.js'
import { builtinModule, type Runtime } from './runtime.js'

/** A request was let through. */
export interface AllowedEvent {
  readonly issuer: string
  /** Whether the signature and claims had been checked before and were remembered. */
  readonly cached: boolean
}

/** A request was refused; the operator's half of the answer. */
export interface DeniedEvent extends Reason {
  readonly code: ErrorCode
  readonly status: number
  /**
   * First 16 characters of the token's SHA-256 in base64url: tells tokens apart without being one.
   */
  readonly fingerprint?: string
  /** What the caller was given to quote, when correlation ids are on. */
  readonly correlationId?: string
  /** The failure beneath, where there was one. */
  readonly cause?: unknown
}

/** A key set was fetched. */
export interface KeySetRefreshedEvent {
  readonly issuer: string
  readonly keys: number
  /** Published keys that can't be used with the allowed algorithms, and why. */
  readonly ignored: readonly { readonly kid: string | undefined; readonly why: string }[]
}

/** Keys appeared or disappeared. */
export interface KeysChangedEvent {
  readonly issuer: string
  readonly added: readonly (string | undefined)[]
  readonly removed: readonly (string | undefined)[]
}

/** A key set could not be fetched. */
export interface KeySetFailedEvent {
  readonly issuer: string
  /** Failures in a row, this one included. */
  readonly failures: number
  readonly message: string
  /** Seconds until the next attempt of its own accord. */
  readonly retryIn: number
}

/**
 * The keys in use are older than their maximum age, because newer ones could not be had. Reported
 * once an outage.
 */
export interface KeySetStaleEvent {
  readonly issuer: string
  /** Age of the keys, in seconds. */
  readonly age: number
}

/** Every event by its name, with what it carries. Nothing in any of them is secret or personal. */
export interface GuardEvents {
  readonly allowed: AllowedEvent
  readonly denied: DeniedEvent
  readonly keySetRefreshed: KeySetRefreshedEvent
  readonly keysChanged: KeysChangedEvent
  readonly keySetFailed: KeySetFailedEvent
  readonly keySetStale: KeySetStaleEvent
}

/**
 * Functions to be told of events. One that throws, or whose promise rejects, disturbs no request.
 */
export type Listeners = {
  readonly [Name in keyof GuardEvents]?: (event: GuardEvents[Name]) => void
}

/**
 * Sends events to the application's listeners and to the `diagnostics_channel` named
 * `verifier-guard:<event>`.
 */
export interface Emitter {
  /**
   * Whether an event is worth building, so that hot paths build none for nobody: somebody listens,
   * or the developer is to be warned of it.
   *
   * @param code of a `denied` event; without it, any that may be warned of counts
   */
  listens(name: keyof GuardEvents, code?: ErrorCode): boolean
  emit<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void
}

/** The names of all events. */
export const EVENT_NAMES = [
  'allowed',
  'denied',
  'keySetRefreshed',
  'keysChanged',
  'keySetFailed',
  'keySetStale',
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
  'rule_failed',
] as const satisfies readonly ErrorCode[]

/** Issuers whose failures the developer is warned of; of a template there may be any number. */
const MOST_ISSUERS = 10

/**
 * Connects the application's listeners and the diagnostics channels; where nobody listens, warns
 * once of what a developer has to know.
 */
export function createEmitter(listeners: Listeners, runtime: Pick<Runtime, 'warn'>): Emitter {
  const diagnostics = builtinModule('node:diagnostics_channel')
  const channels = new Map(
    EVENT_NAMES.map((name) => [name, diagnostics?.channel(`verifier-guard:${name}`)] as const),
  )
  const isHeard = (name: keyof GuardEvents) =>
    listeners[name] !== undefined || channels.get(name)?.hasSubscribers === true
  const silence = createSilenceBreaker(runtime)
  return {
    listens: (name, code) => isHeard(name) || (name === 'denied' && silence.mayWarn(code)),
    emit(name, event) {
      if (!isHeard(name)) return silence.warn(name, event)
      channels.get(name)?.publish(event)
      const failed = (error: unknown) =>
        runtime.warn(
          `a listener of the event "${name}" threw ${error instanceof Error ? error.name : 'something'}; it should not`,
        )
      try {
        // An asynchronous listener fits the type too, and its rejection would end the process.
        const late: unknown = listeners[name]?.(event)
        if (late instanceof Object && 'then' in late) Promise.resolve(late).catch(failed)
      } catch (error) {
        failed(error)
      }
    },
  }
}

/**
 * Without it, an application that listens to nothing answers 401 or 503 for ever because of one
 * wrong option, and nobody learns why.
 */
function createSilenceBreaker(runtime: Pick<Runtime, 'warn'>) {
  const codes = new Set<ErrorCode>(LIKELY_MISTAKES)
  const failed = new Set<string>()
  return {
    mayWarn: (code: ErrorCode | undefined) =>
      code === undefined ? codes.size > 0 : codes.has(code),
    warn(name: keyof GuardEvents, event: GuardEvents[keyof GuardEvents]) {
      if (name === 'denied') {
        const { code, ...reason } = event as DeniedEvent
        if (codes.delete(code)) runtime.warn(denied(code, reason))
      }
      if (name === 'keySetFailed') {
        const { issuer, message } = event as KeySetFailedEvent
        if (failed.has(issuer) || failed.size >= MOST_ISSUERS) return
        failed.add(issuer)
        runtime.warn(keySetFailed(issuer, message))
      }
    },
  }
}

function denied(code: ErrorCode, reason: Reason): string {
  return `A request was refused with ${code}: ${explain(reason)}. ${once('denied', 'every denial')}`
}

function keySetFailed(issuer: string, message: string): string {
  const hint =
    'check "issuer" and "jwksUri", and that this process can reach the Verifier; without keys, requests get 503'
  return `The keys of ${printable(issuer)} could not be fetched: ${message}: ${hint}. ${once('keySetFailed', 'every failure')}`
}

function once(name: keyof GuardEvents, what: string): string {
  return `This is said once; the event "${name}" (option "events") tells of ${what}.`
}
