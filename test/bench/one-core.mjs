// What a new token costs where there is one core for everything, as in most containers.
import { withoutFrameworks } from './in-process.mjs'

const rounds = Number(process.argv[2])
const results = []
for (const algorithm of ['ES256', 'RS256'])
  results.push(...(await withoutFrameworks(algorithm, '1.8 kB', rounds)))
process.send(results)
process.disconnect()
