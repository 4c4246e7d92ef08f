import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { timingOf } from '../src/timing.js'

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8')
const tenths = (milliseconds: number) => Math.round(milliseconds / 100) / 10

/** A row of the README for a life in seconds. */
function rowOf(life: number): readonly [string, string, string] {
  const [latest, earliest] = [0, 1].map((chance) =>
    tenths(life * 1_000 - timingOf(life * 1_000, chance).renewAfter),
  )
  const unused = tenths(life * 1_000 - timingOf(life * 1_000, 0).usableFor)
  return [`${life.toLocaleString('en')} s`, `${latest} to ${earliest} s`, `${unused} s`]
}

it('the README says how long a token is used', () => {
  const rows = [...readme.matchAll(/^\| ([\d,]+ s) +\| (.+? s) +\| (.+? s) +\|$/gm)]
  expect(rows.map(([, ...cells]) => cells)).toEqual([3_600, 900, 300, 60, 20].map(rowOf))
})
