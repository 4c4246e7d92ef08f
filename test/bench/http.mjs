import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { summary } from './measure.mjs'
import { createIssuer } from './tokens.mjs'

const NAMES = ['none', 'verifier-guard', 'express-oauth2-jwt-bearer', 'express-jwt + jwks-rsa']
const CALLERS = 200
const REQUESTS = 6_000
const CONNECTIONS = 8

/**
 * What each guard costs behind Express, in its process' CPU time for each request of a known
 * caller: the application with the guard less the one without, round by round.
 */
export async function overHttp(rounds) {
  const { issuer, algorithm, mint, close } = await createIssuer('ES256', '1.8 kB')
  const requests = Array.from(
    { length: CALLERS },
    () => `GET / HTTP/1.1\r\nHost: orders.example.org\r\nAuthorization: Bearer ${mint()}\r\n\r\n`,
  )
  const servers = await Promise.all(NAMES.map((name) => startServer({ name, issuer, algorithm })))
  const samples = new Map(NAMES.map((name) => [name, []]))
  for (let round = -3; round < rounds; round += 1) {
    for (const server of servers) {
      const before = await server.usage()
      await load(server.port, requests)
      const used = (await server.usage()) - before
      if (round >= 0) samples.get(server.name).push(used / REQUESTS)
    }
  }
  for (const { child } of servers) child.kill()
  close()
  const bare = samples.get('none')
  return NAMES.map((name) => ({
    contestant: name,
    microseconds: summary(samples.get(name)),
    guard: summary(samples.get(name).map((used, round) => used - bare[round])),
  }))
}

async function startServer(start) {
  const child = fork(fileURLToPath(new URL('http-server.mjs', import.meta.url)))
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
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, lane) => converse(port, requests, lane)),
  )
}

function converse(port, requests, lane) {
  return new Promise((resolve, reject) => {
    let sent = 0
    const socket = connect(port, '127.0.0.1')
    const next = () => {
      if (sent === REQUESTS / CONNECTIONS) return socket.end(resolve)
      socket.write(requests[(lane + CONNECTIONS * sent++) % requests.length])
    }
    socket.on('connect', next).on('error', reject)
    socket.on('data', (answer) => {
      if (!answer.toString('latin1').startsWith('HTTP/1.1 200'))
        return reject(new Error(answer.toString('latin1')))
      next()
    })
  })
}
