import type { ErrorCode, Reason } from './errors.js'
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
  /** First 16 characters of the token's SHA-256 in base64url: tells tokens apart without being one. */
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

/** The keys in use are older than their maximum age, because newer ones could not be had. Reported once an outage. */
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

/** Functions to be told of events. One that throws, or whose promise rejects, disturbs no request. */
export type Listeners = { readonly [Name in keyof GuardEvents]?: (event: GuardEvents[Name]) => void }

/** Sends events to the application's listeners and to the `diagnostics_channel` named `verifier-guard:<event>`. */
export interface Emitter {
  /** Whether anybody listens, so that hot paths build no event for nobody. */
  listens(name: keyof GuardEvents): boolean
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

/** Connects the application's listeners and the diagnostics channels. */
export function createEmitter(listeners: Listeners, runtime: Pick<Runtime, 'warn'>): Emitter {
  const diagnostics = builtinModule('node:diagnostics_channel')
  const channels = new Map(EVENT_NAMES.map((name) => [name, diagnostics?.channel(`verifier-guard:${name}`)] as const))
  return {
    listens: (name) => listeners[name] !== undefined || channels.get(name)?.hasSubscribers === true,
    emit(name, event) {
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
