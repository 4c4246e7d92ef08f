/*
 * Counts requests by what became of them. Events in, one count each out; the server span gets the
 * code of a denial, and the id that the caller was given.
 */
import { trace, type Attributes } from '@opentelemetry/api'
import type { GuardEvents } from '@verifier-guard/core'
import { bounded } from './bounded.js'
import type { Instruments } from './instruments.js'
import type { Listeners } from './subscriptions.js'

const MAX_REQUIREMENTS = 100
const MAX_ROUTES = 500

/** Makes the listeners for requests. */
export function watchRequests({ add }: Instruments): Listeners {
  const requirements = bounded(MAX_REQUIREMENTS)
  const routes = bounded(MAX_ROUTES)
  const where = ({ requirement, route }: GuardEvents['allowed' | 'denied']): Attributes => ({
    ...(requirement !== undefined && { requirement: requirements(requirement) }),
    ...(route !== undefined && { 'http.route': routes(route) }),
  })
  return {
    'verifier-guard:allowed': (event: GuardEvents['allowed']) =>
      add('verifier_guard.authorization.attempts', 1, { result: 'allowed', ...where(event) }),
    'verifier-guard:denied': (event: GuardEvents['denied']) => {
      const { code, status, share = 1 } = event
      const result = status >= 500 ? 'unavailable' : 'denied'
      const attributes = { result, 'error.type': code, ...where(event) }
      // Of denials that are sampled, each stands for several.
      add('verifier_guard.authorization.attempts', 1 / share, attributes)
      tellServerSpan(event)
    },
  }
}

/** `error.type` of the server span stays the framework's. */
function tellServerSpan({ code, correlationId }: GuardEvents['denied']): void {
  trace.getActiveSpan()?.setAttributes({
    'verifier_guard.error.type': code,
    ...(correlationId !== undefined && { 'verifier_guard.correlation_id': correlationId }),
  })
}
