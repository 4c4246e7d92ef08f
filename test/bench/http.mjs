import { once } from 'node:events'
import { connect } from 'node:net'
import { aside, forkPinned } from './cores.mjs'
import { summary } from './measure.mjs'
import { createIssuer } from './tokens.mjs'

const GUARDS = ['none', 'verifier-guard', 'express-oauth2-jwt-bearer', 'express-jwt + jwks-rsa']
/** Those that are middleware, and what applications put around the others by hand. */
const VERIFIERS = [...GUARDS, 'floor', 'jose', 'aws-jwt-verify', 'fast-jwt']
const CALLERS = 200
const CONNECTIONS = 8
/** Express and a guard are settled after some 20,000 requests: the compiler goes on until then. */
const WARM_UP = 8
/** Each server starts so often: what the compiler makes of it differs from process to process. */
const STARTS = 3
/** The difference between two servers is noisier than a ratio within one process. */
const FEWEST_ROUNDS = 9

/**
 * What each guard costs behind Express, in its process' CPU time for each request: the application
 * with the guard less the one without, round by round. The servers share one core, the requests
 * come from another.
 */
export function overHttp(rounds) {
  return aside(async () => {
    const issuer = await createIssuer('ES256', '1.8 kB')
    const callers = (await issuer.mintAll(CALLERS)).map(asRequest)
    const known = Array.from({ length: 6_000 }, (_, n) => callers[n % CALLERS])
    const results = {
      rounds: roundsOf(rounds),
      known: await compare(GUARDS, issuer, rounds, () => known),
      fresh: await compare(VERIFIERS, issuer, rounds, async () =>
        (await issuer.mintAll(3_000)).map(asRequest),
      ),
    }
    issuer.close()
    return results
  })
}

const asRequest = (token) =>
  `GET / HTTP/1.1\r\nHost: orders.example.org\r\nAuthorization: Bearer ${token}\r\n\r\n`

async function compare(names, { issuer, algorithm, jwk }, rounds, requestsOf) {
  const samples = await behindExpress(names, { issuer, algorithm, jwk }, rounds, requestsOf)
  const bare = samples.get('none')
  return names.map((name) => ({
    contestant: name,
    microseconds: summary(samples.get(name)),
    guard: summary(samples.get(name).map((used, round) => used - bare[round])),
  }))
}

/** How many rounds are counted where so many are asked for. */
export const roundsOf = (rounds) => STARTS * ofEachStart(rounds)
const ofEachStart = (rounds) => Math.ceil(Math.max(rounds, FEWEST_ROUNDS) / STARTS)

/**
 * The CPU time of a request in microseconds, by contestant and round.
 *
 * @param start what a server is told beside its name
 * @param requestsOf what every server of a round is sent
 */
export async function behindExpress(names, start, rounds, requestsOf) {
  const samples = new Map(names.map((name) => [name, []]))
  for (let count = 0; count < STARTS; count += 1)
    await runServers(samples, start, ofEachStart(rounds), requestsOf)
  return samples
}

async function runServers(samples, start, rounds, requestsOf) {
  const servers = await Promise.all(
    [...samples.keys()].map((name) => startServer({ name, ...start })),
  )
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const requests = await requestsOf()
    for (const server of servers) {
      const before = await server.usage()
      await load(server.port, requests)
      const used = (await server.usage()) - before
      if (round >= 0) samples.get(server.name).push(used / requests.length)
    }
  }
  for (const { child } of servers) child.kill()
}

async function startServer(start) {
  const child = forkPinned('http-server.mjs')
  child.send({ start })
  const [{ port }] = await once(child, 'message')
  const usage = async () => {
    child.send({ usage: true })
    const [{ usage }] = await once(child, 'message')
    return usage.user + usage.system
  }
  return { name: start.name, child, port, usage }
}

/** Sends requests over a few connections, each the next as soon as the last is answered. */
async function load(port, requests) {
  const lanes = Array.from({ length: CONNECTIONS }, (_, lane) =>
    requests.filter((_, n) => n % CONNECTIONS === lane),
  )
  await Promise.all(lanes.map((lane) => converse(port, lane)))
}

function converse(port, requests) {
  return new Promise((resolve, reject) => {
    let sent = 0
    const socket = connect(port, '127.0.0.1')
    const next = () => {
      if (sent === requests.length) return socket.end(resolve)
      socket.write(requests[sent++])
    }
    socket.on('connect', next).on('error', reject)
    socket.on('data', (answer) => {
      if (!answer.toString('latin1').startsWith('HTTP/1.1 200'))
        return reject(new Error(answer.toString('latin1')))
      next()
    })
  })
}
