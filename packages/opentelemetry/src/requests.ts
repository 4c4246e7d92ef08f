/*
 * Counts requests by their result. The server span gets the code of a denial, and the id that the
 * caller was given.
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

  function count(
    attributes: Attributes,
    { requirement, route }: GuardEvents['allowed' | 'denied'],
    weight = 1,
  ): void {
    if (requirement !== undefined) attributes['requirement'] = requirements(requirement)
    if (route !== undefined) attributes['http.route'] = routes(route)
    add('verifier_guard.authorization.attempts', weight, attributes)
  }

  return {
    'verifier-guard:allowed': (event: GuardEvents['allowed']) =>
      count({ result: 'allowed' }, event),
    'verifier-guard:denied': (event: GuardEvents['denied']) => {
      const { code, status, share = 1 } = event
      const result = status >= 500 ? 'unavailable' : 'denied'
      // Of denials that are sampled, each stands for several.
      count({ result, 'error.type': code }, event, 1 / share)
      markServerSpan(event)
    },
  }
}

/** `error.type` of the server span stays the framework's. */
function markServerSpan({ code, correlationId }: GuardEvents['denied']): void {
  trace.getActiveSpan()?.setAttributes({
    'verifier_guard.error.type': code,
    ...(correlationId !== undefined && { 'verifier_guard.correlation_id': correlationId }),
  })
}
