import { startDevVerifier } from '@verifier-guard/dev-verifier'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOrders } from './orders.js'
import { connect } from './shop.js'
import { thefts } from './thief.js'

/**
 * A shop calls the orders API with a bound token, and a thief tries to use it.
 *
 * @param line prints one line of the transcript.
 */
export async function runScenario(line: (text: string) => void): Promise<void> {
  const verifier = await startDevVerifier({ profile: 'oauth', demandNonces: true })
  const { url, server } = await serveOrders(verifier.issuer)
  const { did, privateKey } = verifier.issueMachineCredential()
  const tokens = connect({
    authorizationServer: verifier.issuer,
    clientId: did,
    privateKey: privateKey.hex,
    orders: url,
  })
  const target = `${url}/orders`

  const response = await tokens.fetch(target)
  line(`The shop: ${response.status} ${JSON.stringify(await response.json())}`)

  const fields = await tokens.authorize({ url: target })
  const seen = await fetch(target, { headers: { ...fields } })
  line(`A request of the shop that a thief reads: ${seen.status}`)
  for (const [name, headers] of Object.entries(thefts(fields, target, verifier))) {
    const { status } = await fetch(target, { headers })
    line(`The thief, ${name}: ${status}`)
  }

  tokens.close()
  server.close()
  server.closeAllConnections()
  await verifier.close()
}

/** The API states its own address, so the port has to be known first. */
async function serveOrders(issuer: string): Promise<{ url: string; server: Server }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const secret = randomBytes(32).toString('base64url')
  server.on('request', createOrders(issuer, url, secret))
  return { url, server }
}
