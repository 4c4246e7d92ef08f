import type { TokenSourceError } from './errors.js'
import type { TokenParameters } from './parameters.js'

/** What happens to the token for one set of parameters. */
export type KeptTokenEvent =
  | {
      readonly type: 'token_obtained'
      /**
       * Milliseconds since 1970; `undefined` for a token that does not say, which is kept for a
       * minute.
       */
      readonly expiresAt: number | undefined
      /** How many requests it took. */
      readonly tries: number
    }
  | {
      readonly type: 'token_request_failed'
      readonly error: TokenSourceError
      readonly tries: number
      /** For how long no request leaves, in milliseconds. */
      readonly pause: number
      /** Whether callers still get the token of before. */
      readonly covered: boolean
    }
  | { readonly type: 'token_dropped' }

/** What happens inside a token source; for logs and metrics. Holds no token, key or credential. */
export type TokenSourceEvent =
  | (KeptTokenEvent & { readonly parameters: TokenParameters })
  | {
      readonly type: 'credential_expiring'
      /** Milliseconds since 1970. */
      readonly validUntil: number
    }

/**
 * Called synchronously and not awaited; what it throws, or its promise rejects with, is swallowed.
 */
export type TokenSourceListener = (event: TokenSourceEvent) => void

/** Tells the listener, and keeps its failures from becoming the caller's. */
export function emit(listener: TokenSourceListener | undefined, event: TokenSourceEvent): void {
  try {
    // A listener may be an async function, whose rejection would end the process.
    const returned: unknown = listener?.(event)
    Promise.resolve(returned).catch(() => {})
  } catch {
    // A broken log must not cost a token.
  }
}
