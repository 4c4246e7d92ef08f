import {
  createTokenSource,
  type TokenSource,
  type TokenSourceListeners,
} from '@verifier-guard/client'
import type { IssuedCredential } from '@verifier-guard/dev-verifier'
import type { Express } from 'express'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOrders } from './orders.js'
import { createShop } from './shop.js'
import { close, startVerifier } from './verifier.js'

const CALLS = 40

/**
 * Two services and a Verifier that restarts between their calls.
 *
 * @param line prints one line of the transcript.
 * @returns how many calls were made, and how many of them the caller saw fail.
 */
export async function runScenario(
  line: (text: string) => void,
): Promise<{ calls: number; failures: number }> {
  const { issuer, verifier, stop, startAgain } = await startVerifier()
  const machine = verifier.issueMachineCredential({
    powers: [{ type: 'domain', domain: 'DOME', function: 'Orders', action: 'Read' }],
  })
  const orders = await serve(createOrders(issuer))
  const tell: TokenSourceListeners = {
    tokenObtained: () => line('  event: tokenObtained'),
    tokenRequestFailed: ({ error }) => line(`  event: tokenRequestFailed, ${error.code}`),
    tokenDropped: () => line('  event: tokenDropped'),
  }
  const first = connect(issuer, machine, orders.url, tell)
  const shop = await serve(createShop(first, orders.url))
  line(`Verifier on ${issuer}, orders on ${orders.url}, shop on ${shop.url}`)

  const total = { calls: 0, failures: 0 }
  const callShop = async (situation: string, url = shop.url) => {
    const statuses = await Promise.all(
      Array.from({ length: CALLS }, async () => (await fetch(`${url}/summary`)).status),
    )
    const failures = statuses.filter((status) => status !== 200).length
    total.calls += CALLS
    total.failures += failures
    line(`${situation}: ${CALLS} calls of the shop, ${failures} failed`)
  }

  await callShop('The Verifier is up')
  await stop()
  await callShop('The Verifier is away')
  await startAgain()
  await callShop('The Verifier is back, with another signing key')

  line(
    'A second shop starts; its token makes the orders service fetch the new key and stop using the old one',
  )
  const second = connect(issuer, machine, orders.url, tell)
  const secondShop = await serve(createShop(second, orders.url))
  await callShop('Second shop', secondShop.url)
  await callShop('First shop, whose token the old key has signed')
  line(`${total.calls} calls, ${total.failures} failed`)

  for (const tokens of [first, second]) tokens.close()
  for (const { server } of [orders, shop, secondShop]) await close(server)
  await stop()
  return total
}

function connect(
  verifier: string,
  { credential, privateKey }: IssuedCredential,
  orders: string,
  events: TokenSourceListeners,
): TokenSource {
  return createTokenSource({
    verifier,
    credential,
    privateKey: privateKey.hex,
    allowedOrigins: [orders],
    events,
  })
}

async function serve(app: Express): Promise<{ url: string; server: Server }> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
