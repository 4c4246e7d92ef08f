// Run with --expose-gc in a process of its own: what the token cache costs, and that it stays
// within its bounds.
import { createResourceServer } from '@verifier-guard/core'
import { AUDIENCE, createIssuer } from './tokens.mjs'

const CACHED = 5_000
const DISTINCT = 100_000

const { issuer, mint } = await createIssuer('ES256', '1.8 kB')
const start = () =>
  createResourceServer({
    issuer,
    audience: AUDIENCE,
    profile: 'eudistack',
    kinds: ['machine'],
    cache: { maxEntries: CACHED },
  })

/** Known callers: each comes twice, since a token is remembered from its second request on. */
const TWICE = 2
/** The third request is the first that gets the context which is remembered. */
const THREE_TIMES = 3

/** Tokens come as bytes and go with their request: only what the server remembers stays. */
async function present(server, count, times = 1, handle = () => {}) {
  let left = count
  const lane = async () => {
    while (left-- > 0) {
      const bytes = mint()
      for (let time = 0; time < times; time += 1)
        handle(await server.verifyAccessToken(bytes.toString('latin1')))
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

function held() {
  for (let pass = 0; pass < 5; pass += 1) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

// Everything is compiled and warm before it counts.
const rehearsal = start()
await present(rehearsal, 1_000, TWICE)
rehearsal.close()

const server = start()
await server.ready()
const empty = held()
await present(server, CACHED, TWICE)
const full = held()
const readings = []
for (let shown = CACHED; shown < DISTINCT; shown += 19_000) {
  await present(server, 19_000, TWICE)
  readings.push(held())
}
server.close()
const reader = start()
await reader.ready()
const unread = held()
await present(reader, CACHED, THREE_TIMES, ({ claims }) => claims)
const read = held()
reader.close()
const result = {
  characters: mint().length,
  bytesPerCachedToken: (full - empty) / CACHED,
  bytesOnceRead: (read - unread) / CACHED,
  distinctTokens: DISTINCT,
  growthAfterFull: readings.map((reading) => (reading - full) / (full - empty)),
}
process.send?.(result) ?? console.log(result)
process.exitCode = 0
process.disconnect?.()
