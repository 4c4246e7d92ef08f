/*
 * One of several processes that race for the same keys: says which it won. Waits for a line on
 * standard input, so that all begin together.
 */
import { once } from 'node:events'
import { STORES } from './clients.js'

const [, , name = '', socket = '', count = '0'] = process.argv
const { store, close } = await STORES[name]!(socket)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const keys = Array.from({ length: Number(count) }, (_, index) => `race-${index}`)
const won: number[] = []
for (let start = 0; start < keys.length; start += 100) {
  const some = keys.slice(start, start + 100)
  const answers = await Promise.all(some.map(async (key) => store.add(key, 60)))
  answers.forEach((answer, index) => answer === 'added' && won.push(start + index))
}
process.stdout.write(`${JSON.stringify(won)}\n`)
await close()
process.exit()
