import { isLoopback } from './loopback.js'
import { Refusal } from './refusals.js'
import { refuse } from './refuse.js'
import type { Server } from './server.js'
import { show } from './show.js'

/**
 * Refuses a request for a host that is none of this Verifier's, and lets all others pass.
 *
 * Without this check, a web page whose name resolves to this machine could read what the Verifier
 * answers (DNS rebinding).
 */
export function refuseOtherHosts(server: Server, request: Request): Response | undefined {
  const host = request.headers.get('host') ?? ''
  if (servesHost(server, host)) return undefined
  const { hostname } = new URL(server.settings.issuer)
  const cause = `Expected the header Host to name localhost, a loopback address or ${hostname}; found ${show(host)}. Set the option issuer to the address under which clients reach this Verifier.`
  // 421 of RFC 9110 §15.5.20: the request reached a server that does not answer for this host.
  const refused = refuse(server, new Refusal('misdirected-request', cause))
  return new Response(`${cause}\n`, refused)
}

function servesHost({ settings }: Server, host: string): boolean {
  const name = nameOf(host)
  const own = [nameOf(new URL(settings.issuer).host), settings.host]
  if (isLoopback(name) || name.endsWith('.localhost') || own.includes(name)) return true
  return settings.issuerFromRequest && own.some((parent) => name.endsWith(`.${parent}`))
}

/** A host without its port, in the spelling of URLs, and without the final dot of a full name. */
function nameOf(host: string): string {
  return new URL(`http://${host}`).hostname.replace(/\.$/, '')
}
