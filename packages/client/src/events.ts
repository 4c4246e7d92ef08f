import { builtinModule } from '@verifier-guard/core/support'
import type { TokenSourceError } from './errors.js'
import type { TokenParameters } from './parameters.js'
import type { ClientRuntime } from './runtime.js'

/** What every event says. */
interface Common {
  /** The authorization server. */
  readonly issuer: string
}

/** What an event on the token for one set of parameters says. */
interface OfToken extends Common {
  /** What the token is for. Further parameters are left out, because they may be secret. */
  readonly parameters: Omit<TokenParameters, 'parameters'>
}

/**
 * Every event by its name, with what it carries. Holds no token, key, secret or credential.
 *
 * Each is also published on the `diagnostics_channel` named `verifier-guard:client:<event>`.
 *
 * @example
 * ```ts
 * import { createTokenSource, type TokenSourceEvents } from '@verifier-guard/client'
 *
 * const log = ({ error, covered }: TokenSourceEvents['tokenRequestFailed']) =>
 *   console.warn(error.code, covered ? 'callers get the previous token' : 'no token')
 *
 * createTokenSource({
 *   authorizationServer: 'https://login.example.org',
 *   clientId: 'orders',
 *   clientSecret: process.env.CLIENT_SECRET ?? '',
 *   events: { tokenRequestFailed: log },
 * })
 * ```
 */
export interface TokenSourceEvents {
  /** A token arrived. */
  readonly tokenObtained: OfToken & {
    /** Seconds since 1970; `undefined` for a token that does not say. */
    readonly expiresAt: number | undefined
    /** How many tries it took. One try may send a second request, with a better proof. */
    readonly tries: number
  }
  /** The requests for a token failed. */
  readonly tokenRequestFailed: OfToken & {
    readonly error: TokenSourceError
    /** How many tries failed. One try may send a second request, with a better proof. */
    readonly tries: number
    /** How long no further request leaves. Seconds. */
    readonly pause: number
    /** Whether callers still get the previous token. */
    readonly covered: boolean
  }
  /** An API refused a token, and it is to be replaced. */
  readonly tokenDropped: OfToken
  /**
   * A server refused a proof of possession, and its `Date` differs from the clock of this machine:
   * proofs for it go by its clock from now on.
   */
  readonly clockLearned: Common & {
    readonly origin: string
    /** How far this machine is ahead of the server. Seconds; negative if it is behind. */
    readonly offset: number
  }
  /** The machine credential ends within 30 days. Sent with a token request, once a day. */
  readonly credentialExpiring: Common & {
    /** Seconds since 1970. */
    readonly validUntil: number
  }
}

/** Functions to call for events. One that throws, or whose promise rejects, disturbs no token. */
export type TokenSourceListeners = {
  readonly [Name in keyof TokenSourceEvents]?: (event: TokenSourceEvents[Name]) => void
}

/** The names of all events. */
export const EVENT_NAMES = [
  'tokenObtained',
  'tokenRequestFailed',
  'tokenDropped',
  'clockLearned',
  'credentialExpiring',
] as const satisfies readonly (keyof TokenSourceEvents)[]

/** Sends an event to the listeners and the diagnostics channels. */
export type Emit = <Name extends keyof TokenSourceEvents>(
  name: Name,
  event: Omit<TokenSourceEvents[Name], 'issuer'>,
) => void

/** Connects a source's listeners and the diagnostics channels. */
export function createEmitter(
  issuer: string,
  listeners: TokenSourceListeners,
  { warn }: Pick<ClientRuntime, 'warn'>,
): Emit {
  const diagnostics = builtinModule<typeof import('node:diagnostics_channel')>(
    'node:diagnostics_channel',
  )
  return (name, rest) => {
    const event = { issuer, ...rest } as never
    const failed = (error: unknown) =>
      warn(
        `a listener of the event "${name}" threw ${error instanceof Error ? error.name : 'something'}; it should not`,
      )
    try {
      // An asynchronous listener fits the type too, and its rejection would end the process.
      const late: unknown = listeners[name]?.(event)
      if (late instanceof Object && 'then' in late) Promise.resolve(late).catch(failed)
    } catch (error) {
      failed(error)
    }
    diagnostics?.channel(`verifier-guard:client:${name}`).publish(event)
  }
}
