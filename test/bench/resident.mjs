// What a process holds after many distinct tokens: `node resident.mjs <contestant>`.
import { contestants } from './contestants.mjs'
import { createIssuer } from './tokens.mjs'

const DISTINCT = 50_000

const issuer = await createIssuer('ES256', '1.8 kB')
const run = contestants[process.argv[2]].make(issuer)
let left = DISTINCT
const lane = async () => {
  while (left-- > 0) await run(issuer.mint().toString('latin1'))
}
await Promise.all(Array.from({ length: 16 }, lane))
process.send({ distinct: DISTINCT, bytes: process.memoryUsage.rss() })
process.disconnect()
issuer.close()
