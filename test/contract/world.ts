import { startDevVerifier, type DevVerifier } from '@verifier-guard/dev-verifier'
import { heard, type Mount } from './application.js'
import { routes, status } from './routes.js'

/**
 * What the cases are about: two Verifiers, one that is unreachable, and an application that is
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
  const trust = { profile: 'eudistack', events: heard } as const
  const options = { ...trust, issuer: verifier.issuer, clientIds: [FRONTEND], status }
  const mounts: readonly Mount[] = [
    { path: '/api', options, routes },
    {
      path: '/v2/described',
      options: { ...options, realm: 'orders "API"', correlationId: true },
      routes,
    },
    { path: '/optional', options, authOptions: { optional: true }, routes },
    { path: '/other', options: { ...trust, issuer: other.issuer, profile: 'dome' }, routes },
    { path: '/unreachable', options: { ...trust, issuer: gone.issuer }, routes },
    { path: '/unguarded', routes },
  ]
  return {
    verifier,
    other,
    unreachable: gone.issuer,
    mounts,
    close: () => Promise.all([verifier.close(), other.close()]),
  }
}
