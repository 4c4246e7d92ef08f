import type { CertifiedConnections } from './mtls.js'
import type { TokenSource } from './token-source.js'

/** Where a source holds its connections: out of sight, because they hold a key. */
const CONNECTIONS = Symbol.for('@verifier-guard/client/connections')

type WithConnections = {
  readonly [CONNECTIONS]?: () => CertifiedConnections | undefined
}

/** A member for a token source, which shows nothing where the source is printed. */
export function holdConnections(connections: CertifiedConnections | undefined): WithConnections {
  return { [CONNECTIONS]: () => connections }
}

/** The connections on which a source shows its certificate, if it has one. */
export function connectionsOf(tokens: TokenSource): CertifiedConnections | undefined {
  return (tokens as TokenSource & WithConnections)[CONNECTIONS]?.()
}
