/*
 * Reads the result of a decision, and the type of its error, for attributes with few values.
 */

/** OpenTelemetry's own value for an error that has no name of its own. */
const OTHER_ERROR = '_OTHER'

/** Members of the errors of core and client, and of a failed exchange of either. */
interface KnownError {
  readonly code?: unknown
  readonly kind?: unknown
  readonly reason?: unknown
}

/** Codes and reasons of this project. Of other errors any text may stand there. */
const NAME = /^[a-z][a-z_]{0,39}$/

/** What the answer to a refused request says. */
export function resultOf(error: unknown): 'denied' | 'unavailable' | 'failed' {
  const { kind } = Object(error) as KnownError
  if (kind === 'token') return 'denied'
  return kind === 'verifier' ? 'unavailable' : 'failed'
}

/** The attribute `error.type`: a code of ours, or the reason of a failed exchange. */
export function errorType(error: unknown): string {
  const { code, reason } = Object(error) as KnownError
  const name = [code, reason].find((text) => typeof text === 'string' && NAME.test(text))
  return (name as string | undefined) ?? OTHER_ERROR
}
