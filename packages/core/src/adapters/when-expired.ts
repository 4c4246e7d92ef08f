/* Ends what outlives the request when its token expires. */
import type { AuthContext } from '../context.js'
import { promised } from '../kit/later.js'
import { callable, requireObject } from '../kit/option-rows.js'
import { systemRuntime, type Runtime } from '../kit/runtime.js'

/**
 * Calls back once when the caller's token expires: to end a stream, a socket or a subscription that
 * outlives its request.
 *
 * Does not notice that a token or its credential is revoked before.
 *
 * @param auth the caller, or anything that says when: `expiresAt` in seconds since 1970
 * @param callback called at once where the token has expired already; it may throw, and a promise
 *   that it returns may reject, as closing what is closed does: both are ignored
 * @param runtime the clock and the timer; default: the system's, whose timer does not keep the
 *   process alive
 * @throws {GuardError} `invalid_configuration` without a caller: an anonymous one has no token
 * @returns a function that calls it off: for connections that end by themselves
 * @example
 * ```ts
 * import express from 'express'
 * import { auth, authOf, whenExpired } from '@verifier-guard/express'
 *
 * const app = express()
 * app.use(auth({ issuer: 'https://verifier.example.org/verifier', profile: 'eudistack' }))
 * app.get('/events', (req, res) => {
 *   res.type('text/event-stream').write('event: open\n\n')
 *   res.on('close', whenExpired(authOf(req), () => res.end('event: expired\n\n')))
 * })
 * ```
 */
export function whenExpired(
  auth: Pick<AuthContext, 'expiresAt'>,
  callback: () => unknown,
  runtime: Pick<Runtime, 'now' | 'schedule'> = systemRuntime,
): () => void {
  requireObject('a caller for whenExpired(…)', auth, 'an anonymous caller has no token to expire')
  callable('callback', callback)
  const { expiresAt } = auth
  let cancel = (): void => undefined
  const wait = () => {
    const left = expiresAt * 1_000 - runtime.now()
    // A timer that can't last so long calls back sooner.
    if (left > 0) cancel = runtime.schedule(wait, left)
    else promised(callback).catch(() => {})
  }
  wait()
  return () => cancel()
}
