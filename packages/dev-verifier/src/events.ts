import type { Endpoint } from './faults.js'
import type { RefusalCode } from './refusals.js'
import type { Runtime } from './runtime.js'

/** An access token was given to a client. */
export interface TokenIssuedEvent {
  /** The client that asked; a service at the profile `fiware`. */
  readonly clientId: string
  /** The tenant it is for. */
  readonly tenant?: string
  /** Life of the token. Seconds. */
  readonly expiresIn: number
}

/** A request was refused: what the caller was answered, and the cause that the answer hides. */
export interface RefusedEvent {
  /** The endpoint that refused; left out where the request reached none. */
  readonly endpoint?: Endpoint
  /** The name of the check that failed, a key of `refusals`. */
  readonly check: RefusalCode
  /** The status of the answer; left out where the connection was closed without one. */
  readonly status?: number
  /** `error` of the answer's body, where it has one. */
  readonly error?: string
  /** What was expected, and what was found. */
  readonly cause: string
  /** The client that asked, where it is registered or a did:key. */
  readonly clientId?: string
}

/** The development Verifier itself failed: a fault in it, which it answered with 500. */
export interface FailedEvent {
  readonly endpoint: Endpoint
  readonly message: string
}

/** Every event by its name, with what it carries. Nothing in any of them is secret. */
export interface DevVerifierEvents {
  readonly tokenIssued: TokenIssuedEvent
  /** A refused token request. */
  readonly tokenRefused: RefusedEvent
  /** Any other refused request. */
  readonly requestRefused: RefusedEvent
  readonly failed: FailedEvent
}

/**
 * Functions to call for events. One that throws, or whose promise rejects, disturbs no request.
 *
 * @example
 * ```ts
 * import { startDevVerifier } from '@verifier-guard/dev-verifier'
 *
 * const verifier = await startDevVerifier({
 *   events: { tokenRefused: ({ check, cause }) => console.warn(check, cause) },
 * })
 * ```
 */
export type Listeners = {
  readonly [Name in keyof DevVerifierEvents]?: (event: DevVerifierEvents[Name]) => void
}

/** Sends an event to its listener, if there is one. */
export type Emit = <Name extends keyof DevVerifierEvents>(
  name: Name,
  event: DevVerifierEvents[Name],
) => void

/** The names of all events. */
export const EVENT_NAMES = [
  'tokenIssued',
  'tokenRefused',
  'requestRefused',
  'failed',
] as const satisfies readonly (keyof DevVerifierEvents)[]

/** Connects the listeners. A warning names one that fails. */
export function createEmitter(listeners: Listeners, { warn }: Pick<Runtime, 'warn'>): Emit {
  return (name, event) => {
    const failed = (): void =>
      warn(`a listener of the event "${name}" of the development Verifier failed; it should not`)
    try {
      // An asynchronous listener fits the type too, and its rejection would end the process.
      const late: unknown = listeners[name]?.(event)
      Promise.resolve(late).catch(failed)
    } catch {
      failed()
    }
  }
}
