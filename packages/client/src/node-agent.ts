import type { Agent } from 'node:https'
import type { CertifiedConnections } from './mtls.js'

const agents = new WeakMap<CertifiedConnections, Agent>()

/** The connections of a source for a client that sends through `node:https`. */
export async function nodeAgent(connections: CertifiedConnections): Promise<Agent> {
  const { Agent } = await import('node:https')
  const { cert, key, ca } = connections.certificate
  const agent =
    agents.get(connections) ??
    new Agent({
      keepAlive: true,
      cert: Buffer.from(cert as Uint8Array),
      key: Buffer.from(key as Uint8Array),
      ...(ca !== undefined && { ca: [ca].flat().map((one) => Buffer.from(one as Uint8Array)) }),
    })
  agents.set(connections, agent)
  return agent
}
