import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './snippets.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Report {
  overview(results: object): string
}
const report = () => import(join(root, 'test/bench/report.mjs')) as Promise<Report>
const results = () => JSON.parse(read('test/bench/results.json')) as object

test('the table says what a machine could not measure', async () => {
  const { overview } = await report()
  const lines = overview({ ...results(), oneCore: undefined }).split('\n')
  const rows = lines.filter((line) => line.startsWith('| ')).slice(2)
  expect(rows.filter((row) => !row.includes('left out'))).toEqual([])
})

test('every contestant takes a good token, and refuses a changed one', () => {
  const script = join(root, 'test/bench/every-contestant.mjs')
  const said = JSON.parse(execFileSync('node', [script], { encoding: 'utf8' })) as object
  expect(Object.keys(said).length).toBeGreaterThan(10)
  for (const answers of Object.values(said)) expect(answers).toEqual(['takes it', 'refuses it'])
})
