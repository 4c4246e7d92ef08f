/*
 * The keys of an issuer as a resource server takes them, and those that it ignores.
 */
import {
  createResourceServer,
  GuardError,
  type GuardEvents,
  type IssuerOptions,
  type ResourceServerOptions,
} from '@verifier-guard/core'
import { describeOptions } from '@verifier-guard/core/explain'
import { harmless } from '../output.js'
import { networkOf, optionsFor, type Facts } from './facts.js'
import { bad, good, isSilence, warning, type DoctorFinding } from './findings.js'

/** Fetches the keys by core itself, so that the doctor sees what the API sees. */
export async function checkKeys(
  facts: Facts,
  own: IssuerOptions,
): Promise<readonly DoctorFinding[]> {
  const fetched: GuardEvents['keySetRefreshed'][] = []
  const failed: GuardEvents['keySetFailed'][] = []
  const options = optionsFor(facts, own)
  const server = createResourceServer({
    ...options,
    events: {
      keySetRefreshed: (event) => fetched.push(event),
      keySetFailed: (event) => failed.push(event),
    },
    runtime: { ...networkOf(facts), warn: () => {} },
  })
  const expected = `keys that ${algorithmsOf(options)} can use`
  try {
    await server.ready()
    const count = server.health().issuers.reduce((sum, one) => sum + one.keys, 0)
    return [good('keys', expected, `${count} of them`), ...ignoredKeys(fetched.at(-1))]
  } catch (error) {
    if (!(error instanceof GuardError)) throw error
    const { actual, hint = 'see "algorithms" and "jwksUri"' } = error.reason
    return [
      { ...bad('keys', expected, actual, hint), isUnreachable: isSilence(failed.at(-1)?.reason) },
    ]
  } finally {
    server.close()
  }
}

function ignoredKeys(event: GuardEvents['keySetRefreshed'] | undefined): readonly DoctorFinding[] {
  return (event?.ignored ?? []).map(({ kid, why }) =>
    warning(
      'ignored key',
      'a published key that can be used',
      `${kid === undefined ? 'one without "kid"' : harmless(kid)}: ${why}`,
      'tokens that it signs are refused; if the Verifier signs access tokens with it, see "algorithms"',
    ),
  )
}

function algorithmsOf(options: ResourceServerOptions): string {
  return describeOptions(options).find(({ about }) => about === 'algorithms')?.accepted ?? 'none'
}
