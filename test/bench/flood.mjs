// A flood of invented key ids, and what it does to good callers, to the Verifier and to a genuine
// new key: `node test/bench/flood.mjs [invented ids a second]`.
import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
import { createResourceServer } from '@verifier-guard/core'

const RATE = Number(process.argv[2] ?? 1_000)
const GOOD = 200
const SECONDS = 10
/** How long the Verifier takes for its key set, in milliseconds. */
const LATENCY = 50
const TICK = 10
const AUDIENCE = 'https://orders.example.org'

function createKey(kid) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } }
}

const published = [createKey('first')]
let fetches = 0
const verifier = createServer((_, response) => {
  fetches += 1
  const body = JSON.stringify({ keys: published.map(({ jwk }) => jwk) })
  setTimeout(() => response.end(body), LATENCY)
})
await new Promise((resolve) => verifier.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${verifier.address().port}`

const server = createResourceServer({
  issuer,
  audience: AUDIENCE,
  profile: 'rfc9068',
  jwksUri: `${issuer}/jwks`,
  events: { denied() {} },
})

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
let minted = 0
function mint(kid, { privateKey } = published[0]) {
  const iat = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'a',
    client_id: 'a',
    iat,
    exp: iat + 600,
    jti: `${minted++}`,
  }
  const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode(claims)}`
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** What became of a token, and after how many milliseconds. */
async function present(token) {
  const start = performance.now()
  const answer = await server.verifyAccessToken(token).then(
    () => 200,
    ({ status }) => status,
  )
  return { answer, waited: performance.now() - start }
}

/** Presents so many tokens a second, at an even pace. */
async function stream(rate, seconds, next) {
  const outcomes = []
  const start = performance.now()
  while (performance.now() - start < seconds * 1_000) {
    const due = ((performance.now() - start) / 1_000) * rate
    while (outcomes.length < due) outcomes.push(present(next()))
    await new Promise((resolve) => setTimeout(resolve, TICK))
  }
  return Promise.all(outcomes)
}

function describe(outcomes) {
  const waits = outcomes.map(({ waited }) => waited).sort((a, b) => a - b)
  const at = (share) => Number(waits[Math.ceil(share * waits.length) - 1].toFixed(1))
  const answers = {}
  for (const { answer } of outcomes) answers[answer] = (answers[answer] ?? 0) + 1
  return { answers, p50: at(0.5), p99: at(0.99), max: at(1) }
}

await server.ready()
const remembered = mint('first')
const invented = mint('invented')
const forge = () =>
  invented.replace(/^[^.]+/, encode({ alg: 'ES256', typ: 'at+jwt', kid: `k${minted++}` }))
const good = () => stream(GOOD, SECONDS, () => remembered)
await good()
const before = describe(await good())

fetches = 0
const flood = stream(RATE, SECONDS, forge)
const during = good()
await new Promise((resolve) => setTimeout(resolve, (SECONDS / 2) * 1_000))
published.push(createKey('second'))
const genuine = await present(mint('second', published[1]))
console.log(
  JSON.stringify(
    {
      inventedPerSecond: RATE,
      goodCallersBefore: before,
      goodCallersDuring: describe(await during),
      invented: describe(await flood),
      genuineNewKey: genuine,
      fetchesPerSecond: fetches / SECONDS,
    },
    null,
    2,
  ),
)
server.close()
verifier.close()
verifier.closeAllConnections()
