import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { ISSUER_KEY, LOST_LISTS, type Mount } from './application.js'

/**
 * What the cases are about: two Verifiers, one that can't be reached, and an application that is
 * guarded in several ways.
 */
export interface World {
  readonly verifier: DevVerifier
  readonly other: DevVerifier
  /** An issuer that refuses connections. */
  readonly unreachable: string
  readonly mounts: readonly Mount[]
  close(): Promise<unknown>
}

/** The client that employees use; machine tokens are addressed to the Verifier. */
export const FRONTEND = 'orders-frontend'

export async function createWorld(): Promise<World> {
  const [verifier, other] = await Promise.all([
    startDevVerifier(),
    startDevVerifier({ profile: 'dome' }),
  ])
  const gone = await startDevVerifier()
  await gone.close()
  const options = {
    issuer: verifier.issuer,
    profile: 'eudistack',
    clientIds: [FRONTEND],
    status: { lists: [{ url: LOST_LISTS, keys: { keys: [ISSUER_KEY] } }] },
  } as const
  const mounts: readonly Mount[] = [
    { path: '/api', options },
    { path: '/v2/described', options: { ...options, realm: 'orders "API"', correlationId: true } },
    { path: '/optional', options, authOptions: { optional: true } },
    { path: '/other', options: { issuer: other.issuer, profile: 'dome' } },
    { path: '/unreachable', options: { issuer: gone.issuer, profile: 'eudistack' } },
    { path: '/unguarded' },
  ]
  return {
    verifier,
    other,
    unreachable: gone.issuer,
    mounts,
    close: () => Promise.all([verifier.close(), other.close()]),
  }
}
