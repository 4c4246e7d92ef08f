import { createDevVerifier } from '@verifier-guard/dev-verifier'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientRuntime, createTokenSource } from '../../src/index.js'

const WARM_CALLS = 1_000_000
const CALLERS = 10_000
const PAIRS = 10_000

/** Measures what a token source costs its callers, and prints one line for each figure. */
export async function measure(print: (line: string) => void): Promise<void> {
  let offset = 0
  const now = () => Date.now() + offset
  const monotonic = () => performance.now() + offset
  const verifier = createDevVerifier({ runtime: { now } })
  const { credential, privateKey } = verifier.issueMachineCredential()
  const { server, origin } = await startApi()
  const tokens = createTokenSource({
    verifier: verifier.issuer,
    credential,
    privateKey: privateKey.hex,
    allowedOrigins: [origin],
    runtime: { ...clientRuntime, now, monotonic, fetch: routed(verifier.fetch, verifier.issuer) },
  })

  await tokens.ready()
  print(
    `getToken() on a warm source: ${(await timeOfWarmCall(tokens.getToken)).toFixed(3)} µs a call`,
  )

  offset = 3_600_000
  const requests = verifier.requests.token
  const start = performance.now()
  await Promise.all(Array.from({ length: CALLERS }, () => tokens.getToken()))
  const elapsed = performance.now() - start
  print(
    `${CALLERS} concurrent callers across an expiry: ${verifier.requests.token - requests} token request, ${elapsed.toFixed(1)} ms for all`,
  )

  const token = await tokens.getToken()
  const plain = () => fetch(origin, { headers: { authorization: `Bearer ${token}` } })
  for (const [name, call] of [
    ['tokens.fetch', () => tokens.fetch(origin)],
    ['fetch', plain],
  ] as const) {
    const [base, time] = await compare(plain, call)
    const percent = ((time / base - 1) * 100).toFixed(1)
    print(
      `${name} over fetch: ${percent} % (medians ${base.toFixed(1)} and ${time.toFixed(1)} µs of ${PAIRS} pairs)`,
    )
  }
  tokens.close()
  server.close()
  server.closeAllConnections()
}

/** Requests to the Verifier stay in the process. */
function routed(toVerifier: typeof fetch, issuer: string): typeof clientRuntime.fetch {
  return (url, init) => (url.startsWith(issuer) ? toVerifier : fetch)(url, init)
}

async function timeOfWarmCall(getToken: () => Promise<string>): Promise<number> {
  for (let call = 0; call < WARM_CALLS / 10; call++) await getToken()
  const start = performance.now()
  for (let call = 0; call < WARM_CALLS; call++) await getToken()
  return ((performance.now() - start) * 1000) / WARM_CALLS
}

/**
 * Call by call in turns, so that a busy machine slows both alike; the medians leave its hiccups
 * out.
 */
async function compare(
  one: () => Promise<Response>,
  other: () => Promise<Response>,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []]
  for (let pair = -1000; pair < PAIRS; pair++) {
    const pairTimes: [number, number] =
      pair % 2
        ? [await timeOf(one), await timeOf(other)]
        : swap(await timeOf(other), await timeOf(one))
    if (pair >= 0) times.forEach((list, at) => list.push(pairTimes[at] ?? NaN))
  }
  return [median(times[0]), median(times[1])]
}

const swap = (first: number, second: number): [number, number] => [second, first]

async function timeOf(call: () => Promise<Response>): Promise<number> {
  const start = performance.now()
  await (await call()).text()
  return (performance.now() - start) * 1000
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

async function startApi() {
  const server = createServer((_, response) => response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
