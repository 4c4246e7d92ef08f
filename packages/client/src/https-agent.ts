import type { Agent } from 'node:https'
import { tlsOptions, type CertifiedConnections } from './mtls.js'

const agents = new WeakMap<CertifiedConnections, Agent>()

/** The connections of a source for a client that sends through `node:https`. */
export async function httpsAgent(connections: CertifiedConnections): Promise<Agent> {
  const { Agent } = await import('node:https')
  const options = { keepAlive: true, ...tlsOptions(connections.certificate) }
  const agent = agents.get(connections) ?? new Agent(options)
  agents.set(connections, agent)
  return agent
}
