/*
 * Answers the probes of an orchestrator. Health in, the answer to send out.
 */
import { configurationError, headerFields, type HeaderFields } from './kit/errors.js'
import { requireObject } from './kit/option-rows.js'
import type { ResourceServer, ResourceServerHealth } from './server.js'

/** What to send back to a probe. It says nothing of issuers, keys or failures. */
export interface ProbeAnswer {
  readonly status: 200 | 503
  readonly headers: HeaderFields
  readonly body: { readonly status: ResourceServerHealth['status'] | 'live' }
}

/** The answers of a process to its probes. */
export interface Probes {
  /**
   * Whether the process runs: always 200. It never depends on the Verifier, because an orchestrator
   * restarts what is not live, and a restart mends no outage.
   */
  readonly live: () => ProbeAnswer
  /**
   * Whether the process can decide on requests: 503 while there are no keys of any issuer, or after
   * `close()`; else 200, with `degraded` where keys or status lists can't be renewed.
   */
  readonly ready: () => ProbeAnswer
}

const NOT_STORED = headerFields([['Cache-Control', 'no-store']])

/**
 * Makes the answers to the probes for liveness and readiness from the state of a resource server.
 * A probe causes no fetch.
 *
 * It does not look at anything else that the application needs, such as its database.
 *
 * @param resourceServer the one that decides on the requests of this process
 * @returns the answer to each probe, for the framework to send
 * @throws {GuardError} `invalid_configuration` without a resource server
 * @example
 * ```ts
 * import { createResourceServer, probes } from '@verifier-guard/core'
 *
 * const { ready } = probes(
 *   createResourceServer({
 *     issuer: 'https://verifier.example.org/verifier',
 *     profile: 'eudistack',
 *   }),
 * )
 *
 * export function answerProbe(): Response {
 *   const { status, headers, body } = ready()
 *   return Response.json(body, { status, headers })
 * }
 * ```
 */
export function probes(resourceServer: Pick<ResourceServer<object>, 'health'>): Probes {
  const hint = 'pass what createResourceServer returned'
  requireObject('a resource server for probes(…)', resourceServer, hint)
  const { health } = resourceServer
  if (typeof health !== 'function')
    throw configurationError('a resource server for probes(…)', 'an object without health()', hint)
  return {
    live: () => ({ status: 200, headers: NOT_STORED, body: { status: 'live' } }),
    ready: () => {
      const { status } = health()
      return { status: status === 'down' ? 503 : 200, headers: NOT_STORED, body: { status } }
    },
  }
}
